"""Both try two wordings for two weeks: what ends it, and what the pages say."""

from datetime import timedelta

import pytest

from goals.models import Goal
from goals.models.goal import REVIEW_AFTER
from goals.tests.test_reviews import answer
from goals.tests.test_what_is_agreed import text
from tests.cast import act, agreed_goal, propose

TRY = "Try both for two weeks"


@pytest.fixture
def goal(cleo, thea):
    """Agreed; Thea's new wording is seen differently."""
    goal = agreed_goal(cleo, thea)
    act(thea, goal, lambda g: g.propose_version({"own_words": "Once"}, by=thea))
    act(cleo.user, goal, lambda g: g.latest.differ("Mine", "Twice", by=cleo.user))
    return goal


def suggest(goal, choice, *people):
    for by in people:
        act(by, goal, lambda g, by=by: g.latest.suggest_next(choice, by=by))


def of_both(goal, cleo, thea, sign_in):
    for person, start in ((cleo.user, "/portal"), (thea, "")):
        page = text(sign_in(person).get(f"{start}/goals/{goal.pk}/differ/"))
        yield page[page.index("What now?") : page.index("Until then")]


def lists_of(goal, cleo, thea, sign_in):
    """Where goals are shown: home and Today, the lists, the goal itself."""
    paths = ("/portal/", "/portal/goals/", f"/portal/goals/{goal.pk}/")
    for path in paths:
        yield text(sign_in(cleo.user).get(path)).replace("try both ways", "")
    paths = ("/", f"/clients/{cleo.pk}/", f"/goals/{goal.pk}/")
    for path in paths:
        yield text(sign_in(thea).get(path))


@pytest.mark.parametrize("choice", ["keep", "change"])
def test_a_review_ends_the_trial_and_the_page_says_so(
    goal, cleo, thea, sign_in, choice
):
    suggest(goal, "try", cleo.user, thea)
    for page in of_both(goal, cleo, thea, sign_in):
        assert f"you both chose the same, today {TRY}" in page
    for by in (thea, cleo.user):
        answer(goal, by, choice=choice)
    said = {"keep": "Keep it as it is", "change": "Change it"}[choice]
    for page in of_both(goal, cleo, thea, sign_in):
        assert "you both chose the same" not in page
        assert f"The review was decided today: {said}." in page
        assert "That ended the two weeks in which you tried both." in page
        assert page.count(TRY) == 1  # to choose it again
    for page in lists_of(goal, cleo, thea, sign_in):
        assert "You both chose" not in page and "suggests" not in page


def test_a_suggestion_before_the_review_is_not_half_of_a_new_trial(
    goal, cleo, thea, sign_in
):
    suggest(goal, "try", cleo.user)
    for by in (thea, cleo.user):
        answer(goal, by, choice="keep")
    for page in of_both(goal, cleo, thea, sign_in):
        assert page.count(TRY) == 1 and "ended the two weeks" not in page
    for page in lists_of(goal, cleo, thea, sign_in):
        assert "You both chose" not in page and "suggests" not in page
    suggest(goal, "try", thea)
    day = thea.today() + REVIEW_AFTER
    assert Goal.objects.get(pk=goal.pk).review_on == day
    suggest(goal, "try", cleo.user)
    day = thea.today() + timedelta(days=14)
    assert Goal.objects.get(pk=goal.pk).review_on == day
    for page in of_both(goal, cleo, thea, sign_in):
        assert f"you both chose the same, today {TRY}" in page


def test_keeping_both_wordings_is_not_ended_by_a_review(goal, cleo, thea, sign_in):
    suggest(goal, "leave", cleo.user, thea)
    for by in (thea, cleo.user):
        answer(goal, by, choice="keep")
    for page in of_both(goal, cleo, thea, sign_in):
        assert "you both chose the same, today Keep both versions" in page


def test_keeping_both_wordings_promises_a_review_only_if_one_is_set(
    goal, cleo, thea, sign_in
):
    promised = "on the review date"
    unset = propose(cleo, cleo.user, {"own_words": "Swim"})
    act(thea, unset, lambda g: g.latest.differ("Mine", "Row", by=thea))
    for page in of_both(unset, cleo, thea, sign_in):
        assert promised not in page
        assert "No review date is set. You can review it at any time." in page
    for by in (thea, cleo.user):
        answer(goal, by, choice="keep")
    for page in of_both(goal, cleo, thea, sign_in):
        assert promised in page and "No review date is set" not in page
