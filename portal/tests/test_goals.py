"""Cleo's goals are Cleo's: propose, agree, rate, reach steps."""

from uuid import uuid4

import pytest
from django.urls import reverse

from clients.models import Draft
from goals.models import Agreement, Goal, GoalRating, GoalVersion, Step
from tests.cast import (
    BUS,
    add_step,
    agree,
    agreed_goal,
    as_person,
    at_most,
    propose,
    rate,
    reach,
)

SHORTER = {"own_words": "Take the bus one stop"}


def told(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def proposal(**words):
    return {"once": str(uuid4()), "own_words": "Leave when I want to", **words}


def test_a_goal_needs_only_cleos_own_words(cleo, sign_in):
    browser = sign_in(cleo.user)
    said = told(browser.post(reverse("portal-goal-add"), proposal(), follow=True))
    assert "Leave when I want to" in said and "You agreed to this wording" in said
    goal = Goal.objects.with_words().get()
    assert goal.client_id == cleo.pk
    assert (goal.latest.side, goal.waits_for) == ("client", "therapist")


def test_a_proposal_sent_twice_makes_one_goal(cleo, sign_in):
    browser, sent = sign_in(cleo.user), proposal()
    first = browser.post(reverse("portal-goal-add"), sent)
    second = browser.post(reverse("portal-goal-add"), sent)
    assert first.url == second.url
    assert Goal.objects.count() == GoalVersion.objects.count() == 1


def test_a_proposal_without_words_is_refused_and_keeps_the_rest(cleo, sign_in):
    sent = proposal(own_words=" ", low_end="I stay until I cry")
    said = told(sign_in(cleo.user).post(reverse("portal-goal-add"), sent))
    assert "Enter a few words" in said and "I stay until I cry" in said
    assert not Goal.objects.exists()


def test_unsaved_words_are_restored_and_deleted_with_the_proposal(cleo, sign_in):
    browser = sign_in(cleo.user)
    keep = reverse("draft-keep", args=[cleo.pk, "goal", cleo.pk])
    typed = {
        "own_words": "Half a sen",
        "low_end": "0 words",
        "high_end": "",
        "revision": 0,
    }
    assert browser.post(keep, typed).json()["revision"] == 1
    said = told(browser.get(reverse("portal-goal-add")))
    assert "Half a sen" in said and "0 words" in said
    browser.post(reverse("portal-goal-add"), proposal() | {"revision": 1})
    assert not Draft.objects.exists()


def test_cleo_gives_the_second_agreement(cleo, thea, sign_in):
    goal = propose(cleo, by=thea)
    browser = sign_in(cleo.user)
    said = told(browser.get(reverse("portal-goal", args=[goal.pk])))
    assert "Thea suggests a wording" in said and "Agree to version 1" in said
    browser.post(reverse("portal-goal-agree", args=[goal.pk, 1]))
    goal.refresh_from_db()
    assert goal.is_agreed


def test_cleo_cannot_agree_to_a_replaced_version(cleo, thea, sign_in):
    goal = propose(cleo, by=thea)
    with as_person(thea):
        Goal.objects.get(pk=goal.pk).propose_version(SHORTER, by=thea)
    url = reverse("portal-goal-agree", args=[goal.pk, 1])
    said = told(sign_in(cleo.user).post(url, follow=True))
    assert "A new wording was proposed while you were reading" in said
    assert not Agreement.objects.filter(side="client").exists()


def test_a_new_wording_leaves_the_agreed_one_in_effect(cleo, thea, sign_in):
    goal = agreed_goal(cleo, by=thea, content={**BUS, "clinical_words": "Exposure"})
    url = reverse("portal-goal-propose", args=[goal.pk])
    browser = sign_in(cleo.user)
    told(browser.get(url))
    said = told(browser.post(url, proposal(**SHORTER, seen=1), follow=True))
    assert BUS["own_words"] in said and "Waiting for your therapist to agree." in said
    newest = Goal.objects.with_words().get().latest
    with as_person(thea):
        words = GoalVersion.objects.get(pk=newest.pk).content
    assert (words["own_words"], words["clinical_words"]) == (
        SHORTER["own_words"],
        "Exposure",
    )


def test_every_version_shows_its_agreements(cleo, thea, sign_in):
    goal = agreed_goal(cleo, by=thea)
    said = told(sign_in(cleo.user).get(reverse("portal-goal", args=[goal.pk])))
    assert "Agreed by you:" in said and "Agreed by Thea:" in said


def test_cleo_rates_and_withdraws_the_rating(cleo, thea, sign_in):
    goal = agreed_goal(cleo, by=thea)
    browser = sign_in(cleo.user)
    url = reverse("portal-goal-rate", args=[goal.pk])
    said = told(browser.post(url, {"value": "7"}, follow=True))
    assert "Rating saved: 7" in said and "You rated 7" in said
    rating = GoalRating.objects.get()
    assert (rating.value, rating.side) == (7, "client")
    back = reverse("portal-rating-withdraw", args=[rating.pk])
    assert "Rating removed." in told(browser.post(back, follow=True))
    assert not GoalRating.objects.not_withdrawn().exists()


def test_cleo_cannot_withdraw_theas_rating(cleo, thea, sign_in):
    rating = rate(agreed_goal(cleo, by=thea), 3, by=thea)
    sign_in(cleo.user).post(reverse("portal-rating-withdraw", args=[rating.pk]))
    assert GoalRating.objects.not_withdrawn().count() == 1


def test_a_rating_without_a_number_is_refused_with_a_message(cleo, thea, sign_in):
    url = reverse("portal-goal-rate", args=[agreed_goal(cleo, by=thea).pk])
    said = told(sign_in(cleo.user).post(url, {"value": "11"}, follow=True))
    assert "Choose a number from 0 to 10" in said
    assert not GoalRating.objects.exists()


def test_cleo_adds_a_step_reaches_it_and_undoes_it(cleo, thea, sign_in):
    goal = agreed_goal(cleo, by=thea)
    browser = sign_in(cleo.user)
    url = reverse("portal-step-add", args=[goal.pk])
    assert "One stop" in told(browser.post(url, {"words": "One stop"}, follow=True))
    step = Step.objects.get()
    done = reverse("portal-step-reach", args=[step.pk])
    assert "Step reached" in told(browser.post(done, follow=True))
    assert Step.objects.get().reached_by_id == cleo.user.pk
    browser.post(reverse("portal-step-undo", args=[step.pk]))
    assert Step.objects.get().reached_at is None


def test_a_step_without_words_is_refused_with_a_message(cleo, thea, sign_in):
    url = reverse("portal-step-add", args=[agreed_goal(cleo, by=thea).pk])
    assert "Describe the step" in told(sign_in(cleo.user).post(url, follow=True))


def test_the_list_says_what_waits_for_cleo(cleo, thea, sign_in):
    propose(cleo, by=thea)
    agreed_goal(cleo, by=thea, content=SHORTER)
    propose(cleo, by=cleo.user, content={"own_words": "Sleep through"})
    said = told(sign_in(cleo.user).get(reverse("portal-goals")))
    assert "Needs your agreement." in said
    assert "Agreed" in said and "Waiting for your therapist to agree." in said


def test_without_goals_the_list_says_what_a_goal_is(cleo, sign_in):
    assert "No goal yet" in told(sign_in(cleo.user).get(reverse("portal-goals")))


def carls(carl, theo):
    goal = agreed_goal(carl, by=theo)
    step, rating = add_step(goal, "Step", by=theo), rate(goal, 4, by=carl.user)
    return [
        ("portal-goal", [goal.pk]),
        ("portal-goal-propose", [goal.pk]),
        ("portal-goal-agree", [goal.pk, 1]),
        ("portal-goal-rate", [goal.pk]),
        ("portal-rating-withdraw", [rating.pk]),
        ("portal-step-add", [goal.pk]),
        ("portal-step-reach", [step.pk]),
        ("portal-step-undo", [step.pk]),
    ]


def test_cleo_cannot_open_anything_of_carls(cleo, carl, theo, sign_in):
    browser = sign_in(cleo.user)
    for name, args in carls(carl, theo):
        url = reverse(name, args=args)
        assert browser.get(url).status_code in (404, 405), url
        sent = {**proposal(seen=1), "value": 3, "words": "x"}
        assert browser.post(url, sent).status_code in (404, 405), url
    assert GoalRating.objects.count() == GoalVersion.objects.count() == 1


@pytest.mark.parametrize("many", [1, 50])
def test_the_list_of_goals_takes_few_queries(cleo, thea, sign_in, many):
    for number in range(many):
        goal = agreed_goal(cleo, by=thea, content={"own_words": f"Goal {number}"})
        rate(goal, 4, by=cleo.user)
    browser = sign_in(cleo.user)
    with at_most(8):
        told(browser.get(reverse("portal-goals")))


@pytest.mark.parametrize("many", [1, 50])
def test_a_goal_takes_fifteen_queries_however_long_its_history(
    cleo, thea, sign_in, many
):
    goal = agreed_goal(cleo, by=thea)
    for number in range(many):
        rate(goal, number % 11, by=cleo.user)
        reach(add_step(goal, f"Step {number}", by=thea), by=cleo.user)
        with as_person(thea):
            words = {"own_words": f"Words {number}"}
            Goal.objects.get(pk=goal.pk).propose_version(words, by=thea)
    agree(goal, by=cleo.user)
    browser = sign_in(cleo.user)
    with at_most(15):
        told(browser.get(reverse("portal-goal", args=[goal.pk])))
