"""Thea signs a note: one click, ten seconds to undo, then it never changes."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from appointments.models import TherapySession
from conftest import WebClient, in_care, somebody_waits, ten_seconds_pass
from database.identity import acting_as
from digests.models import Digest
from goals.models import GoalRating
from notes.models import NoteAddition, ProgressNote
from notes.tests.test_session import BACKEND, kept, note_of, said
from overview.timeline_page import TimelinePage
from tests.cast import add_to, agreed_goal, at_most, book, hold, page_at, rate, tight
from transfer.export.read import read_record

ROLES = ["cairn_web", "cairn_owner", "postgres"]


@pytest.fixture
def signed(sign_in, thea, session):
    """Signed a moment ago."""
    sign_in(thea).post(f"/sessions/{session.pk}/", said())
    assert note_of(session, thea).signed_at
    return session


def undo(browser, session):
    return browser.post(f"/sessions/{session.pk}/unsign/", follow=True)


def verbs():
    rows = AuditEvent.objects.filter(verb__in=["note signed", "signing undone"])
    return list(rows.order_by("pk").values_list("verb", flat=True))


# -- undo -----------------------------------------------------------------------------


def test_thea_undoes_her_signature_and_continues_writing(sign_in, thea, signed):
    browser = sign_in(thea)
    shown = page_at(browser, f"/sessions/{signed.pk}/")
    assert f'action="/sessions/{signed.pk}/unsign/"' in shown
    assert "Signature removed." in undo(browser, signed).content.decode()
    note = note_of(signed, thea)
    assert (note.signed_at, note.content_hash) == (None, "")
    assert note.parts[0] == "Came in tired."
    assert kept(browser, signed, part0="Changed", revision="1").status_code == 200
    browser.post(f"/sessions/{signed.pk}/", said(part0="Again", revision="2"))
    assert note_of(signed, thea).signed_at
    assert verbs() == ["note signed", "signing undone", "note signed"]


def test_after_ten_seconds_it_is_too_late(sign_in, thea, signed):
    ten_seconds_pass()
    browser = sign_in(thea)
    shown = page_at(browser, f"/sessions/{signed.pk}/")
    assert "unsign" not in shown
    assert "too late to undo" in undo(browser, signed).content.decode()
    assert note_of(signed, thea).signed_at
    assert verbs() == ["note signed"]


def test_undoing_twice_undoes_once(sign_in, thea, signed):
    for _ in range(2):
        assert undo(sign_in(thea), signed).status_code == 200
    assert verbs() == ["note signed", "signing undone"]


@pytest.mark.parametrize("role", ["co_therapist", "cover", "supervisor"])
def test_nobody_else_can_undo_it(sign_in, thea, theo, cleo, signed, role):
    in_care(cleo, theo, role)
    browser = sign_in(theo)
    assert "unsign" not in page_at(browser, f"/sessions/{signed.pk}/")
    assert undo(browser, signed).status_code == 404
    assert note_of(signed, thea).signed_at


def test_after_her_role_ended_she_cannot_undo_it(sign_in, thea, theo, cleo):
    role = in_care(cleo, theo, "cover")
    session = book(cleo, theo, at=timezone.now() - timedelta(hours=1))
    sign_in(theo).post(f"/sessions/{session.pk}/", said())
    type(role).objects.filter(pk=role.pk).update(ends_at=timezone.now())
    assert undo(sign_in(theo), session).status_code == 404
    assert note_of(session, thea).signed_at


UNDO = "UPDATE notes_progressnote SET signed_at = NULL, content_hash = ''"


def is_refused(role, who, statement) -> bool:
    try:
        with (
            acting_as(who, role=role),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
            changed = cursor.rowcount
    except DatabaseError:
        return True
    return changed == 0


@pytest.mark.parametrize("role", ROLES)
def test_after_ten_seconds_the_database_refuses_everybody(thea, signed, role):
    ten_seconds_pass()
    before = list(ProgressNote.objects.values())
    who = thea.pk if role == "cairn_web" else None
    for statement in (UNDO, "UPDATE notes_progressnote SET revision = 9",
                      "DELETE FROM notes_progressnote"):  # fmt: skip
        assert is_refused(role, who, statement), statement
    assert list(ProgressNote.objects.values()) == before


@pytest.mark.parametrize("role", ROLES)
def test_within_ten_seconds_the_database_lets_only_its_author_undo(
    thea, theo, cleo, signed, role
):
    in_care(cleo, theo, "co_therapist")
    others = [(role, theo.pk), (role, None)]
    allowed = [] if role == "cairn_owner" else [(role, thea.pk)]
    body = "UPDATE notes_progressnote SET signed_at = NULL, content_hash = '',"
    body += " revision = 9"
    for who in (*others, *allowed):
        assert is_refused(*who, body)
        assert is_refused(*who, "UPDATE notes_progressnote SET revision = 9")
        assert is_refused(*who, "UPDATE notes_progressnote SET signed_at = now()")
        assert is_refused(*who, "DELETE FROM notes_progressnote")
    for who in others:
        assert is_refused(*who, UNDO)
    for who in allowed:
        assert not is_refused(*who, UNDO)


@pytest.mark.parametrize(
    ("final", "goes"),
    [("now() - interval '1 day'", False), ("now() + interval '1 day'", False),
     ("now() + interval '10 s'", True)],
)  # fmt: skip
def test_the_database_limits_undo_to_ten_seconds(thea, session, final, goes):
    with acting_as(thea.pk), transaction.atomic():
        ProgressNote.begin(session, by=thea)
    sign = f"UPDATE notes_progressnote SET content_hash = 'x', signed_at = {final}"
    assert is_refused("cairn_web", thea.pk, sign) != goes


@pytest.mark.parametrize(
    ("signed_at", "content_hash", "goes"),
    [("NULL", "''", True), ("NULL", "'x'", False), ("now()", "''", False),
     ("now() + interval '10 s'", "'x'", False), ("'2020-01-01'", "'x'", False)],
)  # fmt: skip
def test_the_database_only_lets_the_web_begin_an_unsigned_note(
    thea, session, signed_at, content_hash, goes
):
    insert = (
        "INSERT INTO notes_progressnote (id, practice_id, client_id, session_id,"
        " author_id, format, body, revision, saved_at, signed_at, content_hash)"
        f" SELECT id, practice_id, client_id, id, '{thea.pk}', 'dap', '', 1, now(),"
        f" {signed_at}, {content_hash} FROM appointments_therapysession"
    )
    assert is_refused("cairn_web", thea.pk, insert) != goes


# -- until final, it does not count as signed -----------------------------------------


def test_until_final_nobody_else_counts_it_as_signed(sign_in, thea, cleo, signed):
    url = f"/portal/sessions/{signed.pk}/"
    portal = sign_in(cleo.user)
    assert "Came in tired." not in page_at(portal, url)
    with acting_as(cleo.user.pk):
        assert not ProgressNote.objects.exists()  # row-level security
        assert read_record(cleo, cleo.user).tables["notes"] == []
    assert not ProgressNote.objects.visible_to(cleo.user).exists()  # the program's rule
    with acting_as(thea.pk):
        assert read_record(cleo, thea).tables["notes"] == []
        assert TimelinePage(cleo, thea, "", with_notes=True).notes == []
    ten_seconds_pass()
    assert "Came in tired." in page_at(portal, url)
    with acting_as(thea.pk):
        assert len(read_record(cleo, thea).tables["notes"]) == 1
        assert len(TimelinePage(cleo, thea, "", with_notes=True).notes) == 1


def test_until_final_an_admin_counts_a_draft(ada, thea, cleo, signed):
    def drafts():
        with acting_as(ada.pk), connection.cursor() as cursor:
            cursor.execute("SELECT drafts FROM app.caseload_counts(%s)", [thea.pk])
            return cursor.fetchone()[0]

    assert drafts() == 1
    ten_seconds_pass()
    assert drafts() == 0


def test_until_final_it_cannot_be_added_to_or_printed(sign_in, thea, signed):
    browser = sign_in(thea)
    for part in ("add", "print"):
        answer = browser.get(f"/sessions/{signed.pk}/{part}/", follow=True)
        assert "ten seconds after signing" in answer.content.decode()
    with pytest.raises(DatabaseError, match="row-level security"):
        add_to(signed, by=thea)
    assert not NoteAddition.objects.exists()
    ten_seconds_pass()
    for part in ("add", "print"):
        assert browser.get(f"/sessions/{signed.pk}/{part}/").status_code == 200


def test_a_note_signed_a_moment_ago_is_not_listed_as_to_sign(sign_in, thea, signed):
    assert "not signed" not in page_at(sign_in(thea), "/today/")


def test_typing_is_not_saved_while_the_signature_becomes_final(sign_in, thea, signed):
    answer = kept(sign_in(thea), signed, part0="Later thoughts", revision="1")
    assert answer.status_code == 409
    assert note_of(signed, thea).parts[0] == "Came in tired."


# -- the confirmation -----------------------------------------------------------------


def test_a_complete_note_is_signed_with_one_click(sign_in, thea, cleo, session):
    goal = agreed_goal(cleo, thea)
    form = said() | {f"rating-{goal.pk}": "6"}
    assert sign_in(thea).post(f"/sessions/{session.pk}/", form).status_code == 302
    assert note_of(session, thea).signed_at


def test_gaps_are_asked_about_once_and_the_text_is_saved(sign_in, thea, cleo, session):
    rate(agreed_goal(cleo, thea), 7, by=thea)  # on its page, not in the session
    sleep = agreed_goal(cleo, thea, content={"own_words": "Sleep through"})
    browser, url = sign_in(thea), f"/sessions/{session.pk}/"
    form = said(part1=" ", part2="") | {f"rating-{sleep.pk}": "3"}
    shown = browser.post(url, form).content.decode()
    question = shown[shown.index("data-ask") : shown.index("</dialog>")]
    assert "These parts are empty: Assessment, Plan." in question
    assert "This goal isn’t rated in this session:" in question
    assert "Take the bus into town" in question
    assert "Sleep through" not in question
    note = note_of(session, thea)
    assert (note.signed_at, note.parts[0]) == (None, "Came in tired.")
    assert sleep.ratings.get().value == 3
    answer = browser.post(url, form | {"act": "sign-anyway", "revision": "1"})
    assert answer.status_code == 302
    assert note_of(session, thea).signed_at
    assert GoalRating.objects.filter(session=session).count() == 1


def test_a_free_note_has_no_empty_parts(sign_in, thea, session):
    form = said(format="free", part1="", part2="")
    assert sign_in(thea).post(f"/sessions/{session.pk}/", form).status_code == 302
    assert note_of(session, thea).signed_at


def test_saving_asks_for_no_confirmation(sign_in, thea, cleo, session):
    agreed_goal(cleo, thea)
    form = said(part0="", act="save")
    assert sign_in(thea).post(f"/sessions/{session.pk}/", form).status_code == 302


# -- before the session begins --------------------------------------------------------


@pytest.mark.parametrize("act", ["sign", "sign-anyway"])
def test_a_session_that_has_not_begun_is_saved_and_not_signed(sign_in, thea, cleo, act):
    session = book(cleo, thea, at=timezone.now() + timedelta(hours=1))
    browser, url = sign_in(thea), f"/sessions/{session.pk}/"
    assert "You can sign from" in page_at(browser, url)
    answer = browser.post(url, said(act=act, part0="Prepared"), follow=True)
    assert "You can sign once the session has started." in answer.content.decode()
    note = note_of(session, thea)
    assert (note.signed_at, note.parts[0]) == (None, "Prepared")
    session.refresh_from_db()
    assert session.state == "planned"


def test_the_method_itself_refuses_a_session_that_has_not_begun(thea, cleo):
    session = book(cleo, thea, at=timezone.now() + timedelta(hours=1))
    with acting_as(thea.pk), transaction.atomic():
        note = ProgressNote.begin(session, by=thea)
        assert not note.sign(by=thea, base=0)


# -- missed and canceled --------------------------------------------------------------


@pytest.mark.parametrize(("act", "state"), [("missed", "missed"),
                                            ("cancel", "cancelled")])  # fmt: skip
def test_missed_and_canceled_can_be_undone_only_within_ten_seconds(
    sign_in, thea, cleo, act, state
):
    now = timezone.now()
    at = now - timedelta(hours=1) if act == "missed" else now + timedelta(days=1)
    session, browser = book(cleo, thea, at=at), sign_in(thea)
    restore = f"/sessions/{session.pk}/restore/"
    shown = browser.post(f"/sessions/{session.pk}/{act}/", follow=True)
    assert 'data-left="10"' in shown.content.decode()
    session.refresh_from_db()
    assert session.state == state  # at once
    browser.post(restore)
    session.refresh_from_db()
    assert session.state == "planned"
    browser.post(f"/sessions/{session.pk}/{act}/")
    ten_seconds_pass()
    assert "too late" in browser.post(restore, follow=True).content.decode()
    session.refresh_from_db()
    assert session.state == state


def test_undoing_a_missed_session_twice_undoes_once(sign_in, thea, session):
    browser = sign_in(thea)
    browser.post(f"/sessions/{session.pk}/missed/")
    for _ in range(2):
        browser.post(f"/sessions/{session.pk}/restore/")
    rows = AuditEvent.objects.filter(verb="session restored")
    assert rows.count() == 1


# -- concurrency, on real connections -------------------------------------------------


def browser_like(signed_in):
    """One sign-in for all, as several tabs have."""
    browser = WebClient()
    browser.cookies = signed_in.cookies
    return browser


def all_at_once(presses):
    """Each in a thread on its own connection."""

    def run(press):
        try:
            press()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[press]) for press in presses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def at_real_threads(thea, real_login, session, presses):
    """`presses`: functions of a browser that is signed in as Thea."""
    signed_in = WebClient()
    signed_in.force_login(thea, backend=BACKEND)
    with real_login("cairn_web"):
        connection.close()
        all_at_once(
            [lambda press=press: press(browser_like(signed_in)) for press in presses]
        )


def test_twelve_undo_at_once_and_it_is_undone_once(real_login, thea, cleo):
    session = hold(cleo, thea, at=timezone.now() - timedelta(hours=1), sign=False)
    with acting_as(thea.pk), transaction.atomic():
        assert session.note.sign(by=thea, base=1)
    at_real_threads(thea, real_login, session, [lambda b: undo(b, session)] * 12)
    assert verbs() == ["note signed", "signing undone"]


def test_signing_and_undoing_at_once_end_consistently(real_login, thea, cleo):
    session = hold(cleo, thea, at=timezone.now() - timedelta(hours=1), sign=False)

    def sign(browser):
        browser.post(f"/sessions/{session.pk}/", said(revision="1"))

    presses = [sign, lambda browser: undo(browser, session)] * 6
    at_real_threads(thea, real_login, session, presses)
    told = verbs()
    assert told[::2] == ["note signed"] * len(told[::2])
    assert told[1::2] == ["signing undone"] * len(told[1::2])
    note = note_of(session, thea)
    assert bool(note.signed_at) == (told[-1] == "note signed")
    assert bool(note.content_hash) == bool(note.signed_at)


def test_an_undo_that_waits_past_the_deadline_is_too_late(real_login, thea, cleo):
    """The row is locked; when the lock is released, the signature is final."""
    session = hold(cleo, thea, at=timezone.now() - timedelta(hours=1), sign=False)
    with acting_as(thea.pk), transaction.atomic():
        assert session.note.sign(by=thea, base=1)
    undone = []

    def press():
        try:
            with acting_as(thea.pk):
                note = ProgressNote.objects.defer("body").get(pk=session.pk)
                undone.append(note.undo_signing(by=thea))
        finally:
            connections.close_all()

    waiting = threading.Thread(target=press)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT FROM notes_progressnote FOR UPDATE")
        waiting.start()
        while not somebody_waits(cursor):
            time.sleep(0.01)
        # The deadline passes while it waits, as after ten seconds.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE notes_progressnote SET signed_at = clock_timestamp()")
    waiting.join()
    assert undone == [False]
    assert note_of(session, thea).signed_at
    assert verbs() == ["note signed"]


# -- a missed or canceled session has no note to sign ---------------------------------


@pytest.mark.parametrize(
    ("state", "said"),
    [("missed", "Session not held."), ("cancelled", "Session canceled.")],
)
def test_the_draft_of_a_missed_or_canceled_session_asks_for_no_signature(
    sign_in, thea, session, state, said
):
    browser = sign_in(thea)
    kept(browser, session, part0="She called from the bus.")
    assert "Note not signed" in page_at(browser, "/today/")
    week = Digest.objects.create(
        practice=thea.practice, recipient=thea, period="2026-W01",
        starts_at=session.starts_at - timedelta(days=1),
        ends_at=session.starts_at + timedelta(days=6), made_at=timezone.now(),
    )  # fmt: skip
    asks, client = f'href="/sessions/{session.pk}/"', f"/clients/{session.client_id}/"
    assert asks in page_at(browser, f"/digest/{week.pk}/")
    assert ">Note not signed<" in tight(page_at(browser, client))
    TherapySession.objects.filter(pk=session.pk).update(state=state)
    assert asks not in page_at(browser, f"/digest/{week.pk}/")
    assert "Note not signed" not in page_at(browser, "/today/")
    assert ">Note not signed<" not in tight(page_at(browser, client))
    read = page_at(browser, f"/sessions/{session.pk}/")
    assert said in read
    assert "is writing this note" not in read
    assert "She called from the bus." in read  # readable for its author


def test_a_session_is_logged_and_signed_in_twenty_five_statements(
    sign_in, thea, cleo, session
):
    """Without autosave before; any number of ratings is one statement."""
    goals = [agreed_goal(cleo, thea) for _ in range(3)]
    browser = sign_in(thea)
    typed = {f"rating-{goal.pk}": "4" for goal in goals}
    typed |= {"practice": "Two stops on Friday", "take_away": "The wave passes"}
    with at_most(25):
        browser.post(f"/sessions/{session.pk}/", said(**typed))
    assert note_of(session, thea).signed_at
    assert GoalRating.objects.filter(session=session).count() == 3
