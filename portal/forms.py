"""Forms for clients: a goal in their own words, and contact preferences."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clients.models import Client, ContactPreferences, ContactWish, Correction, Wish
from goals.forms import GoalForm, few_words
from goals.models.content import LEVELS
from goals.proposal_form import ProposalForm, level_name
from ui.forms import HouseForm, day_field
from ui.stale_forms import NoOverwrite

LEADS = [
    (ContactWish.Lead.TWO_HOURS, _("2 hours before")),
    (ContactWish.Lead.DAY, _("The day before, at the same time")),
    (ContactWish.Lead.TWO_DAYS, _("Two days before, at the same time")),
]


WEIGHED = ("weight_importance", "weight_difficulty")


class OwnProposalForm(ProposalForm):
    """The same proposal from the client's side: own words, low end and high end."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        levels = [level_name(level) for level in LEVELS]
        for name in ("clinical_words", *levels, *WEIGHED):
            del self.fields[name]
        own = self.fields["own_words"]
        own.label = _("What would you like to be different?")
        own.help_text = _("As you would say it to a friend.")
        own.error_messages["required"] = _("Enter a few words.")
        self.fields["low_end"].label = _("0 means")
        self.fields["high_end"].label = _("10 means")
        self.fields["why"].label = _("Why it matters to you")
        self.fields["knowing"].label = _("How you will know")
        self.fields["review_on"].label = _("Review on")
        if "importance" in self.fields:
            self.fields["importance"].label = _("How important is it to you?")
            self.fields["confidence"].label = _(
                "How confident are you that it can be done?"
            )


class HereForm(GoalForm):
    """Agree, decline or disagree, on a handed-over device."""

    no_draft = "on a device that is handed over nothing may stay"
    choice = forms.ChoiceField(
        choices=[(name, name) for name in ("agree", "keep", "differ", "later")]
    )
    words = few_words(_("What matters to you about it"), rows=3, own=True)

    def clean(self):
        said = super().clean()
        if said.get("choice") == "differ" and not said.get("words"):
            self.add_error("words", _("Describe in a few words what matters to you."))
        return said

    def act(self, page, *, by: User) -> bool:
        version, choice = page.proposal, self.cleaned_data["choice"]
        version.goal = page.goal
        if choice == "agree":
            return self.done(version.agree, by=by)
        if choice == "keep":
            return self.done(version.decline, "", by=by)
        if choice == "differ":
            return self.done(version.differ, self.cleaned_data["words"], by=by)
        return True


class CorrectionForm(HouseForm):
    no_draft = "a few words, sent at once; given back if they cannot be saved"
    has_once = True
    about = forms.CharField(
        label=_("What it is about"),
        help_text=_("A note, a date, a name, a goal: as you would say it"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    words = forms.CharField(
        label=_("What is wrong, and what is right"),
        help_text=_("In your own words"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"}),
    )

    def save(self, client: Client, *, by: User) -> bool:
        return self.written(self._ask_for, client, by)

    def _ask_for(self, client, by):
        about, words = self.cleaned_data["about"], self.cleaned_data["words"]
        twice = self.kept_before(
            Correction.objects.visible_to(by),
            lambda row: (row.about, row.words) == (about, words),
        )
        once = self.cleaned_data["once"]
        return twice or Correction.ask(client, about, words, by=by, key=once)


class ContactForm(NoOverwrite, HouseForm):
    reminders = forms.BooleanField(
        label=_("Remind me of sessions"),
        help_text=_("An email with the day and time. No names, nothing about therapy"),
        required=False,
    )
    reminder_lead_hours = forms.TypedChoiceField(
        label=_("When"),
        choices=LEADS,
        coerce=int,
        widget=forms.RadioSelect,
    )
    weekly_digest = forms.BooleanField(
        label=_("Email me when my week is ready"),
        help_text=_("One email a week. The content stays in Cairn"),
        required=False,
    )
    paused_until = day_field(
        _("No messages until"),
        help_text=_("No messages until this date. Leave it empty for no pause."),
    )

    def __init__(self, *args, preferences: ContactPreferences, by: User, **kwargs):
        self.preferences, self.by = preferences, by
        until = preferences.paused_until
        if until and until <= by.today():
            until = None  # that pause is over
        reminder = preferences.wishes["reminder"]
        now = {
            "reminders": reminder.allowed,
            "reminder_lead_hours": reminder.lead_hours,
            "weekly_digest": preferences.wishes["client-digest"].allowed,
            "paused_until": until,
        }
        super().__init__(*args, initial=now, **kwargs)

    def clean_paused_until(self):
        day = self.cleaned_data["paused_until"]
        if day and day <= self.by.today():
            raise forms.ValidationError(
                _("Choose a day after today, or leave it empty.")
            )
        return day

    def save(self, *, by: User) -> bool:
        data = self.cleaned_data
        wishes = {
            "reminder": Wish(data["reminders"], data["reminder_lead_hours"]),
            "client-digest": Wish(data["weekly_digest"]),
        }
        until = data["paused_until"]
        return self.written(
            self.preferences.set, by=by, wishes=wishes, paused_until=until
        )
