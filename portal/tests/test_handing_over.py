"""Handover of a therapist's device to a client: one action, and nothing else."""

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.device_handover import HANDED
from accounts.models import AuditEvent, SignIn
from database.identity import acting_as
from tests.cast import agreed_goal

WORD = "the long way home at night"


@pytest.fixture
def goal(cleo, thea):
    """Thea proposes a new wording; Cleo has a password."""
    goal = agreed_goal(cleo, by=thea)
    cleo.user.set_password(WORD)
    cleo.user.save()
    with acting_as(thea.pk), transaction.atomic():
        goal.propose_version({"own_words": "One stop"}, by=thea)
    return goal


@pytest.fixture
def device(goal, sign_in, thea):
    """Thea's browser, just handed over."""
    browser = sign_in(thea)
    answer = browser.post(reverse("goal-hand-over", args=[goal.pk]))
    assert answer.url == "/handed-over/"
    return browser


def comes_in(browser, person, password=WORD):
    return browser.post("/sign-in/", {"login": person.email, "password": password})


def here(goal):
    return reverse("portal-goal-here", args=[goal.pk])


def test_thea_is_signed_out_when_she_hands_it_over(device, goal, thea):
    assert device.get("/today/").url.startswith("/sign-in/")
    assert not SignIn.objects.filter(user=thea).exists()
    assert AuditEvent.objects.filter(verb="device handed over").count() == 1


def test_cleo_reaches_one_page_and_nothing_else(device, goal, cleo):
    comes_in(device, cleo.user)
    assert device.get(here(goal)).status_code == 200
    for url in (
        "/portal/",
        "/portal/sessions/",
        "/settings/",
        f"/portal/goals/{goal.pk}/",
    ):
        assert device.get(url).url == here(goal), url
    asked = device.get("/portal/", headers={"accept": "application/json"})
    assert asked.status_code == 401
    rated = device.post(reverse("portal-goal-rate", args=[goal.pk]), {"value": "5"})
    assert rated.url == here(goal)
    assert device.get("/help/").status_code == 200
    assert not goal.ratings.exists()


def test_her_sign_in_there_is_on_a_shared_device(device, goal, cleo):
    comes_in(device, cleo.user)
    assert SignIn.objects.get(user=cleo.user).shared
    assert not cleo.user.devices.exists()


@pytest.mark.parametrize(
    ("choice", "in_force", "differs"),
    [("agree", 2, False), ("keep", 1, False), ("differ", 1, True), ("later", 1, False)],
)
def test_the_device_returns_to_thea_whatever_cleo_presses(
    device, goal, cleo, thea, choice, in_force, differs
):
    comes_in(device, cleo.user)
    said = {"choice": choice, "words": "One stop is not my town"}
    answer = device.post(here(goal), said)
    assert answer.url == "/handed-over/done/"
    page = device.get(answer.url).content.decode()
    assert "Done. Return the device." in page
    assert f'href="/sign-in/?next=/goals/{goal.pk}/"' in page
    assert "One stop" not in page
    assert device.get("/portal/").url.startswith("/sign-in/")
    goal.refresh_from_db()
    assert goal.in_force.number == in_force
    assert bool(goal.differs_since) == differs
    comes_in(device, thea, "thea-passes-by-the-lake")
    assert device.get("/today/").status_code == 200


def test_seeing_it_differently_requires_a_few_words(device, goal, cleo):
    comes_in(device, cleo.user)
    answer = device.post(here(goal), {"choice": "differ", "words": ""})
    assert "Describe in a few words" in answer.content.decode()
    assert device.get(here(goal)).status_code == 200


def test_a_mistyped_password_stays_on_the_handover_page(device, goal, cleo):
    said = {"login": cleo.user.email, "password": "wrong", "one_thing": "1"}
    page = device.post("/sign-in/", said).content.decode()
    assert "has asked you to do one thing on this device" in page
    assert "That email and password don’t match." in page
    assert cleo.user.email in page
    assert "wrong" not in page.replace("wrongly", "")
    said["password"] = WORD
    device.post("/sign-in/", said)
    assert device.get(here(goal)).status_code == 200


def test_the_page_after_it_can_be_opened_only_once(client, sign_in, cleo):
    assert client.get("/handed-over/done/").url == "/"
    assert sign_in(cleo.user).get("/handed-over/done/").url == "/"


def test_another_person_who_signs_in_there_is_signed_in_normally(device, goal, theo):
    comes_in(device, theo, "theo-passes-by-the-lake")
    assert device.get("/today/").status_code == 200
    assert HANDED not in device.session
    assert device.get(here(goal)).status_code == 404


def test_thea_cannot_answer_in_cleos_place(device, goal, thea):
    comes_in(device, thea, "thea-passes-by-the-lake")
    assert device.post(here(goal), {"choice": "agree"}).status_code == 404
    goal.refresh_from_db()
    assert goal.in_force.number == 1


def test_a_goal_that_does_not_wait_for_cleo_cannot_be_handed_over(
    goal, sign_in, cleo, thea
):
    with acting_as(cleo.user.pk), transaction.atomic():
        goal.propose_version({"own_words": "Two stops"}, by=cleo.user)
    browser = sign_in(thea)
    answer = browser.post(reverse("goal-hand-over", args=[goal.pk]))
    assert answer.url == f"/goals/{goal.pk}/"
    assert browser.get("/today/").status_code == 200


def test_the_one_action_page_works_only_on_a_handed_over_device(goal, sign_in, cleo):
    assert sign_in(cleo.user).get(here(goal)).url == f"/portal/goals/{goal.pk}/"


def test_the_page_shows_nothing_before_a_handover(client, db):
    assert client.get("/handed-over/").url == "/"
