"""The session screen's only form: ratings, note, exercise, takeaway."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import User
from clients import signals
from clients.autosave import PART
from clients.portal_state import reads
from goals.models import GoalRating
from notes.formats import PARTS
from notes.models import ProgressNote, SessionGoal
from notes.models.note import LIMITS, MOST, PRESSED
from notes.session_page import answer_name, rating_name, was_name
from toolkit.models import Assignment
from ui.forms import HouseForm, SegmentsField, StonesField

audit.verb("note saved", audit.Sort.WROTE, gettext_lazy("Wrote a note"))


class StaleNote(Exception):
    """Another tab or person saved the note since this page was opened."""


TAKE_AWAY = {  # where it is shown, by what the client can read
    "now": gettext_lazy(
        "In the client’s own words. Shown on their home page until the next session."
    ),
    "until": gettext_lazy(
        "In the client’s own words. Shown on their home page as long as their portal "
        "is open."
    ),
    "later": gettext_lazy(
        "In the client’s own words. Shown on their home page once they have joined."
    ),
    "": gettext_lazy(
        "In the client’s own words. The client has no portal to read it in."
    ),
}


class SessionForm(HouseForm):
    no_draft = "saved into its unsigned note as it is typed"
    revision = forms.IntegerField(widget=forms.HiddenInput, initial=0)
    format = SegmentsField(
        label=gettext_lazy("Note format"), choices=ProgressNote.Format.choices
    )
    practice = forms.CharField(
        label=gettext_lazy("Exercise until next session"),
        help_text=gettext_lazy(
            "One thing, when and where, and a smaller version of it"
        ),
        required=False,
        max_length=LIMITS["practice"],
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )
    take_away = forms.CharField(
        label=gettext_lazy("Client’s takeaway"),
        required=False,
        max_length=LIMITS["take_away"],
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "class": "own"}),
    )

    def __init__(self, *args, screen, **kwargs):
        """`screen` is the SessionPage that was loaded for this page."""
        self.screen = screen
        kwargs["initial"] = screen.initial()
        super().__init__(*args, **kwargs)
        self.fields["take_away"].help_text = TAKE_AWAY[reads(screen.session.client)]
        for number in range(MOST):
            self.fields[f"part{number}"] = forms.CharField(
                required=False,
                strip=False,
                max_length=LIMITS[f"part{number}"],
                widget=forms.Textarea(
                    attrs={"rows": 4, "autocomplete": "off", "class": "form-control"}
                ),
            )
        for goal in screen.goals:
            self.fields[rating_name(goal.pk)] = StonesField(
                label=screen.words_of(goal), required=False
            )
        for assignment in screen.open_practice:
            self.fields[answer_name(assignment)] = SegmentsField(
                label=assignment.words,
                required=False,
                choices=Assignment.Answer.choices,
            )

    # -- for the template --------------------------------------------------------

    def parts(self):
        """Each part with its label in the chosen format, and whether it is shown."""
        chosen = self["format"].value() or "dap"
        labels = PARTS.get(chosen, PARTS["dap"])
        for number in range(MOST):
            label = labels[number] if number < len(labels) else ""
            text = self[f"part{number}"].value()
            yield {
                "field": self[f"part{number}"],
                "label": label or _("More"),
                "hidden": not label and not text,
            }

    def labels(self) -> dict[str, list[str]]:
        """The labels of all formats, so that switching needs no reload."""
        return {
            name: [str(label) for label in labels] for name, labels in PARTS.items()
        }

    def cards(self):
        """Each goal with its rating buttons and details. The scale's ends and the last
        rating are loaded here, since a save needs neither."""
        for goal in self.screen.goals:
            name, meta = rating_name(goal.pk), self.screen.meta(goal)
            shown = goal.shown
            self.fields[name].say(
                low=shown.low_end, high=shown.high_end, last=meta["last"]
            )
            yield goal, self[name], meta

    def practice_rows(self):
        """Each with its answer when the page was made, which is not a draft.

        If it was answered since, the page shows that from then on.
        """
        for assignment in self.screen.open_practice:
            field = self[answer_name(assignment)]
            was = assignment.answer if field.errors else self._was(assignment)
            yield assignment, field, was

    def _was(self, assignment) -> str:
        said = self.data.get(was_name(assignment)) if self.is_bound else None
        return assignment.answer if said is None else said

    def clean(self):
        """Reject the form rather than drop a typed rating silently."""
        said = super().clean()
        unknown = [
            n for n in self.data if PRESSED.fullmatch(n) and n not in self.fields
        ]
        if unknown:
            raise ValidationError(
                _("A rating or answer no longer matches this page. Check them again.")
            )
        return said

    # -- saving ------------------------------------------------------------------

    @property
    def body(self) -> str:
        """The parts of the note, without empty ones at the end."""
        parts = [_plain(self.cleaned_data[f"part{n}"]) for n in range(MOST)]
        return PART.join(parts).rstrip(PART)

    def save(self, *, by: User, sign: bool) -> bool:
        """Save all or nothing; StaleNote if the note was saved elsewhere."""
        return self.written(self._save, by, sign)

    def _save(self, by, sign):
        with signals.together(self.screen.session.client_id):
            return self._save_all(by, sign)

    def _save_all(self, by, sign):
        session, said = self.screen.session, self.cleaned_data
        note = self._save_note(by, sign)
        self._save_ratings(by)
        self._save_practice(by)
        session.log(take_away=said["take_away"], by=by)
        if sign and not note.sign(by=by, base=note.revision):
            raise StaleNote
        return note

    def _save_note(self, by, sign) -> ProgressNote:
        note = self._keep_note(by) if self.screen.note else self._begin_note(by)
        if not sign:  # signing has an audit row of its own
            audit.record("note saved", about=note)
        return note

    def _begin_note(self, by) -> ProgressNote:
        if self.cleaned_data["revision"]:  # of a note that does not exist
            raise StaleNote
        session, format = self.screen.session, self.cleaned_data["format"]
        return ProgressNote.begin(session, by=by, body=self.body, format=format)

    def _keep_note(self, by) -> ProgressNote:
        note, said = self.screen.note, self.cleaned_data
        revision = note.keep(self.body, said["format"], by=by, base=said["revision"])
        if revision is None:
            raise StaleNote
        note.body, note.format, note.revision = self.body, said["format"], revision
        return note

    def _save_ratings(self, by) -> None:
        new = {}
        for goal in self.screen.goals:
            value = self.cleaned_data[rating_name(goal.pk)]
            given = self.screen.given.get(goal.pk)
            if value is None or (given and given.value == value):
                continue
            if given and given.by_id == by.pk:
                given.withdraw(by=by)
            new[goal] = value
        session = self.screen.session
        GoalRating.give(new, by=by, session=session, at=session.rated_at)
        SessionGoal.note_down(session, list(new))

    def _save_practice(self, by) -> None:
        words = self.cleaned_data["practice"].strip()
        self.screen.session_practice(words, by=by)
        meanwhile = {}
        for assignment in self.screen.open_practice:
            name, was = answer_name(assignment), self._was(assignment)
            answer = self.cleaned_data[name]
            # Do not replace what the client answered since with the page's old value.
            if not answer or answer in (assignment.answer, was):
                continue
            if not assignment.say(answer, by=by, seen=was):
                meanwhile[name] = assignment.answered_meanwhile()
        if meanwhile:
            raise ValidationError(meanwhile)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace(PART, "")
