"""The data of a client's weekly page: plain values, one query each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import DateTimeField
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.models import User
from appointments.models import TherapySession
from clients.access import reach
from clients.prepared import prepared_for_user
from digests.models import Digest
from digests.weeks import MINUTE, UNREAD, WEEK, WEEKS
from goals import signal_words, status
from goals.disagreement_page import with_names
from goals.models import Goal
from goals.models.content import Side
from goals.recent_ratings import recent_lines
from goals.wordings import Wordings
from toolkit.models import Assignment


@dataclass(frozen=True)
class RatedGoal:
    """One's own ratings, with the therapist's last rating named beside them."""

    words: str
    spark: SafeString
    last: int | None
    theirs: int | None
    is_listed: bool  # the therapist's was imported
    waits: bool
    earlier: str  # whose rating was for an earlier wording


FEW = 3  # exercises shown


@prepared_for_user(**WEEKS)
def _own_sessions(user, begins, ends):
    """Upcoming sessions, and those of this week already held."""
    states = (TherapySession.State.PLANNED, TherapySession.State.HELD)
    rows = TherapySession.objects.visible_to(user).filter(state__in=states)
    rows = rows.filter(starts_at__gte=begins, starts_at__lt=ends)
    rows = rows.select_related("therapist").defer("take_away")
    return rows.order_by("starts_at", "pk")


@prepared_for_user()
def _own_goals(user):
    rows = Goal.objects.visible_to(user).open().with_words().defer(*UNREAD)
    return rows.order_by("created_at", "pk")


@prepared_for_user(since=DateTimeField())
def _own_practice(user, since):
    rows = Assignment.objects.visible_to(user).open().filter(set_at__gte=since)
    return rows.order_by("-set_at", "-pk")[:FEW]


class ClientWeekPage:
    """The coming week, for the client."""

    def __init__(self, user: User, digest: Digest, now: datetime | None = None):
        self.user, self.digest, self.now = user, digest, now or timezone.now()
        self.starts_at, self.ends_at = digest.starts_at, digest.ends_at

    @property
    def last_day(self) -> datetime:
        return self.ends_at - MINUTE

    @cached_property
    def sessions(self) -> list[TherapySession]:
        """From the time the page is made until the end of its last day."""
        begins, ends = self.digest.made_at, self.ends_at
        return _own_sessions(self.user, begins=begins, ends=ends)

    @cached_property
    def _goals(self) -> list[Goal]:
        goals = with_names(self.user, list(_own_goals(self.user)))
        return status.with_past(self.user, goals)

    @cached_property
    def practice(self) -> list[Assignment]:
        """Open exercises, newest first; a missed one is not listed twice."""
        if self.is_over:
            return []
        return _own_practice(self.user, since=self.digest.made_at - 2 * WEEK)

    @property
    def waiting(self) -> list[Goal]:
        asked = [goal for goal in self._goals if goal.waits_for == Side.CLIENT]
        return [] if self.is_over else asked

    @cached_property
    def is_over(self) -> bool:
        """Whether the client's care has ended: then nothing is asked."""
        return reach(self.user).own_until is not None

    @cached_property
    def reviews(self) -> list[tuple[str, Goal]]:
        """Goals with a due review, or an open one that waits for the client: task and
        goal."""
        if self.is_over:
            return []
        goals = {goal.pk: goal for goal in self._goals}
        ids = {goal.client_id for goal in self._goals}
        asks = signal_words.watch(self.user, ids, meeting=[]) if ids else []
        return [
            (one.kind, goals[one.goal_id])
            for one in asks
            if one.kind in signal_words.REVIEWS and one.goal_id in goals
        ]

    @cached_property
    def _lines(self) -> list:
        ids = {goal.client_id for goal in self._goals}
        return [line for lines in recent_lines(ids).values() for line in lines]

    @property
    def lines(self) -> list[RatedGoal]:
        """One's own goals with one's own ratings."""
        by_goal = {line.goal_id: line for line in self._lines}
        then = Wordings.of_changed(self._goals, self.user)
        return [
            RatedGoal(
                words=goal.called,
                spark=by_goal[goal.pk].client.spark,
                last=by_goal[goal.pk].client.last,
                theirs=by_goal[goal.pk].therapist.last,
                is_listed=by_goal[goal.pk].therapist.is_listed,
                waits=goal.waits_for == Side.CLIENT,
                earlier=by_goal[goal.pk].earlier(goal, then),
            )
            for goal in self._goals
            if goal.pk in by_goal and by_goal[goal.pk].ratings  # of either side
        ]

    @property
    def is_empty(self) -> bool:
        asked = self.waiting or self.reviews
        return not (self.sessions or self.practice or asked or self._rated)

    @property
    def _rated(self) -> bool:
        """Loaded last: it reads the most, and usually there is a session."""
        since = self.digest.made_at - WEEK
        given = [side for line in self._lines for side in (line.client, line.therapist)]
        return any(side.last_at and side.last_at >= since for side in given)
