"""Forms of an import: the file, and how to read it."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from transfer.imports import parse, sheet
from transfer.imports.columns import LEFT_OUT, Field, doubled
from transfer.imports.days import Order
from transfer.imports.limits import NotReadable
from transfer.imports.summary import Summary
from transfer.models import CaseloadImport
from ui.forms import ColleagueField, HouseForm, SegmentsField

CHANGED = _("Someone already imported or discarded this list.")
NO_NAME = _("One column must be the preferred name.")
TWICE = _("Two columns can’t both be this.")
MEND = _("Fix these lines, or choose to leave them out.")
NOBODY = _("There are no new clients in this file.")
TOO_MUCH = _(
    "This file has more dates and ratings than one import can hold. Split it in two."
)


class UploadForm(HouseForm):
    """The worker reads the file; errors visible in its first bytes are reported at
    once."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or Excel (.xlsx), up to 5 MB and 5,000 lines."),
        error_messages={"empty": sheet.EMPTY, "invalid": _("Choose a file.")},
        widget=forms.FileInput({"accept": ".csv,.txt,.tsv,.xlsx"}),
        allow_empty_file=False,
    )

    def __init__(self, *args, sent_bytes=0, **kwargs):
        super().__init__(*args, **kwargs)
        if sent_bytes > settings.FILE_UPLOAD_MAX_MEMORY_SIZE:  # it was rejected
            self.fields["file"].error_messages["required"] = sheet.TOO_LARGE

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > sheet.MOST_BYTES:
            raise ValidationError(sheet.TOO_LARGE)
        self.raw = file.read()
        try:
            parse.first_look(self.raw)
        except NotReadable as refused:
            raise sheet.CannotRead(refused) from None
        return file

    def save(self, *, by: User) -> bool:
        therapist = self.cleaned_data.get("therapist", by)
        return self.written(
            CaseloadImport.receive, self.raw, by=by, therapist=therapist
        )


class AdminUploadForm(UploadForm):
    therapist = ColleagueField(
        label=_("Add to the caseload of"), queryset=User.objects.none()
    )
    field_order = ["therapist", "file"]

    def __init__(self, *args, by: User, **kwargs):
        super().__init__(*args, **kwargs)
        # An admin who also treats imports their own clients as a therapist: nothing is
        # hidden there.
        colleagues = User.objects.visible_to(by).therapists().exclude(pk=by.pk)
        self.fields["therapist"].queryset = colleagues.order_by("name_key", "pk")


class ImportReviewForm(HouseForm):
    """The field for each column, the date order, and what to leave out."""

    leave_out = forms.BooleanField(
        label=_("Leave these lines out"),
        required=False,
        help_text=_("They stay in your file. You can import them later."),
    )

    def __init__(self, *args, imported: CaseloadImport, summary: Summary, **kwargs):
        super().__init__(*args, **kwargs)
        self.summary, self.imported = summary, imported
        for column in summary.columns:
            self._column(column)
        if not summary.to_mend:
            del self.fields["leave_out"]
        if summary.asks_order:
            self.fields["date_order"] = SegmentsField(
                label=_("03/02/2026 is"),
                help_text=_(
                    "Some dates can be read two ways. Choose once for the whole file:"
                ),
                choices=Order.choices,
                initial=self.imported.date_order or None,
                required=False,
            )

    def _column(self, column) -> None:
        """A select; `row` is shown beside it."""
        may = self.imported.may_become(self.summary.shown, column.at)
        choices = [
            (said, Field(said).label if said else _("Leave out")) for said in may
        ]
        self.fields[f"column-{column.at}"] = forms.ChoiceField(
            label=_("Column %(name)s becomes") % {"name": column.head},
            choices=choices,
            initial=self.imported.columns[column.at],
            required=False,
            widget=forms.Select({"class": "form-select"}),
        )

    @property
    def rows(self):
        for column in self.summary.columns:
            yield column, self[f"column-{column.at}"]

    @property
    def columns(self) -> list[str]:
        said = self.cleaned_data
        many = range(len(self.summary.columns))
        return [said.get(f"column-{at}") or LEFT_OUT for at in many]

    def clean(self):
        said = super().clean()
        if any(name.startswith("column-") for name in self.errors):
            return said
        twice = doubled(self.columns)
        for at, field in enumerate(self.columns):
            if field in twice:
                self.add_error(f"column-{at}", TWICE)
        if Field.NAME not in self.columns:
            self.add_error(None, NO_NAME)
        return said

    @property
    def changes_reading(self) -> bool:
        """Whether the shown preview no longer matches the chosen reading."""
        order = self.cleaned_data.get("date_order")
        other = bool(order) and order != self.summary.order
        return other or self.columns != self.summary.reads

    def save(self, *, by: User) -> bool:
        """Save how it is to be read."""
        return self.written(self._keep, by)

    def start(self, *, by: User) -> bool:
        """Save and start the import, unless something must still be answered."""
        return self.written(self._start, by)

    def _keep(self, by: User) -> None:
        said = self.cleaned_data
        done = self.imported.correct(
            by=by,
            columns=self.columns,
            date_order=said.get("date_order") or self.imported.date_order,
            leaves_out=bool(said.get("leave_out")),
            again=self.changes_reading,
        )
        if not done:
            raise ValidationError(CHANGED)

    def _start(self, by: User) -> None:
        self._keep(by)
        summary, missing = self.summary, {}
        if summary.asks_order and not self.imported.date_order:
            missing["date_order"] = _("Choose one.")
        if summary.to_mend and not self.imported.leaves_out:
            missing["leave_out"] = MEND
        if summary.is_too_much:
            missing["file"] = TOO_MUCH
        elif not summary.new:
            missing["file"] = NOBODY
        if missing:
            raise ValidationError(missing)
        if not self.imported.start(by=by):
            raise ValidationError(CHANGED)
