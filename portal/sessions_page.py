"""The data of a client's session page, each fact read once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import cached_property

from accounts import encryption
from accounts.models import User
from appointments.models import TherapySession
from clients.sides import CLIENTS
from goals.models import Goal
from notes import agenda
from notes.formats import PARTS
from notes.models import ProgressNote
from notes.session_ratings import SessionRatings
from notes.signed_note_page import additions_to
from portal.signal_words import WATCHED
from toolkit.models import Assignment

DOOR_OPENS = timedelta(minutes=15)  # before a video session


def coming(user: User) -> list[TherapySession]:
    rows = TherapySession.objects.visible_to(user).upcoming()
    rows = rows.select_related("therapist").defer("take_away")
    return list(rows.order_by("starts_at", "pk"))


def door_is_open(session: TherapySession) -> bool:
    """Whether the link of a video session can be used now."""
    return session.starts_at - DOOR_OPENS <= timezone.now()


def past(user: User) -> QuerySet:
    """Newest first: sessions that are no longer upcoming, whatever their state."""
    now = timezone.now()
    ahead = Q(state=TherapySession.State.PLANNED, ends_at__gt=now)
    rows = TherapySession.objects.visible_to(user).exclude(ahead)
    return rows.select_related("therapist").order_by("-starts_at", "-pk")


def shared_notes(user: User, sessions) -> set[UUID]:
    """Of these sessions, those with a note that the client can read."""
    notes = ProgressNote.objects.visible_to(user).filter(session__in=list(sessions))
    return set(notes.values_list("session_id", flat=True))


class PortalSessionPage:
    def __init__(self, session: TherapySession, user: User):
        self.session, self.user = session, user
        encryption.expect(session.practice_id, [session.client_id])
        notes = ProgressNote.objects.visible_to(user).filter(session=session)
        self.note = notes.select_related("author", "begun_by").first()
        self.additions = additions_to(self.note, user)
        self.ratings = SessionRatings(session, user)
        practice = Assignment.objects.visible_to(user)
        self.practice = practice.filter(session_id=session.pk).first()

    @property
    def parts(self) -> list[tuple[str, str]]:
        """The shared note: each part that has text, with its label."""
        if self.note is None:
            return []
        labels = PARTS[self.note.format]
        return [
            (labels[number] if number < len(labels) else "", text)
            for number, text in enumerate(self.note.parts)
            if text.strip()
        ]

    @cached_property
    def is_held_back(self) -> bool:
        """Whether there is a note that is withheld for now."""
        return self.note is None and ProgressNote.is_held_back(self.session)

    @property
    def is_coming(self) -> bool:
        ahead = self.session.ends_at > timezone.now()
        return ahead and self.session.state == TherapySession.State.PLANNED

    @cached_property
    def topics(self) -> list[tuple[str, Goal, str]]:
        """What either side wants to talk about in this session: reason and goal."""
        found = agenda.topics(self.session, self.user, CLIENTS)
        return [(WATCHED[one.kind], one.goal, one.url) for one in found]

    @property
    def door_is_open(self) -> bool:
        return door_is_open(self.session)
