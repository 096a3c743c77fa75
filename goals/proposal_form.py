"""Propose a goal, or a new wording for one.

Only the client's own words are required.
"""

from __future__ import annotations

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clients import drafts, signals
from clients.models import Client
from goals import status
from goals.forms import LONGEST, NEWER_WORDS, few_words
from goals.models import Goal, GoalScore, Overtaken, Step
from goals.models.content import CONTENT, LEVELS, WORDS, joined
from goals.models.version import WEIGHTS
from ui.forms import HouseForm, SegmentsField, StonesField, day_field

LEVEL_NAMES = {
    -2: _("Much less than expected (−2)"),
    -1: _("Less than expected (−1)"),
    0: _("What you both expect (0)"),
    1: _("More than expected (+1)"),
    2: _("Much more than expected (+2)"),
}
PROPOSE_ANEW = _("Your wording is below. You can propose it as a new goal.")
KEEPS_DAY = _(
    "The review date can be moved, not removed. Leave it empty to keep the current "
    "date."
)
STAYS_DUE = _(
    "The review is due. Leave it empty to keep it due, or enter a later date."
)
RULERS = ("importance", "confidence")
# Fields of a new goal only; a new wording does not change them.
ONLY_NEW = (
    "first_step", "cue", "plan", "today",
    *(f"{ruler}{part}" for ruler in RULERS for part in ("", "_why", "_raise")),
)  # fmt: skip


def level_name(level: int) -> str:
    return f"level_{level + 2}"


@drafts.drafted(lambda user: Goal.objects.editable_by(user), itself=True)
class ProposalForm(HouseForm):
    """A new goal, or a new wording for one. Only the own words are required."""

    has_once = True
    own_words = few_words(
        _("In the client’s own words"),
        rows=3,
        required=True,
        own=True,
        help_text=_("Exactly as said. It is always shown as a quote."),
    )
    why = few_words(_("Why it matters"), own=True)
    low_end = few_words(_("0 means"), rows=1, own=True)
    high_end = few_words(_("10 means"), rows=1, own=True)
    knowing = few_words(_("How we will know"), own=True)
    first_step = few_words(_("A small first step"), rows=1, own=True, most=200)
    cue = few_words(_("If"), rows=1, own=True, most=200)
    plan = few_words(_("then"), rows=1, own=True, most=200)
    today = StonesField(label=_("Where is it today?"), required=False)
    importance = StonesField(
        label=_("How important is it?"),
        required=False,
        low=_("not at all"),
        high=_("extremely important"),
    )
    importance_why = few_words(_("Why not lower?"), rows=1, own=True)
    importance_raise = few_words(_("What would make it one higher?"), rows=1, own=True)
    confidence = StonesField(
        label=_("How confident are you that it can be done?"),
        required=False,
        low=_("not at all"),
        high=_("extremely confident"),
    )
    confidence_why = few_words(_("Why not lower?"), rows=1, own=True)
    confidence_raise = few_words(_("What would make it one higher?"), rows=1, own=True)
    review_on = day_field(_("Review on"))
    clinical_words = few_words(
        _("In the therapist’s words"), help_text=_("Beside them")
    )
    weight_importance = SegmentsField(
        label=_("How much it matters"), required=False, choices=WEIGHTS
    )
    weight_difficulty = SegmentsField(
        label=_("How hard it is"), required=False, choices=WEIGHTS
    )
    kind = "goal"  # of its draft
    more_limits = {level_name(level): LONGEST for level in LEVELS}

    def __init__(
        self,
        *args,
        client: Client,
        goal: Goal | None = None,
        like: Goal | None = None,
        **kwargs,
    ):
        """`like`: a closed goal whose wording is proposed as a new goal."""
        self.client, self.goal, self.like = client, goal, like
        if goal is not None:
            said = _said(goal.latest) | {"review_on": self._reviewed}
            kwargs["initial"] = said | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        for level in LEVELS:
            self.fields[level_name(level)] = few_words(
                LEVEL_NAMES[level], rows=1, own=True
            )
        if goal is not None:
            self.fields["seen"] = forms.IntegerField(
                widget=forms.HiddenInput, initial=goal.latest.number
            )
            self.fields["review_was"] = forms.DateField(
                widget=forms.HiddenInput, required=False, initial=self._reviewed
            )
        if goal is not None and goal.is_open and goal.review_on:
            said = STAYS_DUE if goal.is_due else KEEPS_DAY
            self.fields["review_on"].help_text = said
        if goal or like:
            for name in ONLY_NEW:
                del self.fields[name]

    @property
    def target(self):
        """The row that its draft belongs to: the goal, or the client for a new one."""
        known = self.goal or self.like
        return known.pk if known else self.client.pk

    # -- for the template --------------------------------------------------------

    def levels(self):
        return [self[level_name(level)] for level in LEVELS if self._has_scale]

    def has_levels(self) -> bool:
        names = [level_name(level) for level in LEVELS]
        return any(self[name].value() or self[name].errors for name in names)

    @property
    def _has_scale(self) -> bool:
        return level_name(0) in self.fields

    def is_shaped(self) -> bool:
        """Whether a field below the own words is filled in or has an error."""
        first = {"own_words", "why", "low_end", "high_end", "today"}
        hidden = {"seen", "once", "review_was"}
        rest = [name for name in self.fields if name not in first | hidden]
        return any(self[name].value() or self[name].errors for name in rest)

    # -- initial values ----------------------------------------------------------

    def clean(self):
        said = super().clean()
        if bool(said.get("cue")) != bool(said.get("plan")):
            self.add_error("plan", _("A plan needs both parts: if and then."))
        if (said.get("cue") or said.get("plan")) and not said.get("first_step"):
            self.add_error("first_step", _("Enter the step this plan is for."))
        self._clean_scale(said)
        self._clean_rulers(said)
        changes = self.goal is not None and self.goal.is_open
        if changes and not self.errors and not self._differs():
            raise ValidationError(
                _("This is the current wording. Change something first.")
            )
        return said

    def _clean_scale(self, said):
        if not self._has_scale:
            return
        levels = [said.get(level_name(level)) for level in LEVELS]
        if any(levels) and not all(levels):
            for level in LEVELS:
                if not said.get(level_name(level)):
                    self.add_error(level_name(level), _("Describe all five levels."))
        weights = [said.get("weight_importance"), said.get("weight_difficulty")]
        if any(weights) and not all(weights):
            missing = "weight_difficulty" if weights[0] else "weight_importance"
            self.add_error(missing, _("Choose both, or leave both empty."))

    def _clean_rulers(self, said):
        for ruler in RULERS:
            more = said.get(f"{ruler}_why") or said.get(f"{ruler}_raise")
            if more and said.get(ruler) is None:
                self.add_error(ruler, _("Choose a number."))

    @property
    def _reviewed(self) -> date | None:
        """The initial review date of a change: the proposed one, else the goal's, which
        a review may have set; none if it has passed."""
        ahead = self.goal.review_on
        is_ahead = ahead and ahead > timezone.localdate()
        return self._day_left or (ahead if is_ahead else None)

    @property
    def _day_left(self) -> date | None:
        """The review date if the field was not changed: the earlier proposal's if it is
        in the future; else None, and the goal keeps its own."""
        day = self.goal.latest.review_on if self.goal.has_proposal else None
        return day if day and day > timezone.localdate() else None

    def _day(self) -> date | None:
        """The proposed review date; None leaves the goal's unchanged."""
        day = self.cleaned_data["review_on"]
        if self.goal is None:
            return day
        if day and day == self.cleaned_data.get("review_was"):
            return self._day_left
        return None if day == self.goal.review_on else day

    def _differs(self):
        latest, content = self.goal.latest, self.content()
        day = content["review_on"]
        if content != latest.content | {"review_on": day}:
            return True
        if day != self._day_left:
            return True
        return latest.pk == self.goal.in_force_id and self.goal.differs_since

    def content(self):
        """The proposed content; fields that this side does not show are unchanged."""
        known = self.goal or self.like
        before = known.latest.content if known else {}
        said = {n: self.cleaned_data[n] for n in WORDS if n in self.fields}
        said["review_on"] = self._day()
        if self._has_scale:
            levels = [self.cleaned_data[level_name(level)] for level in LEVELS]
            said["attainment"] = joined(levels)
            for name in ("weight_importance", "weight_difficulty"):
                weight = self.cleaned_data[name]
                said[name] = int(weight) if weight else None
        return {n: v for n, v in {**before, **said}.items() if n in CONTENT}

    # -- saving ------------------------------------------------------------------

    def save(self, *, by: User) -> bool:
        return self.written(self._save, by)

    @transaction.atomic
    def _save(self, by):
        drafts.used(self, by)
        if self.goal is None:
            return self._propose(by)
        seen = self.cleaned_data["seen"]
        try:
            self.goal.propose_version(self.content(), by=by, seen=seen)
        except Overtaken:
            raise ValidationError(self._overtaken_by(by)) from None
        return self.goal

    def _overtaken_by(self, by):
        if self.goal.is_open:
            return NEWER_WORDS
        why = status.closed_because(self.goal, by)
        return format_html("{} {}", why, PROPOSE_ANEW)

    def _propose(self, by):
        once = self.cleaned_data["once"]
        twice = self.kept_before(Goal.objects.visible_to(by), self._is_said_in)
        if twice:
            return twice
        with signals.together(self.client.pk):
            goal = Goal.propose(self.client, self.content(), by=by, key=once)
            self._begin(goal, by)
        return goal

    def _is_said_in(self, goal) -> bool:
        """Whether all submitted values match this goal as it was first proposed."""
        said = self.cleaned_data
        first = goal.versions.order_by("number").first().content
        if any(first[name] != value for name, value in self.content().items()):
            return False
        step = (said.get("first_step"), said.get("cue"), said.get("plan"))
        steps = [(row.words, row.cue, row.plan) for row in goal.steps.all()]
        if step[0] and step not in steps:
            return False
        today = said.get("today")
        if today is not None and not goal.ratings.filter(value=today).exists():
            return False
        given = {
            (row.kind, row.value, row.why_not_lower, row.what_would_raise)
            for row in goal.scores.all()
        }
        return given >= {
            (name, said[name], said[f"{name}_why"], said[f"{name}_raise"])
            for name in RULERS
            if said.get(name) is not None
        }

    def _begin(self, goal, by):
        """Save the optional first step, first rating, importance and confidence."""
        said = self.cleaned_data
        if said.get("first_step"):
            plan = {"cue": said["cue"], "plan": said["plan"]}
            Step.add(goal, said["first_step"], by=by, **plan)
        if said.get("today") is not None:
            goal.rate(said["today"], by=by)
        for ruler in RULERS:
            if said.get(ruler) is not None:
                GoalScore.give(
                    goal,
                    ruler,
                    said[ruler],
                    by=by,
                    why_not_lower=said[f"{ruler}_why"],
                    what_would_raise=said[f"{ruler}_raise"],
                )


def _said(version) -> dict:
    """The submitted fields as content."""
    levels = {level_name(level): text for level, text in version.levels.items()}
    return {**version.content, **levels}
