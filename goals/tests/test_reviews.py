"""Each side answers on its own, then both are shown, and both decide."""

from datetime import timedelta

import pytest
from django.db import transaction

from conftest import admit
from database.identity import acting_as
from goals.models import Goal, Overtaken, Review, ReviewAnswer
from tests.cast import agreed_goal

YES = {"goal_fits": "yes", "goal_words": "I use it most"}
MINE, PORTAL = "/goals/{}/review/", "/portal/goals/{}/review/"


@pytest.fixture
def goal(cleo, thea):
    return agreed_goal(cleo, thea)


def answer(goal, by, **said):
    with acting_as(by.pk), transaction.atomic():
        mine = Goal.objects.visible_to(by).select_related("client__user", "review")
        mine = mine.get(pk=goal.pk)
        review = Review.begin(mine, by=by)
        review.goal = mine
        return review.answer({**YES, **said}, by=by)


def now(goal):
    return Goal.objects.get(pk=goal.pk)


def test_neither_side_reads_the_others_answer_before_giving_its_own(
    goal, sign_in, cleo, thea
):
    answer(goal, cleo.user)
    page = sign_in(thea).get(MINE.format(goal.pk)).content.decode()
    assert YES["goal_words"] not in page
    with acting_as(thea.pk):  # nor by SQL
        assert not ReviewAnswer.objects.exists()
    page = sign_in(cleo.user).get(PORTAL.format(goal.pk)).content.decode()
    assert "They are shown once your therapist has answered too." in page
    answer(goal, thea, goal_words="She brings examples")
    for person, url in ((thea, MINE), (cleo.user, PORTAL)):
        page = sign_in(person).get(url.format(goal.pk)).content.decode()
        assert "Talk about it first" not in page  # a link without any effect
        assert YES["goal_words"] in page
        assert "She brings examples" in page


@pytest.mark.parametrize(
    ("choice", "ended_as"),
    [("keep", ""), ("change", ""), ("aside", "aside"), ("reached", "reached")],
)
def test_it_is_decided_when_both_chose_the_same(goal, cleo, thea, choice, ended_as):
    answer(goal, cleo.user, choice=choice)
    assert now(goal).review_id
    answer(goal, thea, choice=choice)
    decided = now(goal)
    assert decided.review_id is None
    assert decided.ended_as == ended_as
    assert decided.in_force_id  # what was agreed is still agreed
    days = {"keep": 91, "change": 14}.get(choice)  # a change that nobody proposed
    assert decided.review_on == (days and thea.today() + timedelta(days=days))


def test_two_different_choices_decide_nothing_until_one_side_changes_its_choice(
    goal, cleo, thea
):
    answer(goal, cleo.user, choice="aside")
    answer(goal, thea, choice="keep")
    assert now(goal).review_id
    answer(goal, thea, choice="aside")
    assert now(goal).ended_as == "aside"


def test_a_goal_that_is_not_in_effect_is_not_reviewed(cleo, thea):
    with acting_as(thea.pk), transaction.atomic():
        goal = Goal.propose(cleo, {"own_words": "Sleep"}, by=thea)
        with pytest.raises(Overtaken):
            Review.begin(goal, by=thea)


def test_without_a_portal_the_therapist_decides_alone(thea):
    nadia = admit("Nadia", by=thea, joined=False)
    with acting_as(thea.pk), transaction.atomic():
        goal = Goal.propose(nadia, {"own_words": "Sleep"}, by=thea)
    answer(goal, thea, choice="aside")
    assert now(goal).ended_as == "aside"


def test_a_review_decided_meanwhile_accepts_no_more_answers(goal, cleo, thea):
    first = answer(goal, cleo.user, choice="keep").review
    answer(goal, thea, choice="keep")
    with (
        pytest.raises(Overtaken),
        acting_as(cleo.user.pk),
        transaction.atomic(),
    ):
        first.goal = Goal.objects.select_related("client__user").get(pk=goal.pk)
        first.answer(YES, by=cleo.user)


def test_closing_a_goal_ends_its_review(goal, cleo, thea):
    review = answer(goal, cleo.user).review
    for by in (cleo.user, thea):
        with acting_as(by.pk), transaction.atomic():
            mine = Goal.objects.with_words().select_related("client__user", "review")
            mine.get(pk=goal.pk).latest.withdraw_key("Withdraw my agreement", by=by)
    closed = now(goal)
    assert (closed.ended_as, closed.review_id) == ("aside", None)
    review.refresh_from_db()
    assert (review.closed_at is None, review.decision) == (False, "")


def test_an_empty_answer_is_refused_with_a_reason(goal, sign_in, thea):
    with acting_as(thea.pk), transaction.atomic():
        Review.begin(
            Goal.objects.select_related("client__user").get(pk=goal.pk), by=thea
        )
    page = sign_in(thea).post(MINE.format(goal.pk), {"goal_fits": ""}).content.decode()
    assert "Answer at least one of the questions" in page
