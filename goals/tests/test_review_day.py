"""A goal has one review day: what a review set stays, whoever proposes other words."""

from datetime import timedelta

import pytest

from goals.models import Goal
from goals.models.goal import REVIEW_AFTER
from goals.tests.test_reviews import answer
from goals.tests.test_what_is_agreed import text
from tests.cast import BUS, agree, agreed_goal
from ui import dates

STILL = "These are the words that stand there already."


@pytest.fixture
def goal(cleo, thea):
    """Agreed with a day in three weeks, then kept in a review: looked at later."""
    day = thea.today() + timedelta(days=21)
    goal = agreed_goal(cleo, thea, content=BUS | {"review_on": day})
    for by in (cleo.user, thea):
        answer(goal, by, choice="keep")
    goal.refresh_from_db(fields=["review_on"])
    assert goal.review_on > day
    return goal


def form_of(browser, address) -> dict:
    form = browser.get(address).context["form"]
    return {field.html_name: field.value() or "" for field in form}


@pytest.mark.parametrize("proposes", ["cleo", "thea"])
def test_other_words_keep_the_day_that_a_review_set(
    goal, cleo, thea, sign_in, proposes
):
    me, other = (cleo.user, thea) if proposes == "cleo" else (thea, cleo.user)
    start = "/portal" if me.is_client else ""
    browser, address = sign_in(me), f"{start}/goals/{goal.pk}/"
    form = form_of(browser, f"{address}propose/")
    assert form["review_on"] == goal.review_on
    assert STILL in text(browser.post(f"{address}propose/", form))
    form["own_words"] = "Two stops"
    page = text(browser.post(f"{address}propose/", form, follow=True))
    assert "Look at it again on" not in page
    agree(goal, other)
    day = dates.short(goal.review_on)
    page = text(browser.get(address))
    assert f"review {dates.weekday(goal.review_on)}" in page or day in page
    assert Goal.objects.get(pk=goal.pk).review_on == goal.review_on


def test_another_day_is_a_change_of_its_own(goal, thea, sign_in):
    browser, address = sign_in(thea), f"/goals/{goal.pk}/"
    form = form_of(browser, f"{address}propose/")
    form["review_on"] = thea.today() + timedelta(days=50)
    page = text(browser.post(f"{address}propose/", form, follow=True))
    changed = page[page.index("Look at it again on") :]
    assert dates.short(goal.review_on) in changed
    assert dates.short(form["review_on"]) in changed


def test_a_change_of_a_goal_that_is_due_begins_with_a_day_ahead(goal, thea, sign_in):
    Goal.objects.filter(pk=goal.pk).update(review_on=thea.today())
    form = form_of(sign_in(thea), f"/goals/{goal.pk}/propose/")
    assert form["review_on"] == thea.today() + REVIEW_AFTER
