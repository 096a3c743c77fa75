"""What the demo and the measured practice build alike."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection

from accounts.models import User
from appointments.models import TherapySession
from clients.autosave import PART
from clients.models import Client
from database import identity
from goals.models import Agreement, Goal, GoalRating, GoalVersion
from goals.models.content import Side
from notes.models import ProgressNote
from toolkit.models import Assignment

LENGTH = timedelta(minutes=50)  # of a session


@contextmanager
def as_who_seeds():
    """The login of this process, with the keys of the person it acts as: a web login
    can write no note that is signed already."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
    yield
    identity.tell(connection)


def give_portal(client: Client, account: User) -> None:
    """Joined already, which no web login can write: inside acting_as()."""
    with as_who_seeds():
        account.save(force_insert=True)
        Client.objects.filter(pk=client.pk).update(user=account)
    client.user = account


def write_version(
    goal: Goal, number: int, *, by: User, at: datetime, **content
) -> GoalVersion:
    """A version with its proposer's agreement; acting as `by` is up to the caller."""
    same = {"practice": goal.practice, "client": goal.client}
    version = GoalVersion(
        **same, goal=goal, number=number, proposed_by=by, side=side_of(by),
        proposed_at=at, **content,
    )  # fmt: skip
    version.fingerprint = version.compute_fingerprint()
    version.save(force_insert=True)
    agree(version, by=by, at=at)
    return version


def agree(version: GoalVersion, *, by: User, at: datetime) -> None:
    Agreement(
        practice=version.practice, client=version.client, version=version, by=by,
        side=side_of(by), at=at, fingerprint=version.fingerprint,
    ).save(force_insert=True)  # fmt: skip


# -- a session and what came of it: rows that are not saved yet ------------------------


def session_of(
    client: Client, therapist: User, starts_at: datetime, *, state: str, **more
) -> TherapySession:
    ends_at = starts_at + LENGTH
    return TherapySession(
        practice_id=client.practice_id, client=client, therapist=therapist,
        starts_at=starts_at, ends_at=ends_at, state=state,
        logged_at=ends_at if state == "held" else None, **more,
    )  # fmt: skip


def rating_in(session: TherapySession, goal: Goal, value: int, **more) -> GoalRating:
    """By the session's therapist; in the middle of it, where `at` is not said."""
    said = {"at": session.starts_at + LENGTH / 2} | more
    return GoalRating(
        practice_id=session.practice_id, client_id=session.client_id, goal=goal,
        value=value, by=session.therapist, side=Side.THERAPIST, session_id=session.pk,
        **said,
    )  # fmt: skip


def note_of(
    session: TherapySession, parts: list[str], *, signed_at: datetime | None, **more
) -> ProgressNote:
    note = ProgressNote(
        id=session.pk, practice_id=session.practice_id, client_id=session.client_id,
        session=session, author=session.therapist, body=PART.join(parts),
        saved_at=session.ends_at, **more,
    )  # fmt: skip
    if signed_at:
        note.signed_at, note.content_hash = signed_at, note.compute_hash(signed_at)
    return note


def exercise_of(
    session: TherapySession, words: str, *, answer: str, by: User | None
) -> Assignment:
    """Until a week later; answered the day before that by `by`, where there is an
    answer."""
    answered = {}
    if answer:
        at = session.starts_at + timedelta(days=6)
        answered = {"answer": answer, "answered_at": at, "answered_by": by}
    return Assignment(
        practice_id=session.practice_id, client_id=session.client_id,
        session_id=session.pk, words=words, set_by=session.therapist,
        set_at=session.ends_at, due_on=(session.starts_at + timedelta(days=7)).date(),
        **answered,
    )  # fmt: skip


def side_of(person: User) -> Side:
    return Side.CLIENT if person.is_client else Side.THERAPIST
