"""Forms of an import: the file, and how it is to be read."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import HouseForm, SegmentsField
from accounts.models import User
from progress.imports import sheet
from progress.imports.columns import LEFT_OUT, Field, doubled, matched
from progress.imports.days import Order
from progress.imports.review import Review
from progress.models import CaseloadImport

CHANGED = _("Somebody began to bring this in, or left it out.")
NO_NAME = _("One column has to be the preferred name.")
NO_NAME_KNOWN = _(
    "No column is called preferred name, or like it. Call it so in the first line: what"
    " we do not know by its name is sealed unread."
)
TWICE = _("Two columns cannot both be this.")
MEND = _("Mend these lines, or say that they stay out.")
NOBODY = _("Nobody new is in this file.")
TOO_MUCH = _("More dates and ratings than can be brought in at once. Cut it in two.")


class UploadForm(HouseForm):
    """`found` is the sheet that was read; only a therapist's own may lack names that we
    know, since what they correct is theirs."""

    file = forms.FileField(
        label=_("The file"),
        help_text=_("CSV or Excel (.xlsx), up to 5 MB and 5,000 lines."),
        error_messages={"empty": sheet.EMPTY, "invalid": _("Choose a file first.")},
        widget=forms.FileInput({"accept": ".csv,.txt,.tsv,.xlsx"}),
        allow_empty_file=False,
    )

    def __init__(self, *args, sent_bytes=0, **kwargs):
        super().__init__(*args, **kwargs)
        if sent_bytes > settings.FILE_UPLOAD_MAX_MEMORY_SIZE:  # it was not taken
            self.fields["file"].error_messages["required"] = sheet.TOO_LARGE

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > sheet.MOST_BYTES:
            raise ValidationError(sheet.TOO_LARGE)
        self.sheet = sheet.read(file.read())
        return file

    def save(self, *, by: User) -> bool:
        therapist = self.cleaned_data.get("therapist", by)
        return self.written(
            CaseloadImport.begin, self.sheet, by=by, therapist=therapist
        )


class TherapistField(forms.ModelChoiceField):
    def label_from_instance(self, person):
        return person.name


class AdminUploadForm(UploadForm):
    therapist = TherapistField(
        label=_("For whose caseload"), queryset=User.objects.none()
    )
    field_order = ["therapist", "file"]

    def __init__(self, *args, by: User, **kwargs):
        super().__init__(*args, **kwargs)
        # Their own an admin who treats brings as a therapist: nothing is hidden there.
        colleagues = User.objects.visible_to(by).therapists().exclude(pk=by.pk)
        self.fields["therapist"].queryset = colleagues.order_by("name_key")

    def clean_file(self):
        file = super().clean_file()
        if Field.NAME not in matched(self.sheet.heads):
            raise ValidationError(NO_NAME_KNOWN)
        return file


class ReviewForm(HouseForm):
    """What each column becomes, which way round its dates are, what stays out."""

    leave_out = forms.BooleanField(
        label=_("Leave these lines out"),
        required=False,
        help_text=_("They stay in your file. You can bring them later."),
    )

    def __init__(self, *args, review: Review, **kwargs):
        super().__init__(*args, **kwargs)
        self.review, self.imported = review, review.imported
        for column in review.columns():
            self._column(column)
        if not review.problems:
            del self.fields["leave_out"]
        if review.asks_order:
            self.fields["date_order"] = SegmentsField(
                label=_("03/02/2026 is"),
                help_text=_(
                    "Some dates can be read both ways. Once for the whole file:"
                ),
                choices=Order.choices,
                initial=self.imported.date_order or None,
                required=False,
            )

    def _column(self, column) -> None:
        """A select; `row` is what stands beside it."""
        may = self.imported.may_become(self.review.shown, column.at)
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
        for column in self.review.columns():
            yield column, self[f"column-{column.at}"]

    @property
    def columns(self) -> list[str]:
        many = len(self.review.sheet.heads)
        said = self.cleaned_data
        return [said.get(f"column-{at}") or LEFT_OUT for at in range(many)]

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
        """Whether what was shown is no longer what would come in."""
        order = self.cleaned_data.get("date_order")
        other = bool(order) and order != self.review.order
        return other or self.columns != self.imported.columns

    def save(self, *, by: User) -> bool:
        """Keep how it is read."""
        return self.written(self._keep, by)

    def start(self, *, by: User) -> bool:
        """Keep it and bring it in, unless something is still to be said."""
        return self.written(self._start, by)

    def _keep(self, by: User) -> None:
        said = self.cleaned_data
        done = self.imported.correct(
            by=by,
            columns=self.columns,
            date_order=said.get("date_order") or self.imported.date_order,
            leaves_out=bool(said.get("leave_out")),
        )
        if not done:
            raise ValidationError(CHANGED)

    def _start(self, by: User) -> None:
        self._keep(by)
        review, missing = self.review, {}
        if review.asks_order and not self.imported.date_order:
            missing["date_order"] = _("Please choose one.")
        if review.problems and not self.imported.leaves_out:
            missing["leave_out"] = MEND
        if review.reading.is_too_much:
            missing["file"] = TOO_MUCH
        elif not review.new:
            missing["file"] = NOBODY
        if missing:
            raise ValidationError(missing)
        if not self.imported.start(by=by):
            raise ValidationError(CHANGED)
