"""Goal progress of a client over all goals, each figure with its meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.fields.array import IndexTransform
from django.db.models import Count, IntegerField, Max, Min, Q
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from accounts import encryption
from accounts.models import User
from clients.models import Client
from goals import status
from goals.disagreement_page import with_names
from goals.gas import t_score
from goals.models import Goal, GoalRating, GoalScore
from goals.models.content import Side
from goals.outcomes import GoalProgress, mean_progress
from goals.voices import BOTH, counted
from goals.wordings import Wordings
from ui.charts.words import ENOUGH


class SideRatings(NamedTuple):
    """One side's ratings: count, number of days, the last rating of the first day, the
    latest, and how many were imported."""

    times: int
    days: int
    first: int
    last: int
    from_list: int
    began: datetime
    ended: datetime

    @property
    def is_listed(self) -> bool:
        """Whether all were imported, which names nobody."""
        return self.from_list == self.times


@dataclass
class GoalChange:
    """One goal: each side's ratings (0 to 10) and attainment levels (-2 to +2), in
    order.

    `first` and `latest` are ratings of one side (`voices.counted`), never of both. The
    same for levels.
    """

    goal: Goal
    rated: dict[str, SideRatings] = field(default_factory=dict)
    levels: dict[str, list[int]] = field(default_factory=dict)
    then: Wordings | None = None

    @property
    def side(self) -> str:
        """Whose ratings are used; '' if nobody rated."""
        return counted({side: range(one.days) for side, one in self.rated.items()})

    @property
    def counts_the_client(self) -> bool:
        return self.side == Side.CLIENT

    @property
    def _counted(self) -> SideRatings | None:
        given = self.rated.get(self.side)
        return given if given and given.days >= ENOUGH else None

    @property
    def first(self) -> int | None:
        """None if no side rated on enough days."""
        return self._counted.first if self._counted else None

    @property
    def latest(self) -> int | None:
        return self._counted.last if self._counted else None

    @property
    def is_counted(self) -> bool:
        """Whether the mean includes it: not if the goal was never agreed to."""
        return self.change is not None and self.goal.was_agreed

    @property
    def few(self) -> list[tuple[bool, SideRatings, str]]:
        """For each side that rated too little to compare: whether it is the client's,
        and whether that was for an earlier wording. Only the client's if those are
        enough."""
        return [
            (side == Side.CLIENT, self.rated[side], self._earlier(side))
            for side in BOTH
            if side in self.rated and self.rated[side].days < ENOUGH
            if self.change is None or side == Side.CLIENT
        ]

    @property
    def from_list(self) -> int:
        """How many of that side's ratings were imported, if there are others."""
        return sum(one.from_list for one in self.rated.values() if not one.is_listed)

    @property
    def earlier(self) -> str:
        """Whether a compared rating was for an earlier wording."""
        return self._earlier(self.side) if self._counted else ""

    def _earlier(self, side: str) -> str:
        given = self.rated[side]
        if not self.then:
            return ""
        if self.then.is_earlier(self.goal, given.ended, side):
            return _("For an earlier wording.")
        was = self.then.is_earlier(self.goal, given.began, side)
        return _("Partly for an earlier wording.") if was else ""

    @property
    def is_listed(self) -> bool:
        """Whether all compared ratings were imported."""
        return bool(self._counted and self._counted.is_listed)

    @property
    def change(self) -> int | None:
        if self.first is None or self.latest is None:
            return None
        return self.latest - self.first

    @property
    def level_side(self) -> str:
        """Whose levels are used; '' if there are none, no scale, or it was never agreed
        to."""
        is_agreed = self.goal.was_agreed and self.goal.shown.attainment
        return counted(self.levels, 2) if is_agreed else ""

    @property
    def level_pair(self) -> tuple[int, int] | None:
        """One side's first and latest level; None if it gave fewer than two."""
        given = self.levels.get(self.level_side, [])
        return (given[0], given[-1]) if len(given) > 1 else None


@dataclass(frozen=True)
class Attained:
    """T scores over goals with two levels by one side: first, now, and change.

    `from_therapist`: for how many goals the therapist's levels are used; `left_out`:
    goals with only one level.
    """

    goals: int
    from_therapist: int
    left_out: int
    baseline: float
    now: float

    @property
    def change(self) -> float:
        return self.now - self.baseline


def _rated(ratings, user: User) -> dict[tuple, SideRatings]:
    """By goal and side; one query for any number of ratings."""
    days = ratings.annotate(day=TruncDate("at", tzinfo=user.zone)).order_by()
    rows = days.values_list("goal_id", "side").annotate(
        times=Count("pk"),
        days=Count("day", distinct=True),
        first=_first_by("day", "-at", "-pk"),
        last=_first_by("-at", "-pk"),
        from_list=Count("pk", filter=Q(from_list=True)),
        began=Min("at"),
        ended=Max("at"),
    )
    return {(goal_id, side): SideRatings(*rest) for goal_id, side, *rest in rows}


def _first_by(*order) -> IndexTransform:
    """The first value in that order."""
    return IndexTransform(1, IntegerField(), ArrayAgg("value", order_by=order))


class GoalProgressPage:
    """All goals except those never taken on, in four queries.

    The mean leaves out goals that no side rated on three days, and those never agreed
    to.
    """

    def __init__(self, client: Client, user: User):
        encryption.expect(client.practice_id, [client.pk])
        self.threshold = settings.GOAL_CHANGE_THRESHOLD
        self.is_own = user.is_client  # the reader is the client
        rows = Goal.objects.visible_to(user).filter(client=client).with_words()
        rows = rows.exclude(ended_as__in=[Goal.Ended.TAKEN_BACK, Goal.Ended.DECLINED])
        rows = rows.annotate(was_agreed=status.was_agreed())
        rows = with_names(user, rows.order_by("created_at", "pk"))
        goals = {goal.pk: GoalChange(goal) for goal in rows}
        ratings = (
            GoalRating.objects.visible_to(user).filter(goal__in=goals).not_withdrawn()
        )
        for (pk, side), rated in _rated(ratings, user).items():
            goals[pk].rated[side] = rated
        rated = [one.goal for one in goals.values() if one.rated]
        then = Wordings.of_changed(rated, user)
        for one in goals.values():
            one.then = then
        scores = GoalScore.objects.visible_to(user).filter(
            goal__in=goals, kind=GoalScore.Kind.ATTAINMENT
        )
        levels = scores.order_by("at", "pk").values_list("goal_id", "side", "value")
        for pk, side, value in levels:
            goals[pk].levels.setdefault(side, []).append(value)
        self.goals = list(goals.values())

    @property
    def mean(self) -> GoalProgress:
        pairs = [(goal.first, goal.latest) for goal in self.paired]
        return mean_progress(pairs, threshold=self.threshold)

    @property
    def paired(self) -> list[GoalChange]:
        return [goal for goal in self.goals if goal.is_counted]

    @property
    def from_therapist(self) -> int:
        """For how many goals the mean uses the therapist's ratings."""
        return sum(not goal.counts_the_client for goal in self.paired)

    @property
    def never_agreed(self) -> int:
        return sum(not goal.goal.was_agreed for goal in self.goals)

    @property
    def too_few(self) -> int:
        """How many agreed goals no side rated on enough days."""
        return len(self.goals) - self.never_agreed - len(self.paired)

    @property
    def attained(self) -> Attained | None:
        """None if no goal has two levels by one side."""
        paired = [goal for goal in self.with_levels if goal.level_pair]
        weights = [goal.goal.shown.weight for goal in paired]
        baseline = t_score([goal.level_pair[0] for goal in paired], weights)
        now = t_score([goal.level_pair[1] for goal in paired], weights)
        if baseline is None or now is None:
            return None
        return Attained(
            goals=len(paired),
            from_therapist=sum(goal.level_side != Side.CLIENT for goal in paired),
            left_out=len(self.with_levels) - len(paired),
            baseline=baseline,
            now=now,
        )

    @property
    def with_levels(self) -> list[GoalChange]:
        """Goals with at least one attainment level."""
        return [goal for goal in self.goals if goal.level_side]
