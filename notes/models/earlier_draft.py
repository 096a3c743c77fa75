from __future__ import annotations

from uuid import UUID

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.encryption import EncryptedTextField
from accounts.models import User
from clients import access
from clients.models import ClientRow
from database.functions import call
from database.ids import uuid7
from notes.models.note import ProgressNote

audit.verb("note taken over", audit.Sort.WROTE, _("Took over a draft note"))


class EarlierDraftQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Users who may write for the client."""
        return self.filter(access.rows_held_by(user, access.WRITES))


class EarlierDraft(ClientRow):
    """A colleague's unsigned note as they left it when someone else continued it.

    Append-only: its text stays under their name, whatever becomes of the note.
    """

    seal_as = "earlier_draft"
    retention = "record"
    not_exported = "drafts are in no copy"
    frozen = "__all__"

    note = models.ForeignKey(
        ProgressNote, models.PROTECT, related_name="earlier", db_constraint=False
    )
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    format = models.CharField(max_length=4, choices=ProgressNote.Format.choices)
    body = EncryptedTextField(blank=True)
    saved_at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = EarlierDraftQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["note", "at"], name="earlier_draft_by_note")]

    @classmethod
    @transaction.atomic
    def take_over(cls, note: ProgressNote, *, by: User, anew: bool = False) -> bool:
        """Store the author's text, and make the user the author of the unsigned `note`.

        `anew`: start with an empty note. False if its author may still write, or
        someone else took it over first.
        """
        if note.signed_at or note.author_id == by.pk or not author_is_gone(note):
            return False
        if not _make_theirs(note, anew, copy=uuid7()):
            return False  # the author's role or the note changed
        audit.record("note taken over", about=note)
        if anew:
            note.keep("", note.format, by=by, base=note.revision + 1)
        return True

    @property
    def copied_from(self) -> tuple[str, UUID]:
        """The text was encrypted for the row that it is copied from."""
        return ProgressNote.seal_as, self.note_id


def author_is_gone(note: ProgressNote) -> bool:
    """Whether the author of this unsigned note can no longer write for the client."""
    author = note.author
    if not (author.is_active and author.is_therapist):
        return True
    rows = ProgressNote.objects.filter(access.may_write(author.pk), pk=note.pk)
    return not rows.exists()


def _make_theirs(note: ProgressNote, anew: bool, *, copy: UUID) -> bool:
    """By a database function, which checks again and keeps the draft as it is."""
    values = (note.pk, note.author_id, note.revision, anew, copy)
    return call("take_over_note", *values)
