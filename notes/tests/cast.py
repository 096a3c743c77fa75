"""What happens to the cast, in a line each."""

from datetime import timedelta

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from appointments.models import TherapySession
from clients.models import Correction, EmergencyReason, SupervisionComment
from conftest import as_role, in_care, ten_seconds_pass
from database.identity import acting_as
from goals.models import Goal, Strength, StrengthLink, Win
from notes.models import NoteAddition, ProgressNote
from transfer.export import job
from transfer.imports import steps
from transfer.models import CaseloadImport, RecordExport

BUS = {"own_words": "Take the bus into town", "low_end": "never", "high_end": "always"}
FRAME = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


def book(client, therapist, *, at, minutes=50) -> TherapySession:
    session = TherapySession(
        client=client,
        starts_at=at,
        ends_at=at + timedelta(minutes=minutes),
        place="Room 2",
    )
    with acting_as(therapist.pk), transaction.atomic():
        session.book(by=therapist)
    return session


def hold(client, therapist, *, at, body="She came in tired.", sign=True):
    """A session that took place, with its note."""
    session = book(client, therapist, at=at)
    with acting_as(therapist.pk), transaction.atomic():
        session.log(take_away="The wave has a clock on it.", by=therapist)
        note = ProgressNote.begin(session, by=therapist)
        note.body = body
        note.revision = note.keep(body, "dap", by=therapist, base=0)
        if sign:
            assert note.sign(by=therapist, base=note.revision)
    if sign:
        ten_seconds_pass()
    return session


def add_to(session, text="She came by bus.", *, by, kind="addendum", **fields):
    """An addition to the signed note of a session."""
    with acting_as(by.pk), transaction.atomic():
        note = ProgressNote.objects.get(session=session)
        return NoteAddition.add(note, kind=kind, text=text, by=by, **fields)


def agreed_goal(
    client, therapist, *, ratings=(), goal=None, by_client_only=False, content=None
) -> Goal:
    """A goal of both (or proposed by the client alone), rated by the therapist."""
    content = content or BUS
    proposer = client.user if client.user_id else therapist
    if goal is None:
        with acting_as(proposer.pk), transaction.atomic():
            goal = Goal.propose(client, content, by=proposer)
        if not by_client_only and client.user_id:
            with acting_as(therapist.pk), transaction.atomic():
                goal.latest.agree(by=therapist)
    with acting_as(therapist.pk), transaction.atomic():
        for value in ratings:
            goal.rate(value, by=therapist)
    return goal


def asides_of(client, *, supervisor) -> dict:
    """A comment, a correction and a past emergency of a client, by addresses' names."""
    client_user = client.user
    with acting_as(supervisor.pk), transaction.atomic():
        comment = SupervisionComment.say(client, "Ask why.", by=supervisor)
    with acting_as(client_user.pk), transaction.atomic():
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
    with acting_as(by.pk), transaction.atomic():
        found = Strength.propose(client, by=by, **said, **fields)
        if helps:
            StrengthLink.choose(found, helps, by=by)
    return found


def answered(found, yes=True, *, by) -> Strength:
    with acting_as(by.pk), transaction.atomic():
        assert found.answer(yes, by=by)
    return found


def note_win(client, words, *, by, **fields) -> Win:
    with acting_as(by.pk), transaction.atomic():
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
    with acting_as(by.pk), transaction.atomic():
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
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = browser.post(url, data) if data else browser.get(url)
    assert answer.status_code in (200, 302), answer.status_code
    counted = [q for q in queries if not q["sql"].startswith(FRAME)]
    return len(counted)


def copy_of(client, by, *, made=True) -> RecordExport:
    """A copy of a record that somebody asked for, made as the worker does it."""
    with acting_as(by.pk), transaction.atomic():
        RecordExport.ask(client, by=by)
    if made:
        with as_role("cairn_worker"):
            job.make_waiting()
    return RecordExport.objects.filter(by=by).latest("asked_at")
