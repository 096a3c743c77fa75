from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from accounts.encryption import EncryptedTextField
from accounts.models import User
from clients import access
from clients.models.row import ClientRow


class DraftQuerySet(models.QuerySet):
    def visible_to(self, user):
        """A draft is visible to its author only."""
        return self.filter(access.rows_editable_by(user), author=user)


class Draft(ClientRow):
    """An unfinished long form, stored until it is saved."""

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


MOST = 64 * 1024  # bytes of a draft
KEPT_FOR = timedelta(days=30)  # after its last change


def keep(user: User, client, kind: str, target, body: str, base: int) -> Draft | None:
    """Save over revision `base`; None if another tab has saved since."""
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
    """Save over any existing draft."""
    rows = Draft.objects.visible_to(user).filter(client=client, kind=kind)
    before = rows.filter(target=target).first()
    keep(user, client, kind, target, body, before.revision if before else 0)


SWEEP = """
DELETE FROM clients_draft WHERE saved_at < clock_timestamp() - %s
"""


def sweep() -> int:
    """Delete drafts unchanged for 30 days; return how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SWEEP, [KEPT_FOR])
        return cursor.rowcount
