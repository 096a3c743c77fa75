from __future__ import annotations

import hashlib
import json
from datetime import timedelta

from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from accounts.encryption import EncryptedTextField
from accounts.models import User
from clients import access
from clients.models.row import ClientRow

PART = "\x1e"  # the record separator of ASCII stands between the parts of a text
NAMED = "\x1f"  # and the unit separator between a field's name and its text


class DraftQuerySet(models.QuerySet):
    def visible_to(self, user):
        """A draft is nobody's but its author's."""
        return self.filter(access.rows_editable_by(user), author=user)


class Draft(ClientRow):
    """A long form in the making, kept until the save that uses it."""

    seal_as = "draft"
    retention = "transient"
    retention_days = 30
    not_exported = "drafts are their author’s alone"
    frozen = {"author", "kind", "target"}

    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=30)
    target = models.UUIDField()
    body = EncryptedTextField(blank=True)
    revision = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(default=timezone.now)

    objects = DraftQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["author", "client", "kind", "target"], name="draft_one_per_form"
            ),
        ]
        indexes = [models.Index(fields=["saved_at"], name="draft_by_age")]


WORKINGS = {"csrfmiddlewaretoken", "once", "revision", "seen", "act"}
MOST = 64 * 1024  # bytes of a draft
KEPT_FOR = timedelta(days=30)  # after its last change


def typed_in(post) -> list[tuple[str, str]]:
    """What a page sent, field by field in its order; a line ends with LF alone.

    `post` is a QueryDict.  A field may come several times (checkboxes, lists).
    """
    return [
        (name, text.replace("\r\n", "\n").replace("\r", "\n"))
        for name, texts in post.lists()
        if name not in WORKINGS
        for text in texts
    ]


def proof(typed: list[tuple[str, str]]) -> str:
    """SHA-256 of what was typed, so that the page can check what "saved" means."""
    text = PART.join(NAMED.join(pair) for pair in typed)
    return hashlib.sha256(text.encode()).hexdigest()


def packed(typed: list[tuple[str, str]]) -> str:
    """The body of a draft: JSON of field name to its texts."""
    fields: dict[str, list[str]] = {}
    for name, text in typed:
        fields.setdefault(name, []).append(text)
    return json.dumps(fields, ensure_ascii=False)


def unpacked(body: str) -> dict[str, list[str]]:
    """The reverse of `packed`; nothing for a body that cannot be read."""
    try:
        fields = json.loads(body)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def revision_of(said: str | None) -> int:
    """The revision that a page began with; 0 for none, and for nonsense."""
    return int(said) if said and said.isdecimal() and len(said) < 10 else 0


def keep(user: User, client, kind: str, target, body: str, base: int) -> Draft | None:
    """Save a draft over revision `base`; None where another tab saved since."""
    mine = Draft.objects.visible_to(user).filter(
        client=client, kind=kind, target=target
    )
    draft = mine.first()
    if draft is None:
        draft = Draft(
            practice_id=client.practice_id,
            client_id=client.pk,
            author=user,
            kind=kind,
            target=target,
        )
        draft.body, draft.revision = body, 1
        try:
            with transaction.atomic():
                draft.save(force_insert=True)
        except IntegrityError:  # two tabs began at once
            return None
        return draft
    sealed = Draft._meta.get_field("body").seal(draft, body)
    kept = mine.filter(pk=draft.pk, revision=base).update(
        body=sealed, revision=base + 1, saved_at=timezone.now()
    )
    if not kept:
        return None
    draft.body, draft.revision = body, base + 1
    return draft


def replace(user: User, client, kind: str, target, body: str) -> None:
    """Save a draft over whatever was there."""
    rows = Draft.objects.visible_to(user).filter(client=client, kind=kind)
    before = rows.filter(target=target).first()
    keep(user, client, kind, target, body, before.revision if before else 0)


SWEEP = """
DELETE FROM clients_draft WHERE saved_at < clock_timestamp() - %s
"""


def sweep() -> int:
    """Delete drafts that nobody changed for 30 days; how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SWEEP, [KEPT_FOR])
        return cursor.rowcount
