"""A past week's page does not change, and its requests are up to date."""

from datetime import timedelta

import pytest
from django.utils import timezone

from goals.tests.test_last_agreed import week_of
from goals.tests.test_reviews import answer
from goals.tests.test_what_is_agreed import text
from tests.cast import (
    BUS,
    act,
    agree,
    agreed_goal,
    as_person,
    book,
    hold,
    page_at,
    pinned,
    propose,
    rate,
    write_note,
)

WORDS, NEW = BUS["own_words"], "Two stops, alone"


@pytest.fixture
def week(thea):
    """The URL of Thea's page."""
    return f"/digest/{week_of(thea).pk}/"


def part(page, title):
    return page.split(title)[1]


@pytest.fixture
def moved(cleo, thea):
    """Agreed to now, and rated 5 after 2."""
    goal = agreed_goal(cleo, thea)
    rate(goal, 2, by=cleo.user, at=timezone.now() - timedelta(days=10))
    rate(goal, 5, by=cleo.user)
    return goal


def test_a_note_counts_as_signed_in_theas_week_as_soon_as_she_signs(
    cleo, thea, week, sign_in
):
    session = book(cleo, thea, at=timezone.now() - timedelta(hours=2))
    with as_person(thea):
        session.log(take_away="", by=thea)
    note = write_note(session, "She came by bus.", by=thea, sign=False)
    browser = sign_in(thea)
    page = text(browser.get(week))
    assert "All are signed." not in page and "Notes signed 0 of 1" in page
    with as_person(thea):
        assert note.sign(by=thea, base=note.revision)
    page = text(browser.get(week))
    assert "All are signed." in page and "Notes signed 1 of 1" in page
    browser.post(f"/sessions/{session.pk}/unsign/")
    page = text(browser.get(week))
    assert "All are signed." not in page and "Notes signed 0 of 1" in page


def test_changes_and_agreements_stay_after_cleo_is_discharged(
    moved, cleo, thea, week, sign_in
):
    browser = sign_in(thea)
    for _once in ("before", "after"):
        page = text(browser.get(week))
        assert "Cleo: 5, was 2" in part(page, "What changed")
        assert WORDS in part(page, "Newly agreed").split("What changed")[0]
        browser.post(f"/clients/{cleo.pk}/discharge/")


def test_a_discharged_client_is_asked_nothing_but_open_notes_remain(
    cleo, thea, week, sign_in
):
    propose(cleo, cleo.user)
    hold(cleo, thea, at=timezone.now() - timedelta(hours=2), sign=False)
    browser = sign_in(thea)
    browser.post(f"/clients/{cleo.pk}/discharge/")
    page = text(browser.get(week))
    assert "Nothing needs your agreement." in page
    assert "Every client has a session booked." in page
    unsigned = part(page, "Notes not signed").split("No session booked")[0]
    assert "Cleo" in unsigned and "All are signed." not in page


def test_an_agreed_goal_stays_listed_after_it_is_reached(
    moved, cleo, thea, week, sign_in
):
    for by in (cleo.user, thea):
        answer(moved, by, choice="reached")
    page = text(sign_in(thea).get(week))
    assert WORDS in part(page, "Newly agreed").split("What changed")[0]


def test_an_agreed_goal_stays_listed_after_the_agreement_is_withdrawn(
    moved, cleo, thea, week, sign_in
):
    act(cleo.user, moved, lambda g: g.in_force.withdraw_key("No", by=cleo.user))
    page = text(sign_in(thea).get(week))
    assert WORDS in part(page, "Newly agreed").split("What changed")[0]


def test_a_mere_proposal_is_not_newly_agreed(moved, cleo, thea, week, sign_in):
    act(thea, moved, lambda g: g.propose_version({"own_words": NEW}, by=thea))
    browser = sign_in(thea)
    agreed = part(text(browser.get(week)), "Newly agreed").split("What changed")[0]
    assert WORDS in agreed and NEW not in agreed
    agree(moved, cleo.user)
    agreed = part(text(browser.get(week)), "Newly agreed").split("What changed")[0]
    assert NEW in agreed and WORDS not in agreed  # the last one of a week


def test_a_week_with_more_agreements_takes_as_many_queries(
    moved, cleo, thea, week, sign_in
):
    browser = sign_in(thea)
    page_at(browser, week)
    first = pinned(browser, week)
    for number in range(5):
        agreed_goal(cleo, thea, content={"own_words": f"Goal {number}"})
    assert pinned(browser, week) == first
