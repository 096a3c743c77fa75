"""Ratings of a session: those given in it, and each side's last one before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from appointments.models import TherapySession
from goals.models import GoalMove, GoalRating, Review
from goals.wordings import Wordings

MOST = 50  # of one session, the newest
# Ways to close a goal that allow resuming it.
ENDS = (GoalMove.Kind.KEY_WITHDRAWN, GoalMove.Kind.DECLINED)
ENDED_AS = (Review.Choice.REACHED, Review.Choice.ASIDE)


@dataclass(frozen=True)
class Rated:
    """A rating with its goal's wording at the session's end."""

    rating: GoalRating
    words: str
    in_session: bool  # else that side's last one before the session's end
    is_earlier: bool  # given to another wording


class SessionRatings:
    """Loaded in three queries for any number; empty for a session not held yet."""

    def __init__(self, session: TherapySession, user: User):
        self.session, self.user, self.is_cut = session, user, False
        begun = session.starts_at <= timezone.now() and not session.is_off
        ratings = self._read() if begun else []
        until = session.ends_at
        first = min((row.at for row in ratings), default=until)
        goals = [row.goal for row in ratings]
        wordings = Wordings.before(goals, min(first, until), user)
        self.rows = [
            Rated(
                row,
                wordings.words_then(row.goal, until, row.side),
                row.session_id == session.pk,
                wordings.is_earlier(row.goal, row.at, row.side, until),
            )
            for row in ratings
        ]

    def _read(self) -> list[GoalRating]:
        """By goal, the client's rating first."""
        newest = list(self._given().order_by("-at", "-pk")[: MOST + 1])
        self.is_cut = len(newest) > MOST
        given = newest[:MOST]
        sides = {(row.goal_id, row.side) for row in given}
        before = [row for row in self._before() if (row.goal_id, row.side) not in sides]
        rows = given[::-1] + before
        return sorted(rows, key=lambda row: (*_begun(row), row.side, row.at))

    def _ratings(self):
        rows = GoalRating.objects.visible_to(self.user).not_withdrawn()
        return rows.select_related("goal__in_force", "goal__latest", "by")

    def _given(self):
        return self._ratings().filter(session_id=self.session.pk)

    def _before(self):
        """Each side's last one before the end, for the goals then open."""
        session = self.session
        then = Q(goal__closed_at=None) | Q(goal__closed_at__gte=session.starts_at)
        then &= ~_rested(session)
        rows = self._ratings().filter(then, client_id=session.client_id)
        rows = rows.filter(at__lte=session.ends_at).exclude(session_id=session.pk)
        rows = rows.order_by("goal_id", "side", "-at", "-pk")
        return rows.distinct("goal_id", "side")


def _rested(session: TherapySession) -> Exists:
    """Ratings whose goal was closed during the whole session and resumed after it."""
    moves = GoalMove.objects.filter(client_id=session.client_id)
    ends = Q(kind__in=ENDS) | Q(kind=GoalMove.Kind.DECIDED, choice__in=ENDED_AS)
    ended = moves.filter(ends, goal=OuterRef("goal"), at__lt=OuterRef("at"))
    ended = ended.filter(at__gte=session.starts_at)
    taken_up = moves.filter(kind=GoalMove.Kind.TAKEN_UP, at__gt=session.ends_at)
    return Exists(taken_up.filter(~Exists(ended), goal=OuterRef("goal")))


def _begun(row: GoalRating) -> tuple[datetime, object]:
    return row.goal.created_at, row.goal_id
