"""A client's timeline, which both sides can read and print.

Frequent events are summarized by month: ratings of a goal by the first and last,
sessions by their number. So a year fits on a few pages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from operator import attrgetter, itemgetter
from typing import NamedTuple

from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from accounts import encryption
from accounts.models import User
from appointments.models import TherapySession
from clients.models import Client
from goals import status
from goals.models import (
    Agreement,
    Goal,
    GoalMove,
    GoalRating,
    GoalVersion,
    Step,
    Strength,
    Win,
)
from goals.voices import BOTH, voice
from goals.wordings import DIFFERENCES, Wordings
from notes.models import ProgressNote
from overview.timeline_events import Event, happened
from ui.charts.axis import SessionMark
from ui.charts.chart import Chart
from ui.charts.timeline import Lane, ReachedStep, timeline_chart
from ui.charts.words import ENOUGH, Point, label_of, last_of_each_day


class Since(models.TextChoices):
    QUARTER = "quarter", gettext_lazy("Three months")
    YEAR = "year", gettext_lazy("A year")
    ALL = "all", gettext_lazy("All time")


MOST = 500  # newest wins and reached steps shown
MOST_RATINGS = 3_000
FIRST, LISTED = itemgetter(0), attrgetter("from_list")

SPANS = {Since.QUARTER: timedelta(weeks=13), Since.YEAR: timedelta(weeks=53)}


@dataclass
class Month:
    first: date
    events: list[Event]
    held: int = 0
    missed: int = 0


class RatedOn(NamedTuple):
    """A rating, 0 to 10, with date and time; `from_list`: it was imported, which names
    nobody."""

    day: date
    value: int
    at: datetime
    from_list: bool


class MonthlySeries(NamedTuple):
    """One side's ratings, oldest first, and that side's label; `daily` has the last of
    each day."""

    name: str
    values: list[int]
    daily: list[int]
    from_list: int  # how many were imported, if there are others
    earlier: int  # how many were for an earlier wording

    @property
    def first(self) -> int:
        return self.daily[0]

    @property
    def last(self) -> int:
        return self.daily[-1]

    @property
    def is_early(self) -> bool:
        return len(self.daily) < ENOUGH


@dataclass
class GoalOnTimeline:
    """A goal with each side's ratings and the agreed wordings, oldest first; `names`
    are the labels of both sides.

    `wordings` names it: ("", wording), or each side with its wording if the two see it
    differently.
    """

    goal: Goal
    client: Client
    names: tuple[str, str]
    rated: dict[str, list[RatedOn]] = field(default_factory=dict)
    agreed: list[tuple[date, GoalVersion]] = field(default_factory=list)
    wordings: list[tuple[str, str]] = field(default_factory=list)
    then: Wordings | None = None

    @property
    def words(self) -> str:
        return self.wordings[0][1]

    @property
    def series(self) -> list[MonthlySeries]:
        """Each side that rated, the client first."""
        return [
            MonthlySeries(
                name,
                [one.value for one in self.rated[side]],
                [one.value for one in last_of_each_day(self.rated[side], FIRST)],
                0 if self.is_listed(side) else sum(map(LISTED, self.rated[side])),
                sum(self.is_earlier(one.at, side) for one in self.rated[side]),
            )
            for side, name in zip(BOTH, self.voices, strict=True)
            if side in self.rated
        ]

    def is_earlier(self, at: datetime, side: str) -> bool:
        return bool(self.then and self.then.is_earlier(self.goal, at, side))

    def is_listed(self, side: str) -> bool:
        """Whether all ratings of that side were imported, which names nobody."""
        return side in self.rated and all(map(LISTED, self.rated[side]))

    @property
    def voices(self) -> tuple[str, str]:
        """The label of each side's ratings."""
        first, second = (
            voice(side, self.client, portal=False, listed=True)
            if self.is_listed(side)
            else name
            for side, name in zip(BOTH, self.names, strict=True)
        )
        return first, second

    @property
    def agreed_on(self) -> date | None:
        return self.agreed[0][0] if self.agreed else None

    @property
    def standing(self) -> SafeString:
        """The goal's status, worded as on every page."""
        return status.stands(self.goal, self.client, "short")

    @property
    def was_agreed_before(self) -> bool:
        """Whether `standing` leaves out when it was first agreed."""
        is_told = self.goal.is_open and self.goal.in_force_id
        return len(self.agreed) > 1 or bool(self.agreed and not is_told)

    @property
    def changed_on(self) -> date | None:
        """When the current wording was agreed to, if there was an earlier one."""
        new = [
            day
            for (_day, before), (day, version) in pairwise(self.agreed)
            if version.own_words != before.own_words
        ]
        return new[-1] if new else None


class TimelinePage:
    """Read in ten queries; text from before the period is not decrypted."""

    def __init__(
        self, client: Client, user: User, wanted: str = "", *, with_notes: bool = False
    ):
        self.client, self.user, self.today = client, user, user.today()
        self.with_notes = with_notes and user.is_therapist
        self.is_cut = False  # whether old events are left out
        encryption.expect(client.practice_id, [client.pk])
        self._read()
        self.since = self._window(wanted)

    @cached_property
    def names(self) -> tuple[str, str]:
        """The same for both sides: it is one printed sheet."""
        client, therapist = (voice(side, self.client, portal=False) for side in BOTH)
        return client, therapist

    # -- queries -----------------------------------------------------------------

    def _mine(self, model):
        return model.objects.visible_to(self.user).filter(client=self.client)

    def day_of(self, at: datetime) -> date:
        return at.astimezone(self.user.zone).date()

    def _read(self) -> None:
        goals = self._mine(Goal).with_words().order_by("created_at", "pk")
        self.lines = {
            goal.pk: GoalOnTimeline(goal, self.client, self.names) for goal in goals
        }
        self._read_agreements()
        ratings = self._mine(GoalRating).not_withdrawn().order_by("-at", "-pk")
        ratings = ratings.values_list("goal_id", "side", "at", "value", "from_list")
        for goal_id, side, at, *said in self._newest(ratings, MOST_RATINGS):
            given = self.lines[goal_id].rated.setdefault(side, [])
            given.append(RatedOn(self.day_of(at), said[0], at, said[1]))
        reached = self._mine(Step).exclude(reached_at=None)
        self.steps = self._newest(reached.order_by("-reached_at", "-pk"))
        wins = self._mine(Win).not_withdrawn().order_by("-happened_on", "-at", "-pk")
        self.wins = self._newest(wins)
        self.strengths = list(self._mine(Strength).accepted().order_by("at", "pk"))
        sessions = self._mine(TherapySession).filter(state__in=["held", "missed"])
        self.all_sessions = list(sessions.order_by("starts_at", "pk"))
        self.notes = self._notes() if self.with_notes else []

    def _newest(self, rows, most: int = MOST) -> list:
        """The newest of these rows, up to a limit, oldest first."""
        found = list(rows[: most + 1])
        self.is_cut |= len(found) > most
        return found[:most][::-1]

    def _notes(self) -> list[tuple[datetime, datetime]]:
        """Of one's own signed notes: session date and signing date."""
        rows = self._mine(ProgressNote).filter(author=self.user).signed()
        rows = rows.order_by("session__starts_at", "pk")
        return list(rows.values_list("session__starts_at", "signed_at"))

    def _read_agreements(self) -> None:
        """A version is in effect from the time of the second agreement."""
        keys = self._mine(Agreement).select_related("version", "taken_back")
        keys = keys.with_declined()
        moves = self._mine(GoalMove).filter(kind__in=DIFFERENCES)
        self.wordings = Wordings(keys, moves)
        for goal_id, line in self.lines.items():
            agreed = self.wordings.agreed.get(goal_id, [])
            line.goal.last_agreed = agreed[-1][1] if agreed else None
            line.agreed, line.then = self._dated(agreed), self.wordings
            line.wordings = self._named(line)
        status.with_past(self.user, [line.goal for line in self.lines.values()])

    def _named(self, line: GoalOnTimeline) -> list[tuple[str, str]]:
        """One name for both sides, or each side's own."""
        now = timezone.now()
        said = [self.words_at(line, now, side) for side in BOTH]
        if line.goal.is_differing_only and len(set(said)) > 1:
            return list(zip(BOTH, said, strict=True))
        return [("", said[0] if line.goal.is_open else self.words_at(line, now))]

    def _dated(self, moments) -> list[tuple[date, GoalVersion]]:
        return [(self.day_of(at), version) for at, version in moments]

    def words_at(self, line: GoalOnTimeline, at: datetime, side: str = "") -> str:
        """The goal's wording then; that side's, if the two saw it differently."""
        goal = line.goal
        return self.wordings.at(goal.pk, at, side) or goal.latest.own_words

    # -- the period shown --------------------------------------------------------

    @cached_property
    def begun(self) -> date:
        """The first date with an event."""
        days = [line.agreed_on for line in self.lines.values() if line.agreed]
        days += [
            one.day
            for line in self.lines.values()
            for given in line.rated.values()
            for one in given
        ]
        days += [self.day_of(session.starts_at) for session in self.all_sessions[:1]]
        days += [self.day_of(step.reached_at) for step in self.steps[:1]]
        days += [self.day_of(row.at) for row in (*self.wins, *self.strengths)]
        return min(days, default=self.today)

    def _window(self, wanted: str) -> date:
        """The start of the period: a year, or all if that is shorter."""
        self.shown = wanted if wanted in Since.values else Since.YEAR
        span = SPANS.get(self.shown)
        return max(self.begun, self.today - span) if span else self.begun

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The periods shorter than everything, and everything."""
        age = self.today - self.begun
        spans = [span for span, length in SPANS.items() if length < age]
        return [(one.value, one.label) for one in (*spans, Since.ALL)] if spans else []

    @property
    def chosen(self) -> str:
        return self.shown if self.shown in dict(self.choices) else Since.ALL

    @property
    def is_one_month(self) -> bool:
        return self.since.replace(day=1) == self.today.replace(day=1)

    def place(self, day: date, at: datetime) -> date:
        """The date under which an event is listed: before the start, when it was
        added."""
        return day if day >= self.begun else self.day_of(at)

    def is_in(self, day: date) -> bool:
        return self.since <= day <= self.today

    # -- parts of the page -------------------------------------------------------

    @cached_property
    def goals(self) -> list[GoalOnTimeline]:
        """Open goals, and those closed within the period."""
        lines = self.lines.values()
        return [line for line in lines if self.is_shown(line.goal)]

    def is_shown(self, goal: Goal) -> bool:
        return goal.closed_at is None or self.is_in(self.day_of(goal.closed_at))

    @cached_property
    def sessions(self) -> list[tuple[date, TherapySession]]:
        dated = [(self.day_of(row.starts_at), row) for row in self.all_sessions]
        return [(day, row) for day, row in dated if self.is_in(day)]

    @property
    def held(self) -> int:
        return sum(row.state == "held" for _day, row in self.sessions)

    @cached_property
    def months(self) -> list[Month]:
        """Oldest first, each with its events."""
        found = [event for event in happened(self) if self.is_in(event.day)]
        found.sort(key=lambda event: event.day)
        months = {
            first: Month(first, list(events))
            for first, events in groupby(found, lambda event: event.day.replace(day=1))
        }
        for day, session in self.sessions:
            first = day.replace(day=1)
            month = months.setdefault(first, Month(first, []))
            month.held += session.state == "held"
            month.missed += session.state == "missed"
        return [months[first] for first in sorted(months)]

    # -- chart -------------------------------------------------------------------

    def chart(self) -> Chart:
        lanes = [self._lane(line) for line in self.goals]
        steps = [
            ReachedStep(label_of(step.words), self.day_of(step.reached_at))
            for step in self.steps
            if self.is_in(self.day_of(step.reached_at))
        ]
        sessions = [
            SessionMark(day, row.state == "missed") for day, row in self.sessions
        ]
        return timeline_chart(
            [lane for lane in lanes if lane.voices],
            today=self.today,
            steps=steps,
            sessions=sessions,
        )

    def _lane(self, line: GoalOnTimeline) -> Lane:
        first, second = (
            [
                Point(one.day, one.value)
                for one in line.rated.get(side, [])
                if self.is_in(one.day)
            ]
            for side in BOTH
        )
        cut = tuple(
            any(one.day < self.since for one in line.rated.get(side, []))
            for side in BOTH
        )
        since = self.wordings.since(line.goal)
        changed = since and self.day_of(since)
        before = changed and any(p.day <= changed for p in (*first, *second))
        changed = changed if before and self.is_in(changed) else None
        return Lane(label_of(line.words), first, second, line.voices, cut, changed)
