"""On a phone Cleo does all that the portal offers; Thea's page shows it."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import SignIn
from clients.models import ContactWish
from goals.models import Goal
from ops.place import wait_until
from tests.cast import (
    add_step,
    agree_practice,
    agreed_goal,
    as_person,
    book,
    hold,
    propose,
    write_note,
)

pytestmark = pytest.mark.browser
WEATHER = re.compile(r"^https://www\.bbc\.co\.uk/weather")


@pytest.fixture
def cleos(at, cleo):
    return at(cleo.user, phone=True)


@pytest.fixture
def theas(at, thea):
    return at(thea)


def press(page, name, role="button"):
    page.get_by_role(role, name=name, exact=True).click()


def goal_of(page, goal):
    page.goto(reverse("goal", args=[goal.pk]))
    return page.get_by_role("main")


def test_cleo_proposes_a_goal_and_thea_agrees(cleos, theas):
    cleos.goto(reverse("portal-home"))
    press(cleos, "Propose a goal", role="link")
    cleos.get_by_label("What would you like to be different?").fill("Leave when I want")
    cleos.get_by_label(re.compile(r"^\s*0 means")).fill("I stay until I cry")
    cleos.get_by_label("10 means").fill("I say bye, and it’s just a bye")
    cleos.get_by_text("Add details").click()
    cleos.get_by_label("Review on").fill("2099-03-01")
    expect(cleos.locator("[data-saved]")).to_contain_text("Saved")
    press(cleos, "Propose this goal")
    expect(cleos.locator(".toasts")).to_contain_text("You agreed to this wording")
    expect(cleos.get_by_role("main")).to_contain_text(
        "Waiting for your therapist to agree"
    )
    hers = goal_of(theas, Goal.objects.get())
    for words in ("Leave when I want", "I stay until I cry", "just a bye"):
        expect(hers).to_contain_text(words)
    press(theas, "Agree to version 1")
    cleos.reload()
    expect(cleos.get_by_role("main")).to_contain_text("Agreed today")
    expect(cleos.get_by_role("main")).to_contain_text("Mar 1, 2099")


def test_words_typed_on_a_phone_that_dies_are_restored(at, cleo):
    first = at(cleo.user, phone=True)
    first.goto(reverse("portal-goal-add"))
    first.get_by_label("What would you like to be different?").fill("Half a sentence")
    expect(first.locator("[data-saved]")).to_contain_text("Saved")
    second = at(cleo.user, phone=True)
    second.goto(reverse("portal-goal-add"))
    field = second.get_by_label("What would you like to be different?")
    expect(field).to_have_value("Half a sentence")


def test_cleo_answers_a_new_wording_with_another_one(cleos, theas, cleo, thea):
    goal = agreed_goal(cleo, by=thea)
    with as_person(thea):
        Goal.objects.get(pk=goal.pk).propose_version({"own_words": "One stop"}, by=thea)
    cleos.goto(reverse("portal-home"))
    cleos.get_by_role("link", name="Thea suggests a new wording").click()
    press(cleos, "Suggest new wording", role="link")
    cleos.get_by_label("What would you like to be different?").fill("Two stops alone")
    press(cleos, "Propose this wording")
    expect(cleos.get_by_role("main")).to_contain_text("Proposal, version 3")
    hers = goal_of(theas, goal)
    expect(hers).to_contain_text("Proposal, version 3")
    expect(hers.locator(".diff ins").first).to_contain_text("Two")


def test_cleo_agrees_with_one_click(cleos, theas, cleo, thea):
    goal = propose(cleo, by=thea)
    cleos.goto(reverse("portal-goal", args=[goal.pk]))
    press(cleos, "Agree to version 1")
    expect(cleos.locator(".toasts")).to_contain_text("You agreed to this goal")
    expect(goal_of(theas, goal)).to_contain_text("Version 1, in effect")


def test_cleo_rates_and_withdraws_the_rating(cleos, theas, cleo, thea):
    goal = agreed_goal(cleo, by=thea)
    cleos.goto(reverse("portal-home"))
    cleos.get_by_role("link", name="Where is it today, 0 to 10?").click()
    cleos.locator("label.n7").click()
    press(cleos, "Save rating")
    expect(cleos.locator(".toasts")).to_contain_text("Rating saved: 7")
    said = cleos.locator("figcaption").inner_text()
    assert "7" in said
    theirs = said.replace("You:", "Cleo:")  # each page says whose it is
    expect(goal_of(theas, goal).locator("figcaption")).to_have_text(theirs)
    press(cleos, "Undo")
    expect(cleos.locator(".toasts")).to_contain_text("Rating removed")
    for page in (cleos, theas):
        page.reload()
        expect(page.get_by_role("main")).not_to_contain_text("Rating saved: 7")
        expect(page.locator("figcaption")).not_to_contain_text("7")


def test_cleo_adds_a_step_and_reaches_it(cleos, theas, cleo, thea):
    goal = agreed_goal(cleo, by=thea)
    cleos.goto(reverse("portal-goal", args=[goal.pk]))
    press(cleos, "Add a step", role="link")
    cleos.get_by_label("Next step").fill("Stand at the stop")
    press(cleos, "Add step")
    press(cleos, "Reached Stand at the stop")
    expect(cleos.locator(".toasts")).to_contain_text("Step reached")
    for main in (cleos.get_by_role("main"), goal_of(theas, goal)):
        expect(main).to_contain_text("Stand at the stop")
        expect(main).to_contain_text("1 of 1 reached")
    cleos.goto(reverse("portal-home"))
    expect(cleos.get_by_role("main")).to_contain_text("Step 1 of 1")


def test_cleo_did_some_of_an_exercise_and_it_counts(cleos, theas, cleo, thea):
    book(cleo, by=thea, place="Room 2")
    agree_practice(cleo, "Three stops, off at the bakery", by=thea)
    cleos.goto(reverse("portal-home"))
    press(cleos, "Did some")
    expect(cleos.locator(".toasts")).to_contain_text("Saved: you did some of it")
    cleos.goto(reverse("portal-goals"))
    chosen = cleos.get_by_role("button", name="Did some", pressed=True)
    expect(chosen).to_be_visible()
    theas.goto(reverse("client", args=[cleo.pk]))
    expect(theas.get_by_role("main")).to_contain_text("Did some")


def test_cleo_sets_the_contact_preferences_and_thea_reads_it(cleos, theas, cleo):
    cleos.goto(reverse("portal-more"))
    press(cleos, "Contact", role="link")
    cleos.get_by_label("2 hours before").check()
    cleos.get_by_label("Email me when my week").uncheck()
    cleos.get_by_label("No messages until").fill("2099-03-01")
    press(cleos, "Save changes")
    expect(cleos.locator(".toasts")).to_contain_text("Preferences saved")
    expect(cleos.get_by_label("2 hours before")).to_be_checked()
    expect(cleos.get_by_label("Email me when my week")).not_to_be_checked()
    assert not ContactWish.objects.get(client=cleo, kind="client-digest").allowed
    theas.goto(reverse("client", args=[cleo.pk]))
    expect(theas.get_by_role("main")).to_contain_text("No emails until")


def test_a_refused_pause_keeps_what_was_chosen(cleos):
    cleos.goto(reverse("portal-contact"))
    cleos.get_by_label("2 hours before").check()
    cleos.get_by_label("No messages until").fill("2020-03-01")
    press(cleos, "Save changes")
    expect(cleos.get_by_role("main")).to_contain_text("Choose a day after today")
    expect(cleos.get_by_label("2 hours before")).to_be_checked()


@pytest.mark.parametrize("scripts", [True, False])
def test_leaving_takes_one_click_and_back_shows_nothing(at, cleo, scripts):
    page = at(cleo.user, phone=True, scripts=scripts)
    page.route(WEATHER, lambda route: route.fulfill(body="<title>Rain</title>"))
    page.goto(reverse("portal-goals"))
    press(page, "Leave quickly")
    page.wait_for_url(WEATHER)
    wait_until(lambda: not SignIn.objects.filter(user=cleo.user).exists(), 10, "leave")
    page.goto(reverse("portal-home"))
    expect(page).to_have_url(re.compile("/sign-in/"))


def test_axe_finds_nothing_in_the_portal(at, cleo, thea, accessible):
    goal = propose(cleo, by=thea)
    add_step(goal, "One stop", by=thea)
    agree_practice(cleo, "Three stops", by=thea)
    book(cleo, by=thea, place="Room 2")
    session = hold(cleo, by=thea, take_away="The wave has a clock on it", body=None)
    write_note(session, "Two stops", by=thea)
    here = [("portal-goal", [goal.pk]), ("portal-goal-propose", [goal.pk])]
    here += [("portal-session", [session.pk])]
    here += [
        (f"portal-{name}", [])
        for name in (
            "home",
            "goals",
            "goal-add",
            "sessions",
            "looked",
            "contact",
            "more",
        )
    ]
    for phone in (True, False):
        page = at(cleo.user, phone=phone)
        for name, args in here:
            page.goto(reverse(name, args=args))
            accessible(page)
            width = "document.documentElement.scrollWidth - innerWidth"
            assert page.evaluate(width) <= 0, name
