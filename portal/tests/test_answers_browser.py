"""Cleo declines, or suggests a next step, using her page; Thea reads it."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from goals.tests.test_agreed_again import agreed_again
from tests.cast import act, agreed_goal, propose

pytestmark = pytest.mark.browser


def press(page, name, role="button"):
    page.get_by_role(role, name=name, exact=True).click()


def test_cleo_declines_a_goal_after_confirming_and_thea_reads_it(at, cleo, thea):
    goal = propose(cleo, thea)
    cleos, theas = at(cleo.user, phone=True), at(thea)
    cleos.goto(reverse("portal-goal", args=[goal.pk]))
    expect(cleos.get_by_role("button", name="Decline this goal")).to_be_hidden()
    cleos.get_by_text("This isn’t my goal").click()
    expect(cleos.get_by_text("The goal is then closed.")).to_be_visible()
    press(cleos, "Decline this goal")
    expect(cleos.get_by_role("main")).to_contain_text("Declined")
    theas.goto(reverse("today"))
    expect(theas.get_by_role("main")).to_contain_text(
        "The client declined a goal. It is closed."
    )


def test_cleo_does_not_agree_again_and_thea_resumes_the_goal(at, cleo, thea):
    goal = agreed_again(cleo, thea, thea)
    cleos, theas = at(cleo.user, phone=True), at(thea)
    cleos.goto(reverse("portal-goal", args=[goal.pk]))
    cleos.get_by_text("Don’t agree again").click()
    expect(cleos.get_by_text("The goal is then set aside.")).to_be_visible()
    press(cleos, "Set this goal aside")
    expect(cleos.get_by_role("main")).to_contain_text("Set aside")
    theas.goto(reverse("today"))
    told = "The client did not agree again to a goal. It is set aside."
    expect(theas.get_by_role("main")).to_contain_text(told)
    theas.goto(reverse("goal", args=[goal.pk]))
    press(theas, "Resume goal")
    expect(theas.get_by_role("main")).to_contain_text("Cleo did not agree again today")
    cleos.goto(reverse("portal-goal", args=[goal.pk]))
    expect(cleos.get_by_role("main")).to_contain_text("You did not agree again today")


def test_cleo_suggests_a_next_step_and_thea_answers_from_today(at, cleo, thea):
    goal = agreed_goal(cleo, thea)
    act(thea, goal, lambda g: g.propose_version({"own_words": "Six stops"}, by=thea))
    act(cleo.user, goal, lambda g: g.latest.differ("It is mine", by=cleo.user))
    cleos, theas = at(cleo.user, phone=True), at(thea)
    cleos.goto(reverse("portal-goal-differ", args=[goal.pk]))
    cleos.get_by_text("Try both for two weeks").click()
    press(cleos, "Suggest this")
    expect(cleos.get_by_role("main")).to_contain_text("You suggested:")
    theas.goto(reverse("caseload"))
    expect(theas.get_by_role("main")).to_contain_text("Suggests: try both")
    theas.goto(reverse("today"))
    theas.get_by_role("link", name=re.compile("^Answer")).click()
    theas.get_by_text("Try both for two weeks").last.click()
    press(theas, "Suggest this")
    chosen = re.compile("You both chose, today: Try both for two weeks")
    for page, name in ((theas, "goal"), (cleos, "portal-goal")):
        page.goto(reverse(name, args=[goal.pk]))
        expect(page.get_by_role("main")).to_contain_text(chosen)
    cleos.goto(reverse("portal-home"))
    expect(cleos.get_by_role("main")).not_to_contain_text("suggests")
