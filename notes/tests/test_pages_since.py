"""What a stale page of a session says and does after something happened meanwhile."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clients.models import Correction
from conftest import in_care
from notes.models import ProgressNote
from notes.tests.test_session import kept, note_of, said
from tests.cast import add_to, as_person, book, hold, page_at

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def said_of(found):
    """Text without the marks that isolate a name's direction."""
    return found.replace("\u2068", "").replace("\u2069", "")


@pytest.mark.parametrize("begun", [True, False])
@pytest.mark.parametrize(
    ("act", "why"),
    [("missed", "This session was marked missed."),
     ("cancel", "This session was canceled.")],
)  # fmt: skip
def test_nothing_is_saved_into_a_missed_or_canceled_session(
    sign_in, thea, session, act, why, begun
):
    browser = sign_in(thea)
    if begun:
        kept(browser, session, part0="Before")
    browser.post(f"/sessions/{session.pk}/{act}/")
    revision = "1" if begun else "0"
    answer = kept(browser, session, part0="Too late", revision=revision)
    assert answer.status_code == 409
    assert why in answer.json()["reason"]
    if begun:
        assert note_of(session, thea).parts[0] == "Before"
    else:
        assert not ProgressNote.objects.exists()
    assert "Too late" in page_at(browser, f"/sessions/{session.pk}/")  # for its author


def test_a_missed_session_with_a_draft_is_listed_as_missed(
    sign_in, thea, cleo, session
):
    browser = sign_in(thea)
    kept(browser, session, part0="Begun and left")
    browser.post(f"/sessions/{session.pk}/missed/")
    for url in (f"/clients/{cleo.pk}/", f"/clients/{cleo.pk}/sessions/"):
        found = page_at(browser, url)
        assert "Missed" in found and "Begun and left" not in found


def test_a_future_session_is_booked_and_cannot_be_logged_yet(sign_in, thea, cleo):
    book(cleo, thea, at=timezone.now() + 3 * DAY)
    found = page_at(sign_in(thea), f"/clients/{cleo.pk}/sessions/")
    assert "Booked" in found
    assert "No note yet" not in found


def test_a_canceled_future_session_is_not_listed_as_past_for_cleo(sign_in, thea, cleo):
    ahead = book(cleo, thea, at=timezone.now() + 3 * DAY)
    sign_in(thea).post(f"/sessions/{ahead.pk}/cancel/")
    found = page_at(sign_in(cleo.user), "/portal/sessions/")
    assert "Past and canceled" in found and "Until now" not in found


@pytest.mark.parametrize("began", [True, False])
def test_a_session_can_be_marked_missed_after_its_start_and_canceled_before(
    sign_in, thea, cleo, began
):
    """Thea cannot tell Cleo that next week's session was missed."""
    at = timezone.now() + (-HOUR / 2 if began else 7 * DAY)
    session, browser = book(cleo, thea, at=at), sign_in(thea)
    found = page_at(browser, f"/sessions/{session.pk}/")
    assert (f'action="/sessions/{session.pk}/missed/"' in found) is began
    assert (f'action="/sessions/{session.pk}/cancel/"' in found) is not began
    answer = browser.post(f"/sessions/{session.pk}/missed/", follow=True)
    session.refresh_from_db()
    assert session.state == ("missed" if began else "planned")
    not_yet = "This session has not started yet. Cancel it instead."
    assert (not_yet in answer.content.decode()) is not began
    hers = page_at(sign_in(cleo.user), "/portal/sessions/")
    assert ("Missed" in hers) is began


@pytest.mark.parametrize("act", ["cancel", "missed"])
@pytest.mark.parametrize(
    ("first", "why"),
    [("cancel", "This session was canceled already."),
     ("missed", "This session was marked missed already."),
     ("", "This session was held and logged. Nothing was changed.")],
)  # fmt: skip
def test_canceling_from_a_stale_page_says_what_happened_to_it(
    sign_in, thea, session, act, first, why
):
    browser = sign_in(thea)
    if first:
        browser.post(f"/sessions/{session.pk}/{first}/")
        browser.get("/today/")
    else:
        browser.post(f"/sessions/{session.pk}/", said())
    answer = browser.post(f"/sessions/{session.pk}/{act}/", follow=True)
    assert answer.status_code == 200
    assert why in answer.content.decode()


def test_notes_shared_with_a_closed_account_are_not_said_to_be_read(
    sign_in, thea, cleo
):
    session = hold(cleo, thea, at=timezone.now() - DAY)
    add_to(session, by=thea)
    coming = book(cleo, thea, at=timezone.now() - HOUR)
    browser = sign_in(thea)
    urls = [f"/sessions/{session.pk}/", f"/sessions/{session.pk}/add/",
            f"/sessions/{coming.pk}/"]  # fmt: skip
    for url in urls:
        assert "Cleo can read" in said_of(page_at(browser, url)), url
    cleo.user.is_active = False
    cleo.user.save()
    for url in urls:
        assert "Cleo can read" not in said_of(page_at(browser, url)), url


def test_moving_a_session_promises_no_reminder_to_a_client_who_wants_none(
    sign_in, thea, cleo
):
    ahead = book(cleo, thea, at=timezone.now() + 3 * DAY)
    found = page_at(sign_in(thea), f"/sessions/{ahead.pk}/move/")
    assert "Any reminders will use the new time." in found


def test_the_colleague_who_answered_a_correction_meanwhile_is_named(
    sign_in, thea, theo, cleo
):
    in_care(cleo, theo, "co_therapist")
    with as_person(cleo.user):
        asked = Correction.ask(cleo, "A name", "It is Jo", by=cleo.user)
    url, words = f"/corrections/{asked.pk}/", {"answer": "Yes, Jo."}
    browser = sign_in(thea)
    browser.post(url, words)
    again = browser.post(url, words | {"answer": "New wording"}).content.decode()
    assert "You already answered this in another tab." in again
    assert "New wording" in again
    others = sign_in(theo).post(url, words | {"answer": "Mine"}).content.decode()
    assert "Thea" in others and "answered this in the meantime." in others
