"""A client's goals with ratings and steps, as the client page shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import Q, TextField, UUIDField
from django.db.models.functions import Cast
from django.utils import timezone

from clients.models import Client
from clients.prepared import prepared_for_user
from database.prepared import many
from goals import status
from goals.models import Goal, GoalRating, Step
from goals.models.content import Side
from goals.voices import BOTH, counted, voice
from goals.wordings import Wordings
from ui.charts.words import ENOUGH

RATINGS = 3_000  # of all open goals, in the chart
GOALS = {"goals": many(UUIDField())}


@prepared_for_user(**GOALS)
def _ratings(user, goals):
    rows = GoalRating.objects.visible_to(user).filter(goal=goals).not_withdrawn()
    key = Cast("goal_id", TextField())
    newest = rows.order_by("-at", "-pk").values_list(
        key, *LaneRating._fields[1:-1], Q(by=user, from_list=False)
    )
    return newest[: RATINGS + 1]


@prepared_for_user(**GOALS)
def _steps(user, goals):
    return Step.objects.visible_to(user).not_dropped().filter(goal=goals)


class LaneRating(NamedTuple):
    """A rating as the chart needs it; a page has hundreds."""

    goal: str  # its id as text: hundreds of UUIDs are slower to create than to compare
    value: int
    at: datetime
    side: str
    from_list: bool  # imported
    own: bool  # given by the reader


@dataclass
class OpenGoal:
    """A goal with its ratings (oldest first) and steps."""

    goal: Goal
    ratings: list[LaneRating] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    then: Wordings | None = None
    accepted: str = ""  # its status for the page's reader

    @property
    def words(self) -> str:
        return self.goal.called

    def of(self, side: str) -> list[LaneRating]:
        return [rating for rating in self.ratings if rating.side == side]

    def voice(self, side: str, client: Client) -> str:
        """The side's label, given who rated; an import names nobody."""
        given = self.of(side)
        own = side != Side.CLIENT and all(rating.own for rating in given)
        listed = bool(given) and all(rating.from_list for rating in given)
        return voice(side, client, portal=False, own=own, listed=listed)

    @property
    def client(self) -> LaneRating | None:
        """The client's own last rating."""
        mine = self.of(Side.CLIENT)
        return mine[-1] if mine else None

    @property
    def series(self) -> list[tuple[str, LaneRating, LaneRating | None, bool]]:
        """For each side that rated, the client first: side, last rating, the one before
        if given to the same wording, and whether these are for an earlier wording."""
        found = [(side, self.of(side)) for side in BOTH if self.of(side)]
        return [
            (side, last, self._same(before, last), self.was_before(last))
            for side, [*before, last] in found
        ]

    def _same(self, before: list[LaneRating], last: LaneRating) -> LaneRating | None:
        same = before and self.was_before(before[-1]) == self.was_before(last)
        return before[-1] if same else None

    def was_before(self, rating: LaneRating) -> bool:
        """Whether it was given to an earlier wording."""
        then = self.then
        return bool(then and then.is_earlier(self.goal, rating.at, rating.side))

    @property
    def changed_at(self) -> datetime | None:
        """Since when it has its current wording, if it was rated before."""
        since = self.then and self.then.since(self.goal)
        return since if since and self.ratings[0].at < since else None

    @property
    def early(self) -> bool:
        """Whether neither side rated on enough days for a trend."""
        given = {side: self._days(side) for side in BOTH}
        return len(given.get(counted(given), ())) < ENOUGH

    def _days(self, side: str) -> set[date]:
        return {timezone.localtime(rating.at).date() for rating in self.of(side)}

    @property
    def reached(self) -> int:
        return sum(1 for step in self.steps if step.reached_at)

    @property
    def came_in(self) -> str:
        return status.came_in(self.goal)

    @property
    def waits_for_me(self) -> bool:
        return self.goal.waits_for == Side.THERAPIST


def goal_lines(goals: list[Goal], user) -> list[OpenGoal]:
    """These goals with ratings and steps, in two queries, plus two if any were
    reworded."""
    lines = {goal.pk: OpenGoal(goal) for goal in goals}
    by_key = {str(pk): line for pk, line in lines.items()}
    newest = list(_ratings(user, goals=list(lines)))[:RATINGS]
    for rating in map(LaneRating._make, reversed(newest)):
        by_key[rating.goal].ratings.append(rating)
    then = Wordings.of_changed([goal for goal in goals if lines[goal.pk].ratings], user)
    for line in lines.values():
        line.then = then
    for step in _steps(user, goals=list(lines)):
        lines[step.goal_id].steps.append(step)
    return list(lines.values())
