"""Forms of strengths and wins: the example first, then what it shows."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clients import drafts
from clients.models import Client
from goals.disagreement_page import with_names
from goals.forms import few_words, line
from goals.models import Goal, Strength, StrengthLink, Win
from ui.forms import HouseForm, day_field

REWORDED = _("This is already in your own words.")


class GoalsField(forms.ModelMultipleChoiceField):
    """A choice of a client's open goals, labeled by their wording."""

    def __init__(self, **kwargs):
        super().__init__(
            queryset=Goal.objects.none(),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            **kwargs,
        )

    def label_from_instance(self, goal):
        return self.called[goal.pk]

    def offer(self, goals, user: User) -> None:
        self.queryset = goals
        self.called = {goal.pk: goal.called for goal in with_names(user, list(goals))}


def open_goals(client: Client, user: User):
    rows = Goal.objects.visible_to(user).filter(client=client).open()
    return rows.with_words().order_by("created_at", "pk")


class Past:
    """A date field: neither a strength nor a win can be in the future."""

    def clean_happened_on(self):
        day = self.cleaned_data["happened_on"]
        if day and day > self.by.today():
            raise ValidationError(_("Enter today or an earlier day."))
        return day


@drafts.drafted(lambda user: Strength.objects.editable_by(user), itself=True)
class StrengthForm(Past, HouseForm):
    """A strength and its example; `rewords` is the strength that it rewords."""

    has_once = True
    moment = few_words(
        _("Example"),
        rows=3,
        required=True,
        own=True,
        most=1000,
        help_text=_("What was said or done that day, as it happened"),
        error_messages={"required": _("Add an example.")},
    )
    name = line(
        _("What it shows"),
        required=True,
        most=80,
        help_text=_("A few words: “patience with fear”"),
        error_messages={"required": _("Enter a few words.")},
    )
    setting = line(_("Where, and with whom"))
    happened_on = day_field(_("Date"))
    goals = GoalsField(label=_("It helps with"))
    kind = "strength"  # of its draft
    said = ("moment", "name", "setting", "happened_on")

    def __init__(
        self, *args, client: Client, by: User, rewords: Strength | None = None, **kwargs
    ):
        self.client, self.by, self.rewords = client, by, rewords
        if rewords is not None:
            now = {name: getattr(rewords, name) for name in self.said}
            links = StrengthLink.objects.visible_to(by).current()
            now["goals"] = list(
                links.filter(strength=rewords).values_list("goal", flat=True)
            )
            kwargs["initial"] = now
        super().__init__(*args, **kwargs)
        self.fields["goals"].offer(open_goals(client, by), by)

    @property
    def target(self):
        """The row that its draft belongs to."""
        return self.rewords.pk if self.rewords else self.client.pk

    def save(self, *, by: User) -> bool:
        return self.written(self._save, by)

    def _save(self, by: User) -> Strength:
        said = {name: self.cleaned_data[name] for name in self.said}
        twice = self.kept_before(
            Strength.objects.visible_to(by),
            lambda row: said == {name: getattr(row, name) for name in self.said},
        )
        if twice:
            return twice
        said |= {"by": by, "key": self.cleaned_data["once"]}
        if self.rewords is None:
            strength = Strength.propose(self.client, **said)
        elif self.rewords.state == Strength.State.REWORDED:
            raise ValidationError(REWORDED)
        else:
            strength = self.rewords.reword(self.client, **said)
        StrengthLink.choose(strength, self.cleaned_data["goals"], by=by)
        drafts.used(self, by)
        return strength


class HelpsForm(HouseForm):
    """Which open goals a strength helps with."""

    goals = GoalsField(label=_("It helps with"))
    was = GoalsField()  # those shown as chosen on the page

    def __init__(self, *args, strength: Strength, by: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.strength = strength
        for name in ("goals", "was"):
            self.fields[name].offer(open_goals(strength.client, by), by)

    def save(self, *, by: User) -> bool:
        return self.written(self._save, by)

    def _save(self, by: User) -> bool:
        """Links that the other side chose since the page was opened stay."""
        goals, was = set(self.cleaned_data["goals"]), set(self.cleaned_data["was"])
        links = StrengthLink.objects.visible_to(by).filter(strength=self.strength)
        now = {link.goal for link in links.current().select_related("goal")}
        wanted = (now | (goals - was)) - (was - goals)
        open_now = set(self.fields["goals"].queryset)
        return StrengthLink.choose(self.strength, wanted & open_now, by=by)


class WinForm(Past, HouseForm):
    no_draft = "a few words, sent at once; given back if they cannot be saved"
    has_once = True
    words = few_words(
        _("Something that went a little better than expected"),
        required=True,
        own=True,
    )
    happened_on = day_field(_("Date, if not today"))

    def __init__(self, *args, by: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.by = by
        if not by.is_client:
            self.fields["words"].widget.attrs["class"] = ""

    def save(self, client: Client, *, by: User) -> bool:
        return self.written(self._note, client, by)

    def _note(self, client, by):
        words, day = self.cleaned_data["words"], self.cleaned_data["happened_on"]
        twice = self.kept_before(
            Win.objects.visible_to(by),
            lambda row: row.words == words and day in (None, row.happened_on),
        )
        more = {"by": by, "happened_on": day, "key": self.cleaned_data["once"]}
        return twice or Win.note(client, words, **more)
