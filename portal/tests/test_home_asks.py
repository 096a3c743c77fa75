"""What Cleo's home asks of her: all of it can be reached, and nothing else is asked."""

import re

import pytest
from django.urls import reverse

from goals.models import Goal, Review
from goals.tests.test_what_is_agreed import decide, text
from tests.cast import act, agreed_goal, page_at, propose

HOME = reverse("portal-home")
RATE = "Where is it today"


def test_requests_after_the_first_three_are_one_link_away(cleo, thea, sign_in):
    for number in range(6):
        propose(cleo, by=thea, content={"own_words": f"Goal number {number}"})
    browser = sign_in(cleo.user)
    page = page_at(browser, HOME)
    link = re.search(r'<a href="([^"]+)">\s*3 more after these\.', page)[1]
    everything = page_at(browser, HOME + link)
    for number in range(6):
        assert f"Goal number {number}" in everything
    assert "more after these" not in everything


@pytest.mark.parametrize("by", ["cleo", "thea"])
def test_nothing_is_asked_about_a_goal_not_in_effect(cleo, thea, sign_in, by):
    goal = agreed_goal(cleo, thea)
    browser = sign_in(cleo.user)
    assert RATE in page_at(browser, HOME)
    person = cleo.user if by == "cleo" else thea
    act(person, goal, lambda g: g.latest.withdraw_key("No", by=person))
    assert RATE not in page_at(browser, HOME)


def test_a_goal_proposed_by_cleo_alone_or_seen_differently_asks_for_no_rating(
    cleo, thea, sign_in
):
    goal = propose(cleo, cleo.user)
    browser = sign_in(cleo.user)
    assert RATE not in page_at(browser, HOME)
    act(thea, goal, lambda g: g.propose_version({"own_words": "Two"}, by=thea))
    act(cleo.user, goal, lambda g: g.latest.differ("Mine", by=cleo.user))
    assert RATE not in page_at(browser, HOME)


@pytest.mark.parametrize("state", ["open", "due"])
def test_a_review_is_asked_for_beside_a_proposal(cleo, thea, sign_in, state):
    goal = agreed_goal(cleo, thea, content={"own_words": "One", "review_on": None})
    if state == "open":
        act(thea, goal, lambda g: Review.begin(g, by=thea))
    else:
        Goal.objects.filter(pk=goal.pk).update(review_on=thea.today())
    act(thea, goal, lambda g: g.propose_version({"own_words": "Two"}, by=thea))
    page = text(sign_in(cleo.user).get(HOME))
    assert "Thea suggests a new wording" in page
    asked = "Your therapist started a goal review: add your answers"
    assert (asked if state == "open" else "Goal review due") in page


@pytest.mark.parametrize("choice", ["keep", "aside"])
def test_what_is_only_to_read_shows_no_minutes(cleo, thea, sign_in, choice):
    goal = agreed_goal(cleo, thea)
    act(cleo.user, goal, lambda g: g.rate(4, by=cleo.user))
    decide(goal, choice, cleo.user, thea)
    page = text(sign_in(cleo.user).get(HOME))
    assert "Goal review decided" in page and "to read" in page
    assert (
        "min" not in page.split("For this week")[1].split("Something that went well")[0]
    )


def test_a_review_is_asked_for_beside_a_suggestion(cleo, thea, sign_in):
    goal = propose(cleo, cleo.user)
    act(thea, goal, lambda g: g.propose_version({"own_words": "Two"}, by=thea))
    act(cleo.user, goal, lambda g: g.latest.differ("Mine", by=cleo.user))
    act(thea, goal, lambda g: Review.begin(g, by=thea))
    act(thea, goal, lambda g: g.latest.suggest_next("try", by=thea))
    page = text(sign_in(cleo.user).get(HOME))
    assert "Your therapist started a goal review: add your answers" in page
    assert "Your therapist suggests trying both wordings" in page
