"""Propose a goal: only the client's own words are required."""

from uuid import uuid4

import pytest
from django.urls import reverse

from goals.models import Goal, GoalRating, GoalScore, Step

LEVELS = {f"level_{n}": f"level {n}" for n in range(5)}


def proposal(**said):
    return {"once": str(uuid4()), "own_words": "Take the bus", **said}


def sent(browser, url, **said):
    return browser.post(url, proposal(**said))


def test_the_own_words_alone_make_a_goal(sign_in, cleo):
    assert sent(sign_in(cleo.user), "/portal/goals/add/").status_code == 302
    goal = Goal.objects.get()
    assert goal.waits_for == "therapist"
    assert not Step.objects.exists()
    assert not GoalScore.objects.exists()


def test_everything_cleo_enters_at_once_is_saved(sign_in, cleo, thea):
    sent(
        sign_in(cleo.user), "/portal/goals/add/", why="My town", knowing="I am on it",
        first_step="One stop", cue="it comes", plan="I stay", today="2",
        importance="8", importance_why="It is mine", confidence="3",
        confidence_raise="A friend",
    )  # fmt: skip
    goal = Goal.objects.get()
    page = sign_in(thea).get(f"/goals/{goal.pk}/").content.decode()
    for words in ("My town", "I am on it", "One stop", "It is mine", "A friend"):
        assert words in page
    assert GoalRating.objects.get().value == 2


def test_sent_twice_it_is_one_goal_with_one_step(sign_in, cleo):
    said = proposal(first_step="One stop", importance="8")
    for _ in range(2):
        sign_in(cleo.user).post("/portal/goals/add/", said)
    assert Goal.objects.count() == Step.objects.count() == 1
    assert GoalScore.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"cue": "it comes"}, "A plan needs both"),
        ({"cue": "it comes", "plan": "I stay"}, "Enter the step this plan is for."),
        ({"importance_why": "x"}, "Choose a number."),
        ({"level_0": "x"}, "Describe all five levels."),
        ({"weight_importance": "2"}, "Choose both, or leave both empty."),
    ],
)
def test_incomplete_fields_are_refused_where_they_are(sign_in, cleo, thea, said, error):
    url = reverse("goal-add", args=[cleo.pk])
    answer = sent(sign_in(thea), url, **said)
    assert answer.status_code == 200
    assert error in answer.content.decode()
    assert not Goal.objects.exists()


def test_the_attainment_scale_is_part_of_the_agreement(sign_in, cleo, thea):
    weights = {"weight_importance": "3", "weight_difficulty": "2"}
    sent(sign_in(thea), reverse("goal-add", args=[cleo.pk]), **LEVELS, **weights)
    goal = Goal.objects.with_words().get()
    page = sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/").content.decode()
    for words in (*LEVELS.values(), "extremely", "very"):
        assert words in page
    assert goal.latest.weight == 6


def test_fields_missing_from_cleos_form_stay_unchanged(sign_in, cleo, thea):
    sent(sign_in(thea), reverse("goal-add", args=[cleo.pk]), **LEVELS,
         clinical_words="Graded exposure")  # fmt: skip
    goal = Goal.objects.get()
    url = f"/portal/goals/{goal.pk}/propose/"
    sign_in(cleo.user).post(url, proposal(own_words="Take the tram", seen="1"))
    page = sign_in(thea).get(f"/goals/{goal.pk}/").content.decode()
    assert "Take the tram" in page
    assert "Graded exposure" in page
    assert "level 4" in page


def test_a_proposal_over_a_newer_version_is_not_saved_and_says_so(sign_in, cleo, thea):
    sent(sign_in(cleo.user), "/portal/goals/add/")
    goal = Goal.objects.get()
    url = f"/goals/{goal.pk}/propose/"
    sign_in(thea).post(url, proposal(own_words="Take the tram", seen="1"))
    late = sign_in(cleo.user).post(
        f"/portal/goals/{goal.pk}/propose/", proposal(own_words="Walk", seen="1")
    )
    page = late.content.decode()
    assert "A new wording was proposed while you were reading" in page
    assert "Walk" in page
    assert goal.versions.count() == 2
