"""When Cleo and Thea meet, and what Thea shares about it."""

import pytest
from django.urls import reverse

from clients.autosave import PART
from notes.models import NoteHold
from tests.cast import (
    agree_practice,
    agreed_goal,
    as_person,
    at_most,
    book,
    hold,
    rate,
    write_note,
)
from therapy.demo.words import PRIVACY

SESSIONS = reverse("portal-sessions")
NOTE = PART.join(["Cleo rode two stops", "Braver than planned", "Three stops"])


def told(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def one(session):
    return reverse("portal-session", args=[session.pk])


def test_with_nothing_booked_the_page_says_how_to_reach_thea(cleo, sign_in):
    said = told(sign_in(cleo.user).get(SESSIONS))
    assert "No session is booked" in said and reverse("portal-contact") in said


def test_cleo_sees_upcoming_and_past_sessions(cleo, thea, sign_in):
    book(cleo, by=thea, place="Room 2")
    book(cleo, by=thea, days=10, video_link="https://v.example/1")
    hold(cleo, by=thea, take_away="The wave has a clock on it", body=None)
    said = told(sign_in(cleo.user).get(SESSIONS))
    assert "Room 2" in said and "By video" in said
    assert "The wave has a clock on it" in said
    assert "https://v.example/1" not in said


def test_a_signed_note_is_shown_part_by_part(cleo, thea, sign_in):
    session = hold(cleo, by=thea, body=None)
    write_note(session, NOTE, by=thea)
    browser = sign_in(cleo.user)
    assert "Read the note" in told(browser.get(SESSIONS))
    said = told(browser.get(one(session)))
    for words in (
        "Data",
        "Cleo rode two stops",
        "Plan",
        "Three stops",
        "signed by Thea",
    ):
        assert words in said


def test_an_unsigned_note_is_not_shown(cleo, thea, sign_in):
    session = hold(cleo, by=thea, body=None)
    write_note(session, NOTE, by=thea, sign=False)
    browser = sign_in(cleo.user)
    assert "Read the note" not in told(browser.get(SESSIONS))
    said = told(browser.get(one(session)))
    assert (
        "two stops" not in said
        and "No note of this session is shared with you right now." in said
    )


def test_a_withheld_note_is_not_shown_until_it_is_shared(cleo, thea, sign_in):
    session = hold(cleo, by=thea, body=None)
    note = write_note(session, NOTE, by=thea)
    with as_person(thea):
        held = NoteHold.place(note, "To go through it together", by=thea)
    browser = sign_in(cleo.user)
    assert "Read the note" not in told(browser.get(SESSIONS))
    said = told(browser.get(one(session)))
    assert "two stops" not in said and "go through it" not in said
    assert "The note of this session is not shared for now." in said
    assert "No note of this session" not in said
    # The database clock stands still within a test, so ending the hold now is too late.
    NoteHold.objects.filter(pk=held.pk).update(until=session.starts_at)
    shown = told(browser.get(one(session)))
    assert "two stops" in shown and "not shared" not in shown


def test_a_session_without_a_note_says_nothing_about_withholding(cleo, thea, sign_in):
    session = hold(cleo, by=thea, body=None)
    said = told(sign_in(cleo.user).get(one(session)))
    assert "No note of this session" in said and "not shared" not in said


def test_the_withholding_form_and_the_demos_notice_say_what_cleo_learns(
    cleo, thea, sign_in
):
    session = hold(cleo, by=thea, body=None)
    write_note(session, NOTE, by=thea)
    page = told(sign_in(thea).get(f"/sessions/{session.pk}/"))
    assert "The client sees that the note is not shared, but not why." in page
    assert "its session says so, and you can ask why" in PRIVACY


def test_a_session_shows_ratings_exercise_and_takeaway(cleo, thea, sign_in):
    session = hold(cleo, by=thea, take_away="It goes up, and then down", body=None)
    agree_practice(cleo, "Three stops", by=thea, session_id=session.pk)
    rate(agreed_goal(cleo, by=thea), 6, by=thea, at=session.starts_at)
    said = told(sign_in(cleo.user).get(one(session)))
    for words in (
        "It goes up, and then down",
        "Three stops",
        "Last rated by Thea",
        "bus",
    ):
        assert words in said


def test_cleo_cannot_open_carls_session(cleo, carl, theo, sign_in):
    session = hold(carl, by=theo, body=None)
    write_note(session, NOTE, by=theo)
    browser = sign_in(cleo.user)
    assert browser.get(one(session)).status_code == 404
    assert browser.post(one(session)).status_code in (404, 405)


@pytest.mark.parametrize("many", [1, 50])
def test_the_list_of_sessions_takes_few_queries(cleo, thea, sign_in, many):
    for number in range(many):
        book(cleo, by=thea, days=number + 1, place="Room 2")
        session = hold(cleo, by=thea, days=-number - 1, take_away="Words", body=None)
        write_note(session, NOTE, by=thea)
    browser = sign_in(cleo.user)
    with at_most(9):
        told(browser.get(SESSIONS))


@pytest.mark.parametrize("many", [1, 50])
def test_a_session_takes_few_queries(cleo, thea, sign_in, many):
    session = hold(cleo, by=thea, take_away="Words", body=None)
    write_note(session, NOTE, by=thea)
    for number in range(many):
        goal = agreed_goal(cleo, by=thea, content={"own_words": f"Goal {number}"})
        rate(goal, 4, by=cleo.user, at=session.starts_at)
    browser = sign_in(cleo.user)
    with at_most(10):
        told(browser.get(one(session)))


@pytest.mark.parametrize(
    ("becomes", "started"),
    [
        ("held", True), ("planned", True), ("planned", False),
        ("missed", True), ("cancelled", True), ("cancelled", False),
    ],
)  # fmt: skip
def test_the_takeaway_on_home_is_of_a_session_that_was_held(
    cleo, thea, sign_in, becomes, started
):
    """Thea prepares the text beforehand; it is not shown as a takeaway yet."""
    session = book(cleo, by=thea, days=-1 if started else 3)
    session.take_away, session.state = "The pause is mine", becomes
    with as_person(thea):
        session.save(update_fields=["take_away", "state"])
    browser = sign_in(cleo.user)
    both = told(browser.get(SESSIONS)) + told(browser.get(one(session)))
    assert ("The pause is mine" in both) is (started and becomes in ("held", "planned"))
