"""The client's home page: next session, requests, takeaway."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import DateField, DateTimeField, Exists, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone

from accounts import encryption
from accounts.models import User
from appointments.models import TherapySession
from clients.models import ContactPreferences
from clients.prepared import prepared_for_user
from clients.sides import CLIENTS
from clients.telling import notices
from database.prepared import first
from goals import signal_words, status
from goals.disagreement_page import with_names
from goals.models import Goal, GoalRating, GoalVersion, Step
from goals.models.content import Side
from goals.to_change import to_change
from goals.wordings import Wordings
from portal.exercises import to_answer
from portal.own import own_client_therapist_and_news
from portal.sessions_page import door_is_open
from portal.signal_words import DECIDED, WATCHED
from toolkit.models import Assignment

AGREE, PRACTISE, RATE, LOOK = 2, 10, 1, 5  # minutes; what is only to read has none
MOST_ASKS = 3  # at a time
RATE_EVERY = timedelta(days=7)
TOLD_FOR = timedelta(days=14)  # how long a review decision is shown here


@dataclass(frozen=True)
class Ask:
    """One request: its kind, its row, and the minutes it takes."""

    kind: str
    row: Goal | Assignment | None
    minutes: int
    watch: signal_words.Watch | None = None

    @property
    def url(self) -> str:
        if self.kind == "change":
            return reverse("portal-goal-propose", args=[self.row.pk])
        if self.kind == "ritual":
            return reverse("portal-goal-reached", args=[self.row.pk])
        if self.watch:
            return self.watch.address(CLIENTS)
        place = "#rate" if self.kind == "rate" else ""
        return reverse("portal-goal", args=[self.row.pk]) + place

    @property
    def is_listed(self) -> bool:
        """Whether nobody proposed this wording: it was imported."""
        return self.row.from_list and self.row.latest.number == 1

    @property
    def words(self) -> str:
        """The text of a request about a goal."""
        return (WATCHED | DECIDED).get(self.kind, signal_words.OTHER)


@dataclass(frozen=True)
class Good:
    """One positive thing: a step reached, else a goal agreed, else a rating."""

    kind: str
    goal: Goal
    steps: list[Step]
    words: str = ""  # the goal's wording when it was rated

    @property
    def step(self) -> Step:
        return max(filter(_reached, self.steps), key=_reached)

    @property
    def laid(self) -> int:
        return sum(1 for step in self.steps if step.reached_at)

    @property
    def stones(self) -> list[dict]:
        return [{"reached": step.reached_at} for step in self.steps]


def _reached(step: Step) -> datetime | None:
    return step.reached_at


def part_of_day(hour: int) -> str:
    if 5 <= hour < 12:
        return "morning"
    if 12 <= hour < 18:
        return "afternoon"
    return "evening" if 18 <= hour < 23 else "night"


@prepared_for_user(since=DateTimeField(), today=DateField())
def _goals(user, since, today):
    """With both wordings and one's own last rating, oldest goal first; including
    recently closed ones."""
    change = to_change(Goal.objects.filter(pk=OuterRef("pk")), today)
    mine = GoalRating.objects.filter(goal=OuterRef("pk"), side=Side.CLIENT)
    mine = mine.not_withdrawn().order_by("-at", "-pk")
    # Versions newer than the pending one: they were declined or withdrawn.
    newer = GoalVersion.objects.filter(
        goal=OuterRef("pk"), number__gt=OuterRef("latest__number")
    )
    goals = Goal.objects.visible_to(user).with_words()
    goals = goals.filter(Q(closed_at=None) | Q(closed_at__gte=since))
    return (
        goals.select_related("latest__proposed_by")
        .annotate(
            my_last=Subquery(mine.values("at")[:1]),
            my_value=Subquery(mine.values("value")[:1]),
            has_newer=Exists(newer),
            wants_change=Exists(change),
        )
        .order_by("created_at", "pk")
    )


@prepared_for_user(now=DateTimeField())
def _next_session(user, now):
    rows = TherapySession.objects.visible_to(user).upcoming(now)
    rows = rows.select_related("therapist").defer("take_away")
    return rows.order_by("starts_at", "pk")[:1]


@prepared_for_user()
def _last_session(user):
    rows = TherapySession.objects.visible_to(user).held()
    return rows.select_related("therapist").order_by("-starts_at", "-pk")[:1]


@prepared_for_user()
def _newest_cairn(user):
    """All steps of the goal whose step was reached last."""
    reached = Step.objects.visible_to(user).exclude(reached_at=None)
    newest = reached.filter(goal__closed_at=None).order_by("-reached_at", "-pk")
    steps = Step.objects.visible_to(user).not_dropped()
    return steps.filter(goal=Subquery(newest.values("goal_id")[:1]))


class HomePage:
    """Attributes are read once; the page takes at most ten queries."""

    def __init__(self, user: User, *, everything: bool = False):
        """`everything`: all requests, not only the first few."""
        self.user, self.now = user, timezone.now()
        found = own_client_therapist_and_news(user)
        self.client, self.therapist, has_notices = found
        encryption.expect(self.client.practice_id, [self.client.pk])
        self.next = first(_next_session(user, now=self.now))
        self.last = first(_last_session(user))
        goals = _goals(user, since=self.now - TOLD_FOR, today=user.today())
        self.goals = [goal for goal in goals if goal.is_open]
        self.closed = [goal for goal in goals if not goal.is_open]
        status.with_past(user, with_names(user, goals))
        found = self._asks()
        most = len(found) if everything else MOST_ASKS
        self.asks, self.more_asks = found[:most], len(found[most:])
        self.good = self._good()
        self.notices = notices(user) if has_notices else []

    @property
    def is_new(self) -> bool:
        return not (self.goals or self.next or self.last or self.asks)

    @property
    def door_is_open(self) -> bool:
        return door_is_open(self.next)

    @property
    def part_of_day(self) -> str:
        return part_of_day(self.now.astimezone(self.user.zone).hour)

    @property
    def minutes(self) -> int:
        return sum(ask.minutes for ask in self.asks)

    def _asks(self) -> list[Ask]:
        """Agreements first, then exercises, then ratings."""
        keys = [goal for goal in self.goals if goal.waits_for == Side.CLIENT]
        rated_since = self.now - RATE_EVERY
        asks = [Ask("agree", goal, AGREE) for goal in keys]
        asks += [Ask("practise", row, PRACTISE) for row in to_answer(self.user)]
        asks += self._watched(keys)
        asks += [
            Ask("rate", goal, RATE)
            for goal in self.goals
            if goal.is_agreed and goal not in keys
            if not (goal.my_last and goal.my_last > rated_since)
        ]
        return asks

    def _watched(self, keys: list[Goal]) -> list[Ask]:
        """A due or open review, a comment not discussed, and a question about a goal
        without activity."""
        by_id = {goal.pk: goal for goal in (*self.goals, *self.closed)}
        found = signal_words.watch(self.user, [self.client.pk])
        found.sort(key=lambda one: signal_words.rank(one.kind))
        asks = {
            goal.pk: Ask("change", goal, LOOK)
            for goal in self.goals
            if goal.wants_change and goal not in keys
        }
        said: dict[UUID, set[str]] = defaultdict(set)
        for goal_id in asks:
            said[goal_id].add("change")
        for one in found:
            goal = by_id.get(one.goal_id)
            if one.kind == "strength":
                asks.setdefault(one.kind, Ask(one.kind, None, AGREE, one))
            elif one.kind == "correction":
                asks.setdefault(one.kind, Ask(one.kind, None, 0, one))
            elif goal and self._is_shown(one.kind, goal, goal in keys, said[goal.pk]):
                kind = self._with_ritual(one.kind)
                said[goal.pk].add(one.kind)
                is_told = kind in signal_words.TOLD
                asks[goal.pk, kind] = Ask(kind, goal, LOOK * (not is_told), one)
        return list(asks.values())

    def _is_shown(self, kind: str, goal: Goal, is_key: bool, said: set[str]) -> bool:
        """All requests and news about a goal, except those another line covers; a
        question only if there is nothing else."""
        if said & signal_words.SAID_BY.get(kind, frozenset()):
            return False
        if kind in signal_words.WITHDRAWN and goal.was_withdrawn and is_key:
            return False
        if is_key:
            return kind in (*signal_words.TOLD, *signal_words.REVIEWS)
        return kind not in signal_words.QUIET or not said

    def _with_ritual(self, kind: str) -> str:
        """A goal reached by the therapist's answer also gets its celebration."""
        if kind != "decided-reached":
            return kind
        mine = ContactPreferences.objects.visible_to(self.user).filter(
            client=self.client
        )
        ritual = mine.filter(celebrates=ContactPreferences.Celebrates.RITUAL).exists()
        return "ritual" if ritual else kind

    def _good(self) -> Good | None:
        by_id = {goal.pk: goal for goal in self.goals}
        steps = _newest_cairn(self.user)
        if steps:
            return Good("step", by_id[steps[0].goal_id], steps)
        agreed = [goal for goal in self.goals if goal.in_force_at]
        if agreed:
            return Good("agreed", max(agreed, key=lambda goal: goal.in_force_at), [])
        rated = [goal for goal in self.goals if goal.my_last]
        if rated:
            goal = max(rated, key=lambda goal: goal.my_last)
            then = Wordings.before([goal], goal.my_last, self.user)
            words = then.words_then(goal, goal.my_last, Side.CLIENT)
            return Good("rated", goal, [], words)
        return None
