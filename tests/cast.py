"""What happens to the cast of all tests, in a line each; who they are: conftest.py."""

import re
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from appointments.models import TherapySession
from clients import access, signals
from clients.models import (
    CareRole,
    CareRoleRequest,
    Client,
    ContactWish,
    Correction,
    EmergencyReason,
    Notice,
    SupervisionComment,
    Wish,
)
from clients.record_access import opened
from conftest import as_role, in_care, ten_seconds_pass
from database.identity import acting_as
from goals.models import Goal, Step, Strength, StrengthLink, Win
from notes.models import NoteAddition, ProgressNote
from therapy import tasks
from toolkit.models import Assignment
from transfer.export import job
from transfer.imports import steps
from transfer.models import CaseloadImport, RecordExport

WORDS = {"own_words": "Take the bus into town"}
BUS = WORDS | {"low_end": "never", "high_end": "always"}
FRAME = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
IDENTITY = ("SET LOCAL", "RESET", "SELECT app.login", "SELECT set_config")


@contextmanager
def as_person(user):
    """What somebody does, as the web does it."""
    with acting_as(user.pk), transaction.atomic():
        yield


def plan_and_send() -> None:
    """What the minute's tick does, as the worker does it."""
    with as_role("cairn_worker"):
        tasks.plan_and_send()


def page_at(browser, url) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def tight(html: str) -> str:
    """Without the white space around tags, which is there for who reads templates."""
    return re.sub(r"\s*(<[^>]*>)\s*", lambda tag: " ".join(tag[1].split()), html)


def signals_anew(*clients) -> None:
    """After rows were written past the verbs: what asks for attention, made again."""
    for client in clients:
        roles = CareRole.objects.filter(client=client, kind="primary").current()
        with as_person(roles.get().user):
            signals.recompute([client.pk])


# -- sessions and their notes ---------------------------------------------------------


def book(
    client, by, *, at=None, days=3, minutes=50, place="Room 2", **fields
) -> TherapySession:
    """A session that begins `at` a moment, or so many days from now."""
    at = at or timezone.now() + timedelta(days=days)
    session = TherapySession(
        client=client,
        starts_at=at,
        ends_at=at + timedelta(minutes=minutes),
        place=place,
        **fields,
    )
    with as_person(by):
        session.book(by=by)
    return session


def hold(
    client,
    by,
    *,
    at=None,
    days=-3,
    take_away="The wave has a clock on it.",
    body="She came in tired.",
    sign=True,
) -> TherapySession:
    """A session that took place, with its note; without one if `body` is None."""
    session = book(client, by, at=at, days=days)
    with as_person(by):
        session.log(take_away=take_away, by=by)
    if body is not None:
        write_note(session, body, by=by, sign=sign)
    return session


def write_note(session, body, *, by, sign=True) -> ProgressNote:
    with as_person(by):
        note = ProgressNote.begin(session, by=by)
        revision = note.keep(body, "dap", by=by, base=note.revision)
        note = ProgressNote.objects.get(pk=note.pk)
        if sign:
            assert note.sign(by=by, base=revision)
    if sign:
        ten_seconds_pass()
    return note


def add_to(session, text="She came by bus.", *, by, kind="addendum", **fields):
    """An addition to the signed note of a session."""
    with as_person(by):
        note = ProgressNote.objects.get(session=session)
        return NoteAddition.add(note, kind=kind, text=text, by=by, **fields)


# -- goals ----------------------------------------------------------------------------


def propose(client, by, content=WORDS) -> Goal:
    with as_person(by):
        return Goal.propose(client, content, by=by)


def act(person, goal, verb):
    """`verb(goal)` as `person`, on the goal as it is now."""
    with as_person(person):
        rows = Goal.objects.visible_to(person).with_words()
        return verb(rows.select_related("client__user", "review").get(pk=goal.pk))


def agree(goal, by):
    return act(by, goal, lambda found: found.latest.agree(by=by))


def read_goal(goal, *, by):
    """Its page is opened: what that side was told about it is told no more."""
    with as_person(by):
        opened(goal, by)


def agreed_goal(
    client, by, *, ratings=(), goal=None, by_client_only=False, content=BUS
) -> Goal:
    """A goal of both (or proposed by the client alone), rated by the therapist on one
    day after the other, the last time now."""
    if goal is None:
        goal = propose(client, client.user or by, content)
        if client.user_id and not by_client_only:
            with as_person(by):
                goal.latest.agree(by=by)
    with as_person(by):
        for ago, value in zip(range(len(ratings))[::-1], ratings, strict=True):
            goal.rate(value, by=by, at=timezone.now() - timedelta(days=ago))
    return goal


def rate(goal, value, *, by, at=None):
    with as_person(by):
        return Goal.objects.visible_to(by).get(pk=goal.pk).rate(value, by=by, at=at)


def add_step(goal, words, *, by) -> Step:
    with as_person(by):
        return Step.add(goal, words, by=by)


def reach(step, *, by, at=None):
    with as_person(by):
        Step.objects.get(pk=step.pk).reach(by=by, at=at)


def agree_practice(client, words, *, by, **fields) -> Assignment:
    with as_person(by):
        return Assignment.agree(client, words, by=by, **fields)


# -- who cares, by the buttons --------------------------------------------------------


def care(client) -> str:
    return f"/care-roles/{client.pk}/"


def give(browser, client, who, kind="co_therapist", **said):
    form = {"person": str(who.pk), "kind": kind, "since": "", "until": ""}
    return browser.post(care(client), form | said)


def over(browser, client, who, sessions="move", since=""):
    said = {"over-person": str(who.pk), "over-sessions": sessions, "over-since": since}
    return browser.post(f"{care(client)}hand-over/", said)


def decide(browser, answer, **said):
    """What waits last, by whoever is asked."""
    asked = CareRoleRequest.objects.latest("asked_at")
    return browser.post(f"/care-roles/requests/{asked.pk}/{answer}/", said)


def opens(browser, client) -> bool:
    return browser.get(f"/clients/{client.pk}/").status_code == 200


def day(days) -> str:
    """So many days from now, as a form has it."""
    return (timezone.now() + timedelta(days=days)).date().isoformat()


# -- what else a record holds ---------------------------------------------------------


def asides_of(client, *, supervisor) -> dict:
    """A comment, a correction and a past emergency of a client, by addresses' names."""
    client_user = client.user
    with as_person(supervisor):
        comment = SupervisionComment.say(client, "Ask why.", by=supervisor)
    with as_person(client_user):
        correction = Correction.ask(client, "A name", "Mara.", by=client_user)
    role = in_care(client, supervisor, "emergency", begins=-1, ends=-0.9)
    reason = EmergencyReason(
        practice_id=client.practice_id, client=client, role=role, by=supervisor
    )
    reason.words = "Nobody answers the phone."
    with as_role("postgres"):
        reason.save(force_insert=True)
    return {"comment_id": comment, "correction_id": correction, "reason_id": reason}


PATIENCE = {"name": "Patience with fear", "moment": "Four buses went. I let them."}


def strength(client, *, by, said=PATIENCE, helps=(), **fields) -> Strength:
    """Proposed by either side; the therapist's waits for an answer."""
    with as_person(by):
        found = Strength.propose(client, by=by, **said, **fields)
        if helps:
            StrengthLink.choose(found, helps, by=by)
    return found


def answered(found, yes=True, *, by) -> Strength:
    with as_person(by):
        assert found.answer(yes, by=by)
    return found


def note_win(client, words, *, by, **fields) -> Win:
    with as_person(by):
        return Win.note(client, words, by=by, **fields)


def strengths_of(client, therapist, *, goal) -> dict:
    """One offered and waiting, one of the client's own and its link; a win of each."""
    offered = strength(client, by=therapist, helps=[goal])
    own = {"name": "Dry honesty", "moment": "I’d like to, and I won’t."}
    strength(client, by=client.user, said=own, helps=[goal])
    win = note_win(client, "One stop alone.", by=therapist)
    own_win = note_win(client, "I stayed for tea.", by=client.user)
    return {"strength_id": offered, "win_id": win, "own_win_id": own_win}


LIST = b"""Preferred name,E-mail,Goal,Rating,Rating date
Mara,mara@example.com,Sleep through,3,2026-02-03
"""


def list_of(by, *, therapist=None, raw=LIST) -> CaseloadImport:
    """A file that a worker has read and that waits to be looked at."""
    with as_person(by):
        found = CaseloadImport.receive(raw, by=by, therapist=therapist or by)
    assert read_by_the_worker(found) == "done"
    found.refresh_from_db()
    return found


def read_by_the_worker(found: CaseloadImport) -> str:
    """As soon as it is told of an upload, or of other columns."""
    with as_role("cairn_worker"):
        return steps.read_file(found.pk)


def pinned(browser, url, **data) -> int:
    """How many statements a page takes, without BEGIN, COMMIT and savepoints."""
    with CaptureQueriesContext(connection) as queries:
        answer = browser.post(url, data) if data else browser.get(url)
    assert answer.status_code in (200, 302), answer.status_code
    return len(counted(queries))


def counted(queries) -> list[str]:
    said = [query["sql"] for query in queries.captured_queries]
    return [sql for sql in said if not sql.startswith(FRAME)]


@contextmanager
def at_most(budget):
    """Statements of a page, without transactions and who-is-asking."""
    with CaptureQueriesContext(connection) as queries:
        yield queries
    found = [sql for sql in counted(queries) if not sql.startswith(IDENTITY)]
    assert len(found) <= budget, "\n".join(found)


def copy_of(client, by, *, made=True) -> RecordExport:
    """A copy of a record that somebody asked for, made as the worker does it."""
    with as_person(by):
        RecordExport.ask(client, by=by)
    if made:
        with as_role("cairn_worker"):
            job.make_waiting()
    return RecordExport.objects.filter(by=by).latest("asked_at")


def wish(client, kind, allowed=True, lead_hours=None):
    """What a client says about one kind of email."""
    ContactWish.objects.write(client, {kind: Wish(allowed, lead_hours)})


def people_named_to(user):
    """The accounts a person meets in the program: by the rule, and through the clients
    they reach; a client those who treat or treated them, and whom a notice names."""
    if not user.is_active:
        return User.objects.filter(pk=user.pk)
    met = {user.pk, *User.objects.visible_to(user).values_list("pk", flat=True)}
    if user.is_therapist:
        reached = Client.objects.filter(pk__in=access.reach(user).reads)
        met |= set(reached.exclude(user=None).values_list("user", flat=True))
    own = access.reach(user).own
    if own:
        rows = [
            CareRole.objects.filter(client=own).values_list("user"),
            CareRoleRequest.objects.filter(client=own).values_list("user", "asked_by"),
            Notice.objects.filter(recipient=user).values_list("by", "person"),
        ]
        met |= {key for found in rows for row in found for key in row}
    return User.objects.filter(pk__in=met)
