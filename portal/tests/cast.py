"""What happened before a test begins: goals, sessions, notes, practice."""

from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.models import TherapySession
from conftest import ten_seconds_pass
from database.identity import acting_as
from goals.models import Goal, Step
from notes.models import ProgressNote
from toolkit.models import Assignment

BUS = {"own_words": "Take the bus into town on my own"}
NOT_COUNTED = ("SAVEPOINT", "RELEASE SAVEPOINT", "BEGIN", "COMMIT", "ROLLBACK")
IDENTITY = ("SET LOCAL", "RESET", "SELECT app.login", "SELECT set_config")


@contextmanager
def at_most(budget):
    """Statements of a page, without transactions and who-is-asking."""
    with CaptureQueriesContext(connection) as captured:
        yield captured
    said = [query["sql"] for query in captured.captured_queries]
    counted = [sql for sql in said if not sql.startswith(NOT_COUNTED + IDENTITY)]
    assert len(counted) <= budget, "\n".join(counted)


@contextmanager
def as_person(user):
    with acting_as(user.pk), transaction.atomic():
        yield


def propose(client, *, by, content=BUS):
    with as_person(by):
        return Goal.propose(client, content, by=by)


def agree(goal, *, by):
    with as_person(by):
        Goal.objects.visible_to(by).with_words().get(pk=goal.pk).latest.agree(by=by)


def agreed_goal(client, *, by, content=BUS):
    goal = propose(client, by=client.user, content=content)
    agree(goal, by=by)
    return goal


def rate(goal, value, *, by, at=None):
    with as_person(by):
        return Goal.objects.visible_to(by).get(pk=goal.pk).rate(value, by=by, at=at)


def add_step(goal, words, *, by):
    with as_person(by):
        return Step.add(goal, words, by=by)


def reach(step, *, by, at=None):
    with as_person(by):
        Step.objects.get(pk=step.pk).reach(by=by, at=at)


def book(client, *, by, days=3, minutes=0, **fields):
    starts = timezone.now() + timedelta(days=days, minutes=minutes)
    session = TherapySession(
        client=client,
        starts_at=starts,
        ends_at=starts + timedelta(minutes=50),
        **fields,
    )
    with as_person(by):
        session.book(by=by)
    return session


def hold(client, *, by, days=-3, take_away=""):
    """A session that was held."""
    session = book(client, by=by, days=days, place="Room 2")
    with as_person(by):
        session.log(take_away=take_away, by=by)
    return session


def write_note(session, body, *, by, sign=True):
    with as_person(by):
        note = ProgressNote.begin(session, by=by)
        revision = note.keep(body, "dap", by=by, base=note.revision)
        note = ProgressNote.objects.get(pk=note.pk)
        if sign:
            assert note.sign(by=by, base=revision)
    if sign:
        ten_seconds_pass()
    return note


def agree_practice(client, words, *, by, **fields):
    with as_person(by):
        return Assignment.agree(client, words, by=by, **fields)
