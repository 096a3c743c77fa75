"""Filters of the audit page."""

from datetime import date, datetime, time, timedelta

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from accounts.audit import Sort
from accounts.models import User
from ui.forms import ColleagueField, HouseForm

DAY = {"type": "date", "autocomplete": "off"}
# There are no rows before this date, and dates have an upper limit.
OF_OURS = [
    MinValueValidator(date(2000, 1, 1), _("This date is before the access log began.")),
    MaxValueValidator(date(2200, 1, 1), _("This date is too far in the future.")),
]


class AuditFilterForm(HouseForm):
    who = ColleagueField(
        label=_("Who"),
        required=False,
        queryset=User.objects.none(),
        empty_label=_("Everyone"),
    )
    sort = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All kinds")), *Sort.choices]
    )
    since = forms.DateField(
        label=_("From"),
        required=False,
        validators=OF_OURS,
        widget=forms.DateInput(DAY, "%Y-%m-%d"),
    )
    until = forms.DateField(
        label=_("Until"),
        required=False,
        validators=OF_OURS,
        widget=forms.DateInput(DAY, "%Y-%m-%d"),
    )
    client = forms.CharField(
        label=_("Client"),
        required=False,
        max_length=80,
        widget=forms.TextInput({"autocomplete": "off"}),
    )

    def __init__(self, *args, by: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.zone = by.zone
        staff = User.objects.visible_to(by).staff().order_by("name_key", "pk")
        self.fields["who"].queryset = staff

    def clean(self):
        """Convert days to datetimes in the reader's zone; *until* includes its day."""
        said = super().clean()
        if said.get("since"):
            said["since"] = self._begin(said["since"])
        if said.get("until"):
            said["until"] = self._begin(said["until"] + timedelta(days=1))
        if said.get("since") and said.get("until") and said["since"] >= said["until"]:
            self.add_error("until", _("This is before the first day."))
        return said

    def _begin(self, day) -> datetime:
        return datetime.combine(day, time.min, self.zone)
