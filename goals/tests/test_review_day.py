"""A goal has one review date: one set by a review stays, whoever rewords the goal."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from goals.models import Goal
from goals.models.goal import REVIEW_AFTER
from goals.tests.test_reviews import answer
from goals.tests.test_what_is_agreed import text
from tests.cast import BUS, act, agree, agreed_goal
from ui import dates

STILL = "This is the current wording. Change something first."


@pytest.fixture
def goal(cleo, thea):
    """Agreed with a date in three weeks, then kept in a review: a later date."""
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
def test_a_new_wording_keeps_the_date_that_a_review_set(
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
    assert "Review on" not in page
    agree(goal, other)
    day = dates.short(goal.review_on)
    page = text(browser.get(address))
    assert f"review {dates.weekday(goal.review_on)}" in page or day in page
    assert Goal.objects.get(pk=goal.pk).review_on == goal.review_on


@pytest.mark.parametrize("proposes", ["cleo", "thea"])
def test_an_unchanged_date_is_not_part_of_a_proposal(
    goal, cleo, thea, sign_in, proposes
):
    """After the proposal, both try both wordings or keep the goal in a review: the goal
    takes that date, and agreeing does not change it."""
    me, other = (cleo.user, thea) if proposes == "cleo" else (thea, cleo.user)
    start = "/portal" if me.is_client else ""
    address = f"{start}/goals/{goal.pk}/"
    form = form_of(sign_in(me), f"{address}propose/") | {"own_words": "Two stops"}
    sign_in(me).post(f"{address}propose/", form)
    act(other, goal, lambda g: g.latest.differ("Slower", "One", by=other))
    for by in (me, other):
        act(by, goal, lambda g, by=by: g.latest.suggest_next("try", by=by))
    trial = thea.today() + timedelta(days=14)
    for person, url in ((cleo.user, "/portal"), (thea, "")):
        page = text(sign_in(person).get(f"{url}/goals/{goal.pk}/"))
        assert f"review {dates.weekday(trial)}" in page
        assert dates.weekday(goal.review_on) not in page
        assert "Review on" not in page
    for by in (cleo.user, thea):
        answer(goal, by, choice="keep")
    agree(goal, other)
    assert Goal.objects.get(pk=goal.pk).review_on == thea.today() + REVIEW_AFTER


def test_a_date_set_while_the_wording_was_typed_is_not_moved_back(
    goal, cleo, thea, sign_in
):
    browser, address = sign_in(thea), f"/goals/{goal.pk}/propose/"
    form = form_of(browser, address) | {"own_words": "Two stops"}
    day = thea.today() + timedelta(days=40)
    Goal.objects.filter(pk=goal.pk).update(review_on=day)
    page = text(browser.post(address, form, follow=True))
    assert "Review on" not in page
    agree(goal, cleo.user)
    assert Goal.objects.get(pk=goal.pk).review_on == day


def test_a_new_wording_of_a_proposal_keeps_its_proposed_date(goal, cleo, thea, sign_in):
    day = thea.today() + timedelta(days=50)
    for person, start, more in (
        (thea, "", {"own_words": "Two stops", "review_on": day}),
        (cleo.user, "/portal", {"own_words": "Three stops"}),
    ):
        browser, address = sign_in(person), f"{start}/goals/{goal.pk}/propose/"
        form = form_of(browser, address) | more
        page = text(browser.post(address, form, follow=True))
        assert dates.weekday(day) in page[page.index("Review on") :]
    agree(goal, thea)
    assert Goal.objects.get(pk=goal.pk).review_on == day


def test_an_empty_date_leaves_the_goals_date(goal, cleo, thea, sign_in):
    browser, address = sign_in(thea), f"/goals/{goal.pk}/propose/"
    assert "Leave it empty to keep" in text(browser.get(address))
    form = form_of(browser, address) | {"own_words": "Two stops", "review_on": ""}
    page = text(browser.post(address, form, follow=True))
    assert "Review on" not in page
    agree(goal, cleo.user)
    assert Goal.objects.get(pk=goal.pk).review_on == goal.review_on


def test_a_goal_agreed_again_has_a_review_date_again(goal, cleo, thea):
    """The version had no date of its own: it takes that of the version before."""
    act(thea, goal, lambda g: g.propose_version({"own_words": "Two"}, by=thea))
    agree(goal, cleo.user)
    act(thea, goal, lambda g: g.latest.withdraw_key("No", by=thea))
    assert Goal.objects.get(pk=goal.pk).review_on is None
    agree(goal, thea)
    assert Goal.objects.get(pk=goal.pk).review_on == thea.today() + timedelta(days=21)


@pytest.mark.parametrize("choice", ["aside", "reached"])
def test_a_resumed_goal_keeps_the_date_that_both_decided(goal, cleo, thea, choice):
    for by in (cleo.user, thea):
        answer(goal, by, choice=choice)
    act(thea, goal, lambda g: g.take_up(by=thea))
    assert Goal.objects.get(pk=goal.pk).review_on == goal.review_on


def test_a_different_date_is_a_change_of_its_own(goal, thea, sign_in):
    browser, address = sign_in(thea), f"/goals/{goal.pk}/"
    form = form_of(browser, f"{address}propose/")
    form["review_on"] = thea.today() + timedelta(days=50)
    page = text(browser.post(f"{address}propose/", form, follow=True))
    changed = page[page.index("Review on") :]
    assert dates.short(goal.review_on) in changed
    assert dates.short(form["review_on"]) in changed


@pytest.mark.parametrize("proposes", ["cleo", "thea"])
def test_a_due_review_stays_due_if_nobody_entered_a_date(
    goal, cleo, thea, sign_in, proposes
):
    me, other = (cleo.user, thea) if proposes == "cleo" else (thea, cleo.user)
    start = "/portal" if me.is_client else ""
    Goal.objects.filter(pk=goal.pk).update(review_on=thea.today())
    browser, address = sign_in(me), f"{start}/goals/{goal.pk}/propose/"
    assert "The review is due." in text(browser.get(address))
    form = form_of(browser, address)
    assert form["review_on"] == ""
    assert STILL in text(browser.post(address, form))
    form["own_words"] = "Two stops"
    page = text(browser.post(address, form, follow=True))
    assert "Review on" not in page
    agree(goal, other)
    assert Goal.objects.get(pk=goal.pk).review_on == thea.today()


def test_a_proposed_date_in_the_past_is_not_proposed_again(goal, cleo, thea, sign_in):
    before = {"own_words": "Two stops", "review_on": thea.today() - timedelta(days=1)}
    act(thea, goal, lambda g: g.propose_version(before, by=thea))
    browser, address = sign_in(cleo.user), f"/portal/goals/{goal.pk}/propose/"
    form = form_of(browser, address)
    assert form["review_on"] == goal.review_on
    assert STILL in text(browser.post(address, form))
    browser.post(address, form | {"own_words": "Three stops"})
    assert Goal.objects.get(pk=goal.pk).latest.review_on is None


def test_a_closed_goal_with_a_past_date_is_proposed_again_without_one(
    goal, cleo, thea, sign_in
):
    for by in (cleo.user, thea):
        answer(goal, by, choice="aside")
    Goal.objects.filter(pk=goal.pk).update(review_on=thea.today())
    form = form_of(sign_in(thea), f"/goals/{goal.pk}/propose/")
    assert form["review_on"] == ""


def test_the_form_says_that_a_review_date_is_moved_and_not_removed(goal, cleo, sign_in):
    page = text(sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/propose/"))
    assert "The review date can be moved, not removed." in page


@pytest.mark.browser
def test_a_draft_older_than_a_review_has_no_date_that_nobody_entered(goal, thea, at):
    page = at(thea)
    page.goto(f"/goals/{goal.pk}/propose/")
    page.get_by_label("In the client’s own words").fill("Two stops")
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    day = thea.today() + timedelta(days=40)
    Goal.objects.filter(pk=goal.pk).update(review_on=day)
    page.goto(f"/goals/{goal.pk}/propose/")
    assert page.get_by_label("In the client’s own words").input_value() == "Two stops"
    typed = page.locator("[name=review_on]").input_value()
    assert typed == day.isoformat()
    page.get_by_role("button", name="Propose wording").click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("Two stops")
    expect(main).not_to_contain_text("Review on")


def test_a_goal_that_is_not_in_effect_lists_no_review_date(cleo, thea, sign_in):
    day = thea.today() + timedelta(days=21)
    goal = agreed_goal(cleo, thea, content=BUS | {"review_on": day})
    act(thea, goal, lambda g: g.latest.withdraw_key("No", by=thea))
    for person, start in ((cleo.user, "/portal"), (thea, "")):
        page = text(sign_in(person).get(f"{start}/goals/{goal.pk}/"))
        assert "Not in effect" in page
        assert "Review on" not in page
