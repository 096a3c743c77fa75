"""Sessions in a list, each with the beginning of its note."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import UUIDField
from django.utils import timezone

from appointments.models import TherapySession
from clients.prepared import prepared_for_user
from database.prepared import many
from notes.models import ProgressNote
from notes.models.note import MOST

GLANCE = 160  # characters of a note


@dataclass
class SessionLine:
    """One session in a list; `glance` is the beginning of its note."""

    session: TherapySession
    glance: str = ""
    signed: bool = False
    begun: bool = False

    @property
    def is_ahead(self) -> bool:
        planned = self.session.state == TherapySession.State.PLANNED
        return planned and self.session.ends_at > timezone.now()


def session_lines(sessions, user) -> list[SessionLine]:
    sessions = list(sessions)
    notes = _notes(user, sessions=[session.pk for session in sessions])
    by_session = {note.session_id: note for note in notes}
    return [_line(session, by_session.get(session.pk)) for session in sessions]


@prepared_for_user(sessions=many(UUIDField()))
def _notes(user, sessions):
    return ProgressNote.objects.visible_to(user).filter(session=sessions)


def _line(session, note) -> SessionLine:
    if note is None:
        return SessionLine(session)
    text = next((part for part in note.parts[:MOST] if part.strip()), "")
    glance = " ".join(text.split())
    if len(glance) > GLANCE:
        glance = glance[:GLANCE].rsplit(" ", 1)[0] + "…"
    return SessionLine(session, glance, bool(note.signed_at), True)
