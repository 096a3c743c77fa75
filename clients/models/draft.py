from __future__ import annotations

import hashlib

from django.db import models
from django.utils import timezone

from accounts.encryption import EncryptedTextField
from accounts.models import User
from clients import access
from clients.models.row import ClientRow

PART = "\x1e"  # the record separator of ASCII stands between the parts of a text


class DraftQuerySet(models.QuerySet):
    def visible_to(self, user):
        """A draft is nobody's but its author's."""
        return self.filter(access.rows_editable_by(user), author=user)


class Draft(ClientRow):
    """A long form in the making, kept until the save that uses it."""

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


def digest(text: str) -> str:
    """SHA-256 of what was typed, so that "saved" can be checked by who typed it."""
    return hashlib.sha256(text.encode()).hexdigest()


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
            client=client,
            author=user,
            kind=kind,
            target=target,
        )
        draft.body, draft.revision = body, 1
        draft.save(force_insert=True)
        return draft
    sealed = Draft._meta.get_field("body").seal(draft, body)
    kept = mine.filter(pk=draft.pk, revision=base).update(
        body=sealed, revision=base + 1, saved_at=timezone.now()
    )
    if not kept:
        return None
    draft.body, draft.revision = body, base + 1
    return draft
