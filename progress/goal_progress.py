"""How far somebody has come over all their goals, each figure with what it means."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings

from accounts import encryption
from accounts.models import User
from clients.models import Client
from goals.gas import t_score
from goals.models import Goal, GoalRating, GoalScore
from goals.models.content import Side
from goals.outcomes import GoalProgress, mean_progress
from goals.voices import counted


@dataclass
class GoalChange:
    """One goal: the first and the latest rating of each side (0 to 10), and the levels
    of its scale.

    `first` and `latest` are the client's ratings, and the therapist's only where the
    client gave none: the two are never paired with each other.
    """

    goal: Goal
    rated: dict[str, list[int]] = field(default_factory=dict)
    level_first: int | None = None
    level_latest: int | None = None

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
    def is_scaled(self) -> bool:
        return bool(self.goal.shown.attainment)


@dataclass(frozen=True)
class Attained:
    """T over the goals with a scale: at first, now, and the change in points."""

    goals: int
    baseline: float
    now: float

    @property
    def change(self) -> float:
        return self.now - self.baseline


class ClientProgress:
    """All goals but those never taken on, in five queries.

    A goal rated once is not paired and left out of the mean.
    """

    def __init__(self, client: Client, user: User):
        encryption.expect(client.practice_id, [client.pk])
        self.threshold = settings.GOAL_CHANGE_THRESHOLD
        self.is_own = user.is_client  # read by whose goals they are
        rows = Goal.objects.visible_to(user).filter(client=client).with_words()
        rows = rows.exclude(ended_as__in=[Goal.Ended.TAKEN_BACK, Goal.Ended.DECLINED])
        goals = {goal.pk: GoalChange(goal) for goal in rows.order_by("created_at")}
        ratings = GoalRating.objects.visible_to(user).filter(goal__in=goals).standing()
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
        for pk, value in scores.order_by("at").values_list("goal_id", "value"):
            if goals[pk].level_first is None:
                goals[pk].level_first = value
            goals[pk].level_latest = value
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
        """None where no goal has a scale and a level on it."""
        scaled = [
            goal
            for goal in self.goals
            if goal.is_scaled and goal.level_first is not None
        ]
        weights = [goal.goal.shown.weight for goal in scaled]
        baseline = t_score([goal.level_first for goal in scaled], weights)
        now = t_score([goal.level_latest for goal in scaled], weights)
        if baseline is None or now is None:
            return None
        return Attained(len(scaled), baseline, now)
