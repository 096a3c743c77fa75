"""Cleo opens Cairn in the evening: what is next?"""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.home_page import part_of_day
from tests.cast import (
    add_step,
    agree_practice,
    agreed_goal,
    at_most,
    book,
    hold,
    page_at,
    propose,
    rate,
    reach,
    read_goal,
)

HOME = reverse("portal-home")


def test_on_the_first_day_cleo_is_invited_to_begin(cleo, sign_in):
    said = page_at(sign_in(cleo.user), HOME)
    assert "Start with a few words of your own" in said
    assert reverse("portal-goal-add") in said


@pytest.mark.parametrize(
    ("hour", "part"),
    [(5, "morning"), (12, "afternoon"), (18, "evening"), (2, "night"), (23, "night")],
)
def test_the_greeting_knows_the_time_of_day(hour, part):
    assert part_of_day(hour) == part


def test_the_greeting_uses_cleos_time_zone_and_name(cleo, sign_in):
    for zone in ("Asia/Tokyo", "America/Los_Angeles"):
        cleo.user.time_zone = zone
        cleo.user.save()
        hour = timezone.localtime(timezone=cleo.user.zone).hour
        part = part_of_day(hour)
        hello = "Hello" if part == "night" else f"Good {part}"
        assert f"{hello}, Cleo" in page_at(sign_in(cleo.user), HOME)


def test_cleo_sees_when_and_where_the_next_session_is(cleo, thea, sign_in):
    book(cleo, by=thea, place="Room 2")
    said = page_at(sign_in(cleo.user), HOME)
    assert "Next session with Thea" in said and "Room 2" in said


def test_the_video_link_is_a_link_from_15_minutes_before(cleo, thea, sign_in):
    soon = timezone.now() + timedelta(minutes=16)
    session = book(cleo, by=thea, at=soon, video_link="https://v.example/1")
    browser = sign_in(cleo.user)
    assert "https://v.example/1" not in page_at(browser, HOME)
    assert "The link is here from 15 minutes before" in page_at(browser, HOME)
    session.starts_at -= timedelta(minutes=2)
    session.save(update_fields=["starts_at"])
    assert 'href="https://v.example/1"' in page_at(browser, HOME)


def test_at_most_three_things_are_asked_agreements_first(cleo, thea, sign_in):
    agree_practice(cleo, "Three stops, off at the bakery", by=thea)
    for number in range(2):
        goal = agreed_goal(cleo, by=thea, content={"own_words": f"Goal {number}"})
        read_goal(goal, by=cleo.user)
    propose(cleo, by=thea, content={"own_words": "Sleep through"})
    browser = sign_in(cleo.user)
    asks = browser.get(HOME).context["home"].asks
    assert [ask.kind for ask in asks] == ["agree", "practise", "rate"]
    page = page_at(browser, HOME)
    assert "about 13 minutes" in page and "1 more after these." in page


def test_a_goal_rated_this_week_is_not_asked_about(cleo, thea, sign_in):
    goal = agreed_goal(cleo, by=thea)
    browser = sign_in(cleo.user)
    rate(goal, 4, by=cleo.user, at=timezone.now() - timedelta(days=8))
    assert "Where is it today" in page_at(browser, HOME)
    rate(goal, 5, by=cleo.user)
    assert "Where is it today" not in page_at(browser, HOME)


def test_cleo_sees_the_takeaway_of_the_last_session(cleo, thea, sign_in):
    hold(cleo, by=thea, days=-9, take_away="An older sentence", body=None)
    hold(cleo, by=thea, days=-2, take_away="The wave has a clock on it", body=None)
    said = page_at(sign_in(cleo.user), HOME)
    assert "The wave has a clock on it" in said and "An older sentence" not in said


def test_the_newest_reached_step_is_the_positive_thing(cleo, thea, sign_in):
    goal = agreed_goal(cleo, by=thea)
    first, second = (
        add_step(goal, words, by=thea) for words in ("One stop", "Two stops")
    )
    reach(first, by=cleo.user)
    reach(second, by=cleo.user, at=timezone.now() + timedelta(seconds=1))
    said = page_at(sign_in(cleo.user), HOME)
    assert "Two stops" in said and "Step 2 of 2" in said


def test_without_a_step_the_positive_thing_is_the_agreed_goal(cleo, thea, sign_in):
    agreed_goal(cleo, by=thea)
    assert "You both agreed to this wording" in page_at(sign_in(cleo.user), HOME)


def test_without_an_agreed_goal_it_is_cleos_own_rating(cleo, sign_in):
    goal = propose(cleo, by=cleo.user)
    rate(goal, 6, by=cleo.user)
    assert "You rated it 6" in page_at(sign_in(cleo.user), HOME)


def test_an_empty_home_shows_a_calm_sentence(cleo, thea, sign_in):
    book(cleo, by=thea)
    said = page_at(sign_in(cleo.user), HOME)
    assert "one stone each" in said
    assert "Nothing to do right now" in said


def test_an_exercise_unanswered_for_a_month_is_not_asked_about_again(
    cleo, thea, sign_in
):
    row = agree_practice(cleo, "Three stops", by=thea)
    row.set_at -= timedelta(days=29)
    row.save(update_fields=["set_at"])
    assert "Three stops" not in page_at(sign_in(cleo.user), HOME)


@pytest.mark.parametrize("answer", ["did", "some", "not"])
def test_cleo_says_how_an_exercise_went(cleo, thea, sign_in, answer):
    row = agree_practice(cleo, "Three stops", by=thea)
    url = reverse("portal-practice-say", args=[row.pk])
    told = sign_in(cleo.user).post(
        url, {"answer": answer, "from": "goals"}, follow=True
    )
    assert "Saved" in told.content.decode()
    assert told.redirect_chain[0][0] == reverse("portal-goals")
    row.refresh_from_db()
    assert (row.answer, row.answered_by_id) == (answer, cleo.user.pk)


def test_an_invalid_answer_changes_nothing(cleo, thea, sign_in):
    row = agree_practice(cleo, "Three stops", by=thea)
    url = reverse("portal-practice-say", args=[row.pk])
    assert sign_in(cleo.user).post(url, {"answer": "failed"}).status_code == 302
    row.refresh_from_db()
    assert row.answer == ""


@pytest.mark.parametrize("many", [1, 50])
def test_home_takes_ten_queries_however_much_there_is(cleo, thea, sign_in, many):
    for number in range(many):
        goal = agreed_goal(cleo, by=thea, content={"own_words": f"Goal {number}"})
        reach(add_step(goal, "Step", by=thea), by=cleo.user)
        agree_practice(cleo, f"Practice {number}", by=thea)
        book(cleo, by=thea, days=number + 1, place="Room 2")
        hold(cleo, by=thea, days=-number - 1, take_away="Words", body=None)
    browser = sign_in(cleo.user)
    with at_most(10):
        page_at(browser, HOME)
