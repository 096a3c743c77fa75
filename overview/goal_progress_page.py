"""How far somebody has come over all their goals, each figure with what it means."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings

from accounts import encryption
from accounts.models import User
from clients.models import Client
from goals.disagreement_page import with_names
from goals.gas import t_score
from goals.models import Goal, GoalRating, GoalScore
from goals.models.content import Side
from goals.outcomes import GoalProgress, mean_progress
from goals.voices import counted


@dataclass
class GoalChange:
    """One goal: the first and the latest rating of each side (0 to 10), and each side's
    levels on its scale (-2 to +2) in their order.

    `first` and `latest` are the client's ratings, and the therapist's only where the
    client gave none: the two are never paired with each other.  Levels likewise.
    """

    goal: Goal
    rated: dict[str, list[int]] = field(default_factory=dict)
    levels: dict[str, list[int]] = field(default_factory=dict)

    @property
    def side(self) -> str:
        """Whose ratings count here; '' where nobody rated."""
        return counted(self.rated)

    @property
    def counts_the_client(self) -> bool:
        return self.side == Side.CLIENT

    @property
    def first(self) -> int | None:
        return self.rated[self.side][0] if self.side else None

    @property
    def latest(self) -> int | None:
        """None where it was rated once."""
        given = self.rated.get(self.side, [])
        return given[-1] if len(given) > 1 else None

    @property
    def change(self) -> int | None:
        if self.first is None or self.latest is None:
            return None
        return self.latest - self.first

    @property
    def level_side(self) -> str:
        """Whose levels count here; '' where nobody gave one, or there is no scale."""
        return counted(self.levels) if self.goal.shown.attainment else ""

    @property
    def level_pair(self) -> tuple[int, int] | None:
        """The first and the latest level of one side; None where it gave fewer."""
        given = self.levels.get(self.level_side, [])
        return (given[0], given[-1]) if len(given) > 1 else None


@dataclass(frozen=True)
class Attained:
    """T over the goals with two levels of one side: at first, now, and the change.

    `from_therapist`: of how many goals they are the therapist's; `left_out`: goals with
    one level only.
    """

    goals: int
    from_therapist: int
    left_out: int
    baseline: float
    now: float

    @property
    def change(self) -> float:
        return self.now - self.baseline


class GoalProgressPage:
    """All goals but those never taken on, in five queries.

    A goal rated once is not paired and left out of the mean.
    """

    def __init__(self, client: Client, user: User):
        encryption.expect(client.practice_id, [client.pk])
        self.threshold = settings.GOAL_CHANGE_THRESHOLD
        self.is_own = user.is_client  # read by whose goals they are
        rows = Goal.objects.visible_to(user).filter(client=client).with_words()
        rows = rows.exclude(ended_as__in=[Goal.Ended.TAKEN_BACK, Goal.Ended.DECLINED])
        rows = with_names(user, rows.order_by("created_at", "pk"))
        goals = {goal.pk: GoalChange(goal) for goal in rows}
        ratings = (
            GoalRating.objects.visible_to(user).filter(goal__in=goals).not_withdrawn()
        )
        ends = ratings.distinct("goal_id", "side")  # the first and the latest of each
        ends = ends.values_list("goal_id", "side", "pk", "value")
        first = {
            row[:3]: row[3] for row in ends.order_by("goal_id", "side", "at", "pk")
        }
        latest = {
            row[:3]: row[3] for row in ends.order_by("goal_id", "side", "-at", "-pk")
        }
        for (pk, side, _rating), value in (first | latest).items():
            goals[pk].rated.setdefault(side, []).append(value)
        scores = GoalScore.objects.visible_to(user).filter(
            goal__in=goals, kind=GoalScore.Kind.ATTAINMENT
        )
        levels = scores.order_by("at", "pk").values_list("goal_id", "side", "value")
        for pk, side, value in levels:
            goals[pk].levels.setdefault(side, []).append(value)
        self.goals = list(goals.values())

    @property
    def mean(self) -> GoalProgress:
        pairs = [(goal.first, goal.latest) for goal in self.goals]
        return mean_progress(pairs, threshold=self.threshold)

    @property
    def paired(self) -> list[GoalChange]:
        return [goal for goal in self.goals if goal.change is not None]

    @property
    def from_therapist(self) -> int:
        """Of how many goals the mean uses the therapist's ratings."""
        return sum(not goal.counts_the_client for goal in self.paired)

    @property
    def unpaired(self) -> int:
        return len(self.goals) - self.mean.n

    @property
    def attained(self) -> Attained | None:
        """None where no goal has two levels of one side."""
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
        """The goals that somebody placed on their scale."""
        return [goal for goal in self.goals if goal.level_side]
