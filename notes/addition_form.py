"""The form that adds to a signed note, and its draft."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clients import drafts
from goals.forms import few_words, line
from notes.models import NoteAddition, ProgressNote
from ui.forms import HouseForm, PickField

Kind = NoteAddition.Kind
LONGEST = 10_000  # characters
KINDS = [
    (
        Kind.ADDENDUM,
        Kind.ADDENDUM.label,
        gettext_lazy("Something new that belongs in this note"),
    ),
    (
        Kind.LATE_ENTRY,
        Kind.LATE_ENTRY.label,
        gettext_lazy("It happened that day but is only written down now"),
    ),
    (
        Kind.CORRECTION,
        Kind.CORRECTION.label,
        gettext_lazy("Something in the note is wrong"),
    ),
]


def _signed_notes(user):
    return ProgressNote.objects.editable_by(user).exclude(signed_at=None)


@drafts.drafted(_signed_notes)
class AdditionForm(HouseForm):
    has_once = True
    kind_of_addition = PickField(
        label=gettext_lazy("Kind"), choices=KINDS, initial=Kind.ADDENDUM
    )
    text = few_words(
        gettext_lazy("What to add"),
        rows=5,
        required=True,
        most=LONGEST,
        error_messages={"required": gettext_lazy("Write what to add.")},
    )
    reason = line(
        gettext_lazy("Reason"),
        most=500,
        help_text=gettext_lazy(
            "Optional only for an addendum. It is shown with the note."
        ),
    )
    kind = "addition"  # of its draft
    typed = ("kind_of_addition", "text", "reason")

    def __init__(self, *args, note: ProgressNote, **kwargs):
        self.note, self.client, self.target = note, note.client, note.pk
        super().__init__(*args, **kwargs)
        self.fields["reason"].one_of_two = True  # required for two of the three kinds

    def clean(self):
        said = super().clean()
        needs_reason = said.get("kind_of_addition") != Kind.ADDENDUM
        if needs_reason and not said.get("reason") and "reason" not in self.errors:
            self.add_error(
                "reason", _("Enter a reason for a late entry or a correction.")
            )
        return said

    def save(self, *, by: User) -> bool:
        return self.written(self._save, by)

    def _save(self, by: User) -> NoteAddition:
        said = self.cleaned_data
        typed = tuple(said[name] for name in self.typed)
        twice = self.kept_before(
            NoteAddition.objects.visible_to(by),
            lambda row: (row.kind, row.text, row.reason) == typed,
        )
        if twice:
            return twice
        addition = NoteAddition.add(
            self.note,
            kind=said["kind_of_addition"],
            text=said["text"],
            reason=said["reason"],
            by=by,
            key=said["once"],
        )
        drafts.used(self, by)
        return addition
