"""What a client reads of a session, each fact read once."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import cached_property

from accounts import encryption
from accounts.models import User
from goals.models import GoalRating
from goals.wordings import Wordings
from progress.logging_form import PARTS
from progress.models import ProgressNote, TherapySession
from progress.models.therapy_session import end_of_day
from progress.note_page import additions_to
from toolkit.models import Assignment

RATINGS = 50  # of the day of a session, the newest
DOOR_OPENS = timedelta(minutes=15)  # before a video session


def coming(user: User) -> list[TherapySession]:
    rows = TherapySession.objects.visible_to(user).upcoming()
    rows = rows.select_related("therapist").defer("take_away")
    return list(rows.order_by("starts_at"))


def door_is_open(session: TherapySession) -> bool:
    """Whether the link of a video session may be used by now."""
    return session.starts_at - DOOR_OPENS <= timezone.now()


def past(user: User) -> QuerySet:
    """Newest first: what is no longer ahead, however it ended."""
    now = timezone.now()
    ahead = Q(state=TherapySession.State.PLANNED, ends_at__gt=now)
    rows = TherapySession.objects.visible_to(user).exclude(ahead)
    return rows.select_related("therapist").order_by("-starts_at")


def shared_notes(user: User, sessions) -> set[UUID]:
    """Of these sessions, those with a note that the client may read."""
    notes = ProgressNote.objects.visible_to(user).filter(session__in=list(sessions))
    return set(notes.values_list("session_id", flat=True))


class SessionPage:
    def __init__(self, session: TherapySession, user: User):
        self.session, self.user = session, user
        encryption.expect(session.practice_id, [session.client_id])
        notes = ProgressNote.objects.visible_to(user).filter(session=session)
        self.note = notes.select_related("author", "begun_by").first()
        self.additions = additions_to(self.note, user)
        newest = list(self._ratings()[: RATINGS + 1])
        self.more_ratings = newest[RATINGS:]
        self.ratings = newest[:RATINGS][::-1]
        practice = Assignment.objects.visible_to(user)
        self.practice = practice.filter(session_id=session.pk).first()

    def _ratings(self) -> QuerySet:
        """Those given in it or on its day, as days are for the reader; newest first."""
        zone = self.user.zone
        day = self.session.starts_at.astimezone(zone).date()
        begin = datetime.combine(day, time(), zone)
        end = datetime.combine(day + timedelta(days=1), time(), zone)
        rows = GoalRating.objects.visible_to(self.user).standing()
        rows = rows.filter(Q(session_id=self.session.pk) | Q(at__gte=begin, at__lt=end))
        rows = rows.select_related("goal__in_force", "goal__latest", "by")
        return rows.order_by("-at")

    @cached_property
    def rated(self) -> list[tuple[GoalRating, str]]:
        """Each with its goal's words of that day."""
        until = end_of_day(self.session.starts_at, self.user.zone)
        goals = [rating.goal for rating in self.ratings]
        wordings = Wordings.before(goals, until, self.user)
        return [(one, wordings.words_then(one.goal, until)) for one in self.ratings]

    @property
    def parts(self) -> list[tuple[str, str]]:
        """The shared note: each part that says something, with its label."""
        if self.note is None:
            return []
        labels = PARTS[self.note.format]
        return [
            (labels[number] if number < len(labels) else "", text)
            for number, text in enumerate(self.note.parts)
            if text.strip()
        ]

    @property
    def is_coming(self) -> bool:
        ahead = self.session.ends_at > timezone.now()
        return ahead and self.session.state == TherapySession.State.PLANNED

    @property
    def door_is_open(self) -> bool:
        return door_is_open(self.session)
