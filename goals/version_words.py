"""The details of a version besides its wording, each with its label."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from goals.models import Goal, GoalVersion
from goals.models.version import WEIGHTS
from ui.templatetags.ui import day_words

REVIEW_ON = gettext_lazy("Review on")


def said_in(version: GoalVersion, goal: Goal | None = None) -> dict[str, str]:
    """Every field except the own words, each with its label.

    `goal`: supplies the review date of a version in effect, which a review may have
    changed.
    """
    weight = dict(WEIGHTS)
    said = {
        _("In the therapist’s words"): version.clinical_words,
        _("Why it matters"): version.why,
        _("How we will know"): version.knowing,
        _("What 0 means"): version.low_end,
        _("What 10 means"): version.high_end,
        REVIEW_ON: goal.review_on if goal else version.review_on,
    }
    for level, words in version.levels.items():
        said[_("Attainment %(level)s") % {"level": f"{level:+d}"}] = words
    if version.weight_importance is not None:
        said[_("How much it matters")] = weight[version.weight_importance]
        said[_("How hard it is")] = weight[version.weight_difficulty]
    return {label: plain(value) for label, value in said.items()}


def plain(value) -> str:
    if isinstance(value, date):
        return day_words(value)
    return str(value) if value else _("(nothing)")
