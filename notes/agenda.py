"""Topics for the next session: a reached goal that the client wants to talk about, and
a goal that either side wants to talk about because they differ."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import DateTimeField, UUIDField
from django.utils import timezone

from accounts.models import User
from appointments.models import TherapySession
from clients.prepared import prepared_for_user
from clients.sides import SidePages
from goals import signal_words
from goals.disagreement_page import with_names
from goals.models import Goal


@dataclass(frozen=True)
class Topic:
    goal: Goal
    watch: signal_words.Watch
    url: str

    @property
    def kind(self) -> str:
        return self.watch.kind


def topics(session: TherapySession, user: User, side: SidePages) -> list[Topic]:
    """Sorted by the date they came up; empty if another session comes first.

    One statement, and one more for each of: a session of another day, any topic.
    """
    if not _is_next(session, user):
        return []
    found = [
        one
        for one in signal_words.watch(user, [session.client_id], meeting=[])
        if one.kind in signal_words.FOR_THE_SESSION and one.at < session.ends_at
    ]
    if not found:
        return []
    rows = Goal.objects.visible_to(user).with_words()
    goals = rows.in_bulk([one.goal_id for one in found])
    with_names(user, goals.values())
    found = [one for one in found if one.goal_id in goals]
    found.sort(key=lambda one: (one.at, one.goal_id))
    return [Topic(goals[one.goal_id], one, one.address(side)) for one in found]


def _is_next(session: TherapySession, user: User) -> bool:
    now = timezone.now()
    if session.state != TherapySession.State.PLANNED:
        return False
    if session.starts_at <= now:
        return True
    client, before = session.client_id, session.starts_at
    return not _booked(user, client=client, now=now, before=before)


@prepared_for_user(client=UUIDField(), now=DateTimeField(), before=DateTimeField())
def _booked(user, client, now, before):
    rows = TherapySession.objects.visible_to(user).filter(client_id=client)
    return rows.upcoming(now).filter(starts_at__lt=before).values_list("pk")[:1]
