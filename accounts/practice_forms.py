"""Forms for practice settings and crisis lines."""

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import CrisisLine, Practice, User
from ui.forms import HouseForm, HouseModelForm
from ui.stale_forms import NoOverwrite
from ui.time_zone_field import ZoneField

OFF = {"autocomplete": "off"}


class PracticeForm(NoOverwrite, HouseModelForm):
    time_zone = ZoneField(label=_("Time zone"))
    session_minutes = forms.IntegerField(
        label=_("Length, in minutes"),
        help_text=_("Default for new bookings"),
        validators=[MinValueValidator(10), MaxValueValidator(240)],
    )
    portal_days = forms.IntegerField(
        label=_("Portal access after discharge, in days"),
        help_text=_("How long clients can still read their portal"),
        validators=[MinValueValidator(0), MaxValueValidator(3650)],
    )

    class Meta:
        model = Practice
        fields = [
            "name",
            "time_zone",
            "clock_hours",
            "session_minutes",
            "idle_minutes",
            "sender_name",
            "portal_days",
        ]
        labels = {
            "clock_hours": _("Clock"),
            "idle_minutes": _("After how many minutes"),
            "sender_name": _("Sender’s name"),
        }
        help_texts = {
            "idle_minutes": _("From 5 to 30"),
            "sender_name": _("Without words such as therapy"),
        }

    def save(self, *, by: User) -> bool:
        return self.written(self.instance.change, by=by, fields=self.changed_data)


class NoticeForm(NoOverwrite, HouseForm):
    no_draft = "about no client; given back if it cannot be saved"
    text = forms.CharField(
        label=_("Privacy notice"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 16}),
    )

    def save(self, practice: Practice, *, by: User) -> bool:
        text = self.cleaned_data["text"].replace("\r\n", "\n")
        return self.written(practice.write_notice, text, by=by)


class CrisisLineForm(NoOverwrite, HouseModelForm):
    class Meta:
        model = CrisisLine
        fields = ["name", "number", "hours", "verified_on"]
        help_texts = {
            "name": _("The name people know it by"),
            "hours": _("When it is answered, and what a call costs"),
            "verified_on": _(
                "When one of you called it to check. Without a date, clients don’t see "
                "this line"
            ),
        }
        widgets = {
            "name": forms.TextInput(OFF),
            "number": forms.TextInput({"type": "tel", **OFF}),
            "hours": forms.TextInput(OFF),
            "verified_on": forms.DateInput({"type": "date", **OFF}, "%Y-%m-%d"),
        }

    def clean_number(self):
        number = self.cleaned_data["number"]
        if not any(sign.isdigit() for sign in number):
            raise ValidationError(_("Enter a phone number with digits."))
        return number

    def clean_verified_on(self):
        day = self.cleaned_data["verified_on"]
        if day and day > timezone.localdate():
            raise ValidationError(_("Choose today or an earlier day."))
        return day

    def clean(self):
        """A new number resets the verification: nobody has called it yet."""
        said = super().clean()
        changed = set(self.changed_data)
        known = not self.instance._state.adding
        if known and "number" in changed and "verified_on" not in changed:
            said["verified_on"] = None
        return said

    def save(self, *, by: User) -> bool:
        if self.instance._state.adding:
            return self.written(self.instance.add, by=by)
        return self.written(self.instance.change, by=by, fields=self._meta.fields)
