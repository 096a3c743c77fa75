"""A client's list of goals, and the agreements of each version."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from accounts import encryption
from accounts.models import User
from clients.models import Client
from goals import status
from goals.disagreement_page import with_names
from goals.models import Agreement, Goal
from goals.models.content import Side
from goals.recent_ratings import RecentRatings, recent_lines
from goals.wordings import Wordings
from portal.exercises import AT_HAND, at_hand
from portal.own import own_client


@dataclass(frozen=True)
class GoalRow:
    goal: Goal
    line: RecentRatings
    client: Client
    words: str  # the client's name for it
    then: Wordings

    @property
    def earlier(self) -> str:
        return self.line.earlier(self.goal, self.then)

    @property
    def waits_for_me(self) -> bool:
        return self.goal.waits_for == Side.CLIENT

    @property
    def standing(self):
        return status.standing(self.goal, status.Reader(Side.CLIENT), self.client)

    @property
    def mine(self) -> bool:
        """Which sides have agreed to the newest version."""
        return self.goal.waits_for == Side.THERAPIST or not self.goal.has_proposal

    @property
    def theirs(self) -> bool:
        return self.goal.waits_for == Side.CLIENT or not self.goal.has_proposal

    @property
    def early(self) -> bool:
        mine = self.line.client
        return bool(mine.ratings) and mine.is_early

    @property
    def spark(self):
        """One's own ratings; the therapist's last one is a number beside them."""
        return self.line.client.spark


@dataclass(frozen=True)
class ClosedGoal:
    goal: Goal
    client: Client

    @property
    def standing(self):
        return status.standing(self.goal, status.Reader(Side.CLIENT), self.client)

    @property
    def suggested_by(self) -> User | None:
        """Whose wording it shows, if it is the therapist's and was not agreed."""
        latest = self.goal.latest
        is_listed = self.goal.from_list and latest.number == 1
        is_mine = latest.side == Side.CLIENT or self.goal.was_mine or is_listed
        return None if self.goal.is_agreed or is_mine else latest.proposed_by


class GoalsPage:
    def __init__(self, user: User):
        client = own_client(user)
        encryption.expect(client.practice_id, [client.pk])
        goals = Goal.objects.visible_to(user).open().with_words()
        goals = goals.select_related("latest__proposed_by").order_by("created_at", "pk")
        lines = {
            line.goal_id: line for line in recent_lines([client.pk]).get(client.pk, [])
        }
        goals = status.with_past(user, with_names(user, list(goals)))
        then = Wordings.of_changed(goals, user)
        self.rows = [
            GoalRow(goal, lines[goal.pk], client, goal.called, then) for goal in goals
        ]
        closed = Goal.objects.visible_to(user).exclude(closed_at=None).with_words()
        mine = Agreement.objects.filter(version=OuterRef("latest"), side=Side.CLIENT)
        closed = closed.annotate(was_mine=Exists(mine))  # agreed to once
        closed = closed.select_related("latest__proposed_by").order_by(
            "-closed_at", "-pk"
        )
        closed = with_names(user, list(closed))
        self.closed = [ClosedGoal(goal, client) for goal in closed]
        practice = list(at_hand(user)[: AT_HAND + 1])
        self.practice, self.more_practice = practice[:AT_HAND], practice[AT_HAND:]
