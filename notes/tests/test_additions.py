"""Thea adds to a signed note: signed, dated, shared with Cleo like the note."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from clients.models import Correction, Draft
from conftest import as_role, in_care
from database.identity import acting_as
from notes.models import NoteAddition, NoteHold, ProgressNote
from tests.cast import add_to, book, hold, page_at, pinned, tight
from transfer.export.read import plain, read_record
from transfer.tests.test_record import OWN, fetched, opened, taken

DAY = timedelta(days=1)


@pytest.fixture
def session(cleo, thea):
    return hold(cleo, thea, at=timezone.now() - 3 * DAY)


def said(**changes):
    form = {
        "kind_of_addition": "correction",
        "text": "She said it to her sister, not to a colleague.",
        "reason": "My mistake.",
        "once": str(uuid4()),
    }
    return form | changes


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("addendum", "<strong>Addendum</strong> by"),
        ("late_entry", "<strong>Late entry</strong> by"),
        ("correction", "<strong>Correction</strong> by"),
    ],
)
def test_an_addition_is_shown_below_the_note_on_both_sides(
    sign_in, thea, cleo, session, kind, words
):
    url = f"/sessions/{session.pk}/"
    answer = sign_in(thea).post(f"{url}add/", said(kind_of_addition=kind))
    assert answer.url == url
    sides = ((thea, url, "you"), (cleo.user, f"/portal{url}", "Thea"))
    for browser, where, by in sides:
        found = page_at(sign_in(browser), where)
        original = found.index("She came in tired.")
        words_at = found.index(f"{words} {by},")
        assert original < words_at < found.index("She said it to her sister")
        assert "Reason: My mistake." in found


def test_the_note_itself_is_unchanged(sign_in, thea, session):
    before = list(ProgressNote.objects.values())
    sign_in(thea).post(f"/sessions/{session.pk}/add/", said())
    assert list(ProgressNote.objects.values()) == before


def test_a_late_entry_says_which_date_it_is_about(sign_in, thea, session):
    sign_in(thea).post(
        f"/sessions/{session.pk}/add/", said(kind_of_addition="late_entry")
    )
    found = page_at(sign_in(thea), f"/sessions/{session.pk}/")
    day = session.starts_at.astimezone(thea.zone).date()
    assert f'about <time datetime="{day.isoformat()}">' in found


def test_an_addition_to_a_withheld_note_is_withheld_too(sign_in, thea, cleo, session):
    add_to(session, "Only after we talked", by=thea)
    with acting_as(thea.pk), transaction.atomic():
        held = NoteHold.place(session.note, "To talk about first", by=thea)
    portal = sign_in(cleo.user)
    assert "Only after we talked" not in page_at(
        portal, f"/portal/sessions/{session.pk}/"
    )
    assert "Only after we talked" in page_at(sign_in(thea), f"/sessions/{session.pk}/")
    with acting_as(thea.pk), transaction.atomic():
        held.lift(by=thea)
    assert "Only after we talked" in page_at(portal, f"/portal/sessions/{session.pk}/")


def test_the_programs_own_rule_hides_an_addition_to_a_withheld_note(
    thea, cleo, session
):
    """As the superuser, so that row-level security does not help."""
    shown = add_to(session, by=thea)
    kept_back = hold(cleo, thea, at=timezone.now() - 2 * DAY)
    add_to(kept_back, by=thea)
    with acting_as(thea.pk), transaction.atomic():
        NoteHold.place(kept_back.note, "To talk about first", by=thea)
    assert list(NoteAddition.objects.visible_to(cleo.user)) == [shown]
    assert NoteAddition.objects.visible_to(thea).count() == 2


@pytest.mark.parametrize("role", ["co_therapist", "cover"])
def test_a_writer_adds_in_their_own_name(sign_in, thea, theo, cleo, session, role):
    in_care(cleo, theo, role)
    sign_in(theo).post(f"/sessions/{session.pk}/add/", said())
    found = page_at(sign_in(thea), f"/sessions/{session.pk}/")
    assert "<strong>Correction</strong> by Theo," in found
    assert "Signed by you" in found


@pytest.mark.parametrize("role", ["supervisor", "emergency"])
def test_a_read_only_reader_sees_it_and_adds_nothing(
    sign_in, thea, theo, cleo, session, role
):
    add_to(session, by=thea)
    in_care(cleo, theo, role, begins=0, ends=0.1)
    browser, url = sign_in(theo), f"/sessions/{session.pk}/"
    found = page_at(browser, url)
    assert "She came by bus." in found
    assert f"{url}add/" not in found
    assert browser.get(f"{url}add/").status_code == 404
    assert browser.post(f"{url}add/", said()).status_code == 404
    assert NoteAddition.objects.count() == 1


def test_a_note_that_is_not_signed_cannot_be_added_to(sign_in, thea, cleo):
    draft = hold(cleo, thea, at=timezone.now() - DAY, sign=False)
    bare = book(cleo, thea, at=timezone.now() - 2 * DAY)
    for session in (draft, bare):
        url = f"/sessions/{session.pk}/add/"
        assert sign_in(thea).get(url).status_code == 404
        assert sign_in(thea).post(url, said()).status_code == 404
    with pytest.raises(DatabaseError, match="row-level security"):
        add_to(draft, by=thea)


def test_no_addition_reaches_another_clients_note(cleo, carl, thea, theo, session):
    """By SQL: Theo writes for Carl and names Cleo's note."""
    theirs = hold(carl, theo, at=timezone.now() - DAY)
    with acting_as(theo.pk):
        note = ProgressNote.objects.get(session=theirs)
    note.id = session.pk
    with (
        acting_as(theo.pk),
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
    ):
        NoteAddition.add(note, kind="addendum", text="Mine now", by=theo)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"text": " \n "}, "Write what to add."),
        ({"reason": " "}, "Enter a reason for a late entry or a correction."),
        (
            {"kind_of_addition": "late_entry", "reason": ""},
            "Enter a reason for a late entry or a correction.",
        ),
        (
            {"kind_of_addition": "erratum"},
            "Choose one of the options.",
        ),
        ({"text": "x" * 10_001}, "Keep this to 10000 characters"),
    ],
)
def test_a_missing_field_is_reported_and_the_rest_stays(
    sign_in, thea, session, changes, words
):
    answer = sign_in(thea).post(f"/sessions/{session.pk}/add/", said(**changes))
    found = answer.content.decode()
    assert words in found
    assert ("My mistake." in found) == ("reason" not in changes)
    assert not NoteAddition.objects.exists()


def test_an_addendum_needs_no_reason(sign_in, thea, session):
    form = said(kind_of_addition="addendum", reason="")
    sign_in(thea).post(f"/sessions/{session.pk}/add/", form)
    assert NoteAddition.objects.count() == 1
    assert "Reason:" not in page_at(sign_in(thea), f"/sessions/{session.pk}/")


def test_a_double_click_adds_once(sign_in, thea, session):
    form, url = said(), f"/sessions/{session.pk}/add/"
    for _ in range(2):
        assert sign_in(thea).post(url, form).status_code == 302
    assert NoteAddition.objects.count() == 1


def test_a_half_written_addition_is_restored_and_gone_once_signed(
    sign_in, thea, cleo, session
):
    browser = sign_in(thea)
    draft = reverse("draft-keep", args=[cleo.pk, "addition", session.pk])
    typed = {
        "kind_of_addition": "late_entry",
        "text": "Half a sen",
        "reason": "Forgotten",
        "revision": "0",
    }
    assert browser.post(draft, typed).status_code == 200
    found = tight(page_at(browser, f"/sessions/{session.pk}/add/"))
    assert "Half a sen" in found
    assert 'value="Forgotten"' in found
    assert 'value="late_entry" id="id_kind_of_addition_1" checked' in found
    browser.post(f"/sessions/{session.pk}/add/", said(revision="1"))
    assert not Draft.objects.exists()


def test_the_form_can_show_the_text_of_another_tab(sign_in, thea, session):
    found = page_at(sign_in(thea), f"/sessions/{session.pk}/add/")
    form = found.partition("data-draft-url")[2].partition("</form>")[0]
    for part in ("data-conflict", "data-conflict-text", "data-conflict-discard"):
        assert part in form


@pytest.mark.parametrize("role", ["cairn_web", "cairn_owner", "postgres"])
def test_an_addition_never_changes(thea, session, role):
    add_to(session, by=thea)
    before = list(NoteAddition.objects.values())
    for statement in (
        "UPDATE notes_noteaddition SET kind = 'correction'",
        "DELETE FROM notes_noteaddition",
        "TRUNCATE notes_noteaddition",
    ):
        who = thea.pk if role == "cairn_web" else None
        with (
            pytest.raises(DatabaseError),
            acting_as(who, role=role),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert list(NoteAddition.objects.values()) == before


def test_adding_leaves_one_audit_row_and_printing_counts_as_a_look(
    sign_in, thea, session
):
    browser = sign_in(thea)
    browser.post(f"/sessions/{session.pk}/add/", said())
    page_at(browser, f"/sessions/{session.pk}/print/")
    added = AuditEvent.objects.filter(verb="note added to")
    assert added.get().object_id == NoteAddition.objects.get().pk
    assert AuditEvent.objects.filter(verb="printed").count() == 1


def test_a_note_is_printed_with_its_additions(sign_in, thea, theo, cleo, session):
    add_to(session, by=thea)
    found = page_at(sign_in(thea), f"/sessions/{session.pk}/print/")
    for words in ("Harbour Practice", "She came in tired.", "She came by bus.",
                  "Signed by Thea", "</strong> by Thea,", "Printed"):  # fmt: skip
        assert words in found
    draft = hold(cleo, thea, at=timezone.now() - DAY, sign=False)
    assert sign_in(thea).get(f"/sessions/{draft.pk}/print/").status_code == 404
    assert sign_in(theo).get(f"/sessions/{session.pk}/print/").status_code == 404
    assert sign_in(thea).post(f"/sessions/{session.pk}/print/").status_code == 405


# -- the export -----------------------------------------------------------------------


def test_additions_are_in_every_format_of_the_export(sign_in, thea, cleo, session):
    add_to(session, by=thea, kind="correction", reason="My mistake.")
    files = opened(fetched(sign_in(cleo.user), OWN).content)
    [row] = json.loads(files["record.json"])["note_additions"]
    added = NoteAddition.objects.get()
    assert row == {
        "session_id": str(session.pk), "kind": "correction", "by": "Thea",
        "at": plain(added.at), "text": "She came by bus.", "reason": "My mistake.",
        "correction_id": None,
    }  # fmt: skip
    assert "She came by bus." in files["note_additions.csv"].decode("utf-8-sig")


def test_additions_are_in_the_pdf_below_their_note(thea, cleo, session):
    from transfer.export.pdf import Drawing

    drawn = []

    class Paper:
        def __getattr__(self, name):
            return lambda *words, **_how: drawn.extend(words)

    add_to(session, by=thea, kind="correction", reason="My mistake.")
    with acting_as(cleo.user.pk):
        record = read_record(cleo, cleo.user)
    Drawing(Paper(), record).sessions()
    assert drawn.index("Data\nShe came in tired.") < drawn.index("Correction")
    assert drawn.index("Correction") < drawn.index("She came by bus.")
    assert "Reason: My mistake." in drawn


@pytest.mark.parametrize("who", ["cleo", "thea"])
def test_additions_to_a_withheld_note_are_in_no_export(
    sign_in, thea, cleo, session, who
):
    add_to(session, by=thea)
    with acting_as(thea.pk), transaction.atomic():
        NoteHold.place(session.note, "To talk about first", by=thea)
    mine = who == "cleo"
    browser = sign_in(cleo.user if mine else thea)
    said = taken(browser, OWN if mine else f"/clients/{cleo.pk}/record/")
    assert said["note_additions"] == []


def test_fifty_additions_cost_no_more_queries_than_one(sign_in, thea, cleo, session):
    urls = [(thea, f"/sessions/{session.pk}/"), (thea, f"/sessions/{session.pk}/add/"),
            (thea, f"/sessions/{session.pk}/print/"),
            (cleo.user, f"/portal/sessions/{session.pk}/")]  # fmt: skip
    add_to(session, by=thea)
    one = [pinned(sign_in(who), url) for who, url in urls]
    for number in range(50):
        add_to(session, f"Line {number}", by=thea)
    assert [pinned(sign_in(who), url) for who, url in urls] == one


# -- corrections that a client asked for ----------------------------------------------


@pytest.fixture
def asked(cleo):
    with acting_as(cleo.user.pk), transaction.atomic():
        return Correction.ask(cleo, "The note", "I was thinking.", by=cleo.user)


def test_an_answer_adds_the_correction_to_the_note_and_the_client_is_led_there(
    sign_in, thea, cleo, session, asked
):
    answer = {"answer": "You are right.", "note": str(session.pk),
              "text": "She was thinking, not quiet."}  # fmt: skip
    sign_in(thea).post(f"/corrections/{asked.pk}/", answer)
    portal = sign_in(cleo.user)
    corrections = page_at(portal, "/portal/corrections/")
    assert "You are right." in corrections
    assert f'href="/portal/sessions/{session.pk}/"' in corrections
    note = page_at(portal, f"/portal/sessions/{session.pk}/")
    assert "She was thinking, not quiet." in note
    assert "Reason: Requested by the client." in note


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"text": ""}, "Write the correction."), ({"note": ""}, "Choose the note")],
)
def test_an_incomplete_correction_is_returned_and_nothing_is_answered(
    sign_in, thea, session, asked, changes, words
):
    answer = {"answer": "Yes.", "note": str(session.pk), "text": "Thinking."} | changes
    found = sign_in(thea).post(f"/corrections/{asked.pk}/", answer).content.decode()
    assert words in found
    asked.refresh_from_db()
    assert asked.answered_at is None


def test_a_correction_is_offered_only_for_this_clients_signed_notes(
    sign_in, thea, theo, carl, cleo, session, asked
):
    draft = hold(cleo, thea, at=timezone.now() - DAY, sign=False)
    other = hold(carl, theo, at=timezone.now() - DAY)
    in_care(carl, thea, "cover")
    found = page_at(sign_in(thea), f"/corrections/{asked.pk}/")
    assert f'value="{session.pk}"' in found
    assert f'value="{draft.pk}"' not in found
    assert f'value="{other.pk}"' not in found


def test_a_colleague_who_answered_first_prevents_a_second_correction(
    sign_in, thea, cleo, session, asked
):
    answer = {"answer": "Yes.", "note": str(session.pk), "text": "Thinking."}
    for _ in range(2):
        sign_in(thea).post(f"/corrections/{asked.pk}/", answer)
    assert NoteAddition.objects.count() == 1


def test_the_worker_cannot_read_additions(thea, session):
    add_to(session, by=thea)
    with (
        as_role("cairn_worker"),
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
    ):
        NoteAddition.objects.count()
