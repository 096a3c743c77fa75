from __future__ import annotations

from uuid import UUID

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import audit, row_limits
from accounts.encryption import EncryptedTextField
from accounts.models import User
from clients import access
from clients.models import ClientRow, ClientRowQuerySet, Correction
from notes.models.note import ProgressNote

audit.verb("note added to", audit.Sort.SIGNED, _("Added to a signed note"))

MOST = 100  # to one note
FULL = _(
    "This note already has %(most)d additions, the maximum. Write the rest in "
    "another session’s note."
)


class NoteAdditionQuerySet(ClientRowQuerySet):
    def visible_to(self, user):
        """The care team reads all; the client those of notes they can read."""
        rows = super().visible_to(user)
        return rows.shared() if access.reach(user).own else rows

    def shared(self):
        """Those of signed notes that are not withheld."""
        return self.filter(note__in=ProgressNote.objects.shared())


class NoteAddition(ClientRow):
    """An addition to a signed note, which itself never changes.

    Append-only, like the note. `correction` is the client's request that it answers.
    """

    retention = "record"
    frozen = "__all__"

    class Kind(models.TextChoices):
        ADDENDUM = "addendum", _("Addendum")
        LATE_ENTRY = "late_entry", _("Late entry")
        CORRECTION = "correction", _("Correction")

    seal_as = "note_addition"

    note = models.ForeignKey(
        ProgressNote, models.PROTECT, related_name="additions", db_constraint=False
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    text = EncryptedTextField(_("text"))
    reason = EncryptedTextField(_("reason"), blank=True)
    correction = models.ForeignKey(
        Correction,
        models.PROTECT,
        null=True,
        related_name="additions",
        db_constraint=False,
    )

    objects = NoteAdditionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["addendum", "late_entry", "correction"]),
                name="note_addition_kind",
            ),
        ]
        indexes = [models.Index(fields=["note", "at"], name="addition_by_note")]

    @classmethod
    @transaction.atomic
    def add(
        cls,
        note: ProgressNote,
        *,
        kind: str,
        text: str,
        reason: str = "",
        by: User,
        correction: Correction | None = None,
        key: UUID | None = None,
    ) -> NoteAddition:
        """Sign an addition to the signed `note`; with `key`, at most once."""
        row_limits.require_room(cls.objects.filter(note=note), MOST, FULL)
        addition = cls(
            practice_id=note.practice_id,
            client_id=note.client_id,
            note=note,
            kind=kind,
            by=by,
            text=text,
            reason=reason,
            correction=correction,
        )
        addition.pk = key or addition.pk
        addition.save(force_insert=True)
        audit.record("note added to", about=addition)
        return addition

    @property
    def stated_reason(self) -> str:
        """The reason given, or that the client requested it."""
        if self.reason or self.correction_id is None:
            return self.reason
        return gettext("Requested by the client.")
