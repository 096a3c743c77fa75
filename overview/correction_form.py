"""Answer a client's correction request, and add it to the note it is about."""

from __future__ import annotations

from django import forms
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clients.models import Correction
from clients.remark_forms import AnswerForm
from goals.forms import few_words
from notes.addition_form import LONGEST
from notes.models import NoteAddition, ProgressNote
from ui import dates


class SignedNoteField(forms.ModelChoiceField):
    """One of a client's signed notes, by the time of its session."""

    def label_from_instance(self, note):
        at = timezone.localtime(note.session.starts_at)
        if note.session.from_list:
            return dates.weekday_with_year(at)
        return dates.moment_with_year(at)


class CorrectionAnswerForm(AnswerForm):
    note = SignedNoteField(
        label=gettext_lazy("Add a correction to the note of"),
        queryset=ProgressNote.objects.none(),
        required=False,
        empty_label=gettext_lazy("No note"),
    )
    text = few_words(
        gettext_lazy("Correction"),
        help_text=gettext_lazy("Shown below the note, with today’s date and your name"),
        rows=3,
        most=LONGEST,
    )

    def __init__(self, *args, correction: Correction, by: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.correction = correction
        notes = ProgressNote.objects.editable_by(by).signed()
        notes = notes.filter(client=correction.client_id).select_related("session")
        notes = notes.defer("session__take_away").order_by("-session__starts_at", "-pk")
        self.fields["note"].queryset = notes

    def clean(self):
        said = super().clean()
        if said.get("note") and not said.get("text") and "text" not in self.errors:
            self.add_error("text", _("Write the correction."))
        if said.get("text") and not said.get("note") and "note" not in self.errors:
            self.add_error("note", _("Choose the note it belongs to."))
        return said

    def save(self, correction: Correction, *, by: User) -> bool:
        with transaction.atomic():
            return super().save(correction, by=by) and self._correct_note(by)

    def _correct_note(self, by: User) -> bool:
        said = self.cleaned_data
        if said["note"]:
            NoteAddition.add(
                said["note"],
                kind=NoteAddition.Kind.CORRECTION,
                text=said["text"],
                by=by,
                correction=self.correction,
            )
        return True
