"""Goal progress: exact figures, and no claim beyond them."""

import re

import pytest
from django.db import transaction
from django.utils.timezone import now

from database.identity import acting_as
from goals.models import Goal, GoalRating, GoalScore
from goals.models.content import joined
from tests.cast import BUS, agreed_goal, pinned, propose

SCALE = joined([f"level {n}" for n in range(5)])


def shown(browser, cleo, portal=False):
    url = "/portal/progress/" if portal else f"/clients/{cleo.pk}/progress/"
    return " ".join(re.sub("<[^>]+>", " ", browser.get(url).content.decode()).split())


def scaled(cleo, thea, importance, difficulty, *levels):
    weights = {"weight_importance": importance, "weight_difficulty": difficulty}
    goal = agreed_goal(cleo, thea, content=BUS | weights | {"attainment": SCALE})
    with acting_as(thea.pk), transaction.atomic():
        for level in levels:
            GoalScore.give(goal, "attainment", level, by=thea)
    return goal


def test_the_mean_is_over_goals_rated_on_three_days(sign_in, cleo, thea):
    agreed_goal(cleo, thea, ratings=[2, 4, 7])
    agreed_goal(cleo, thea, ratings=[3, 5, 6])
    agreed_goal(cleo, thea, ratings=[1])
    for browser, portal in ((sign_in(thea), False), (sign_in(cleo.user), True)):
        page = shown(browser, cleo, portal)
        assert "+4 points on average" in page
        assert "Over 2 goals" in page
        assert "1 was rated on fewer days and is left out." in page
        assert "unlikely to be chance alone" in page


def test_before_the_third_day_it_is_too_early_to_tell(sign_in, cleo, thea):
    agreed_goal(cleo, thea, ratings=[4, 9])
    page = shown(sign_in(thea), cleo)
    assert "Too early to say" in page
    assert "points on average" not in page


def test_a_change_below_the_practices_threshold_is_called_so(
    sign_in, cleo, thea, settings
):
    agreed_goal(cleo, thea, ratings=[4, 4, 6])
    assert "That is less than 2.45" in shown(sign_in(thea), cleo)
    settings.GOAL_CHANGE_THRESHOLD = 2.0
    assert "unlikely to be chance alone" in shown(sign_in(thea), cleo)


def test_a_withdrawn_rating_does_not_count(sign_in, cleo, thea):
    goal = agreed_goal(cleo, thea, ratings=[4, 5, 6])
    with acting_as(thea.pk), transaction.atomic():
        GoalRating.objects.get(value=6).withdraw(by=thea)
    assert goal.ratings.not_withdrawn().count() == 2
    assert "Too early to say" in shown(sign_in(thea), cleo)


def test_a_withdrawn_proposal_is_not_counted_as_a_goal(sign_in, cleo, thea):
    goal = agreed_goal(cleo, thea, by_client_only=True, ratings=[2, 5, 9])
    Goal.objects.filter(pk=goal.pk).update(closed_at=now(), ended_as="taken back")
    assert "Too early to say" in shown(sign_in(thea), cleo)


def test_attainment_is_shown_at_first_now_and_as_a_change(sign_in, cleo, thea):
    """Three goals, all -1 at first: 36.3; then one at 0 and one at +2."""
    scaled(cleo, thea, 1, 1, -1, -1)
    scaled(cleo, thea, 1, 1, -1, 0)
    scaled(cleo, thea, 1, 1, -1, 2)
    page = shown(sign_in(thea), cleo)
    assert "At the start 36.3" in page
    assert "Now 54.6" in page
    assert "Change +18.3" in page
    assert "at or above it" in page


def test_levels_by_two_people_are_never_paired(sign_in, cleo, thea):
    """Thea chose -2, Cleo +2 and then +1: only Cleo's are used."""
    goal = scaled(cleo, thea, 1, 1, -2)
    with acting_as(cleo.user.pk), transaction.atomic():
        GoalScore.give(goal, "attainment", 2, by=cleo.user)
    for browser, portal in ((sign_in(thea), False), (sign_in(cleo.user), True)):
        page = shown(browser, cleo, portal)
        assert "Goal attainment appears here once" in page
        assert "At the start" not in page
    with acting_as(cleo.user.pk), transaction.atomic():
        GoalScore.give(goal, "attainment", 1, by=cleo.user)
    page = shown(sign_in(thea), cleo)
    assert "At the start 70.0 Now 60.0 Change -10.0" in page
    assert "From the levels that the client gave." in page
    assert "From the levels you gave." in shown(sign_in(cleo.user), cleo, True)


def test_theas_levels_count_only_for_a_goal_without_cleos(sign_in, cleo, thea):
    goal = scaled(cleo, thea, 1, 1, -2, -1)
    with acting_as(cleo.user.pk), transaction.atomic():
        for level in (0, 1):
            GoalScore.give(goal, "attainment", level, by=cleo.user)
    scaled(cleo, thea, 1, 1, 0, 1)
    page = shown(sign_in(thea), cleo)
    assert "At the start 50.0 Now 62.4" in page
    assert (
        "for 1 goal where the client gave fewer than two, from the therapist’s." in page
    )
    own = shown(sign_in(cleo.user), cleo, True)
    assert "for 1 goal where you gave fewer than two, from your therapist’s." in own


def test_one_level_by_cleo_does_not_drop_theas(sign_in, cleo, thea):
    goal = scaled(cleo, thea, 1, 1, -1, 0)
    with acting_as(cleo.user.pk), transaction.atomic():
        GoalScore.give(goal, "attainment", 2, by=cleo.user)
    page = shown(sign_in(thea), cleo)
    assert "At the start 40.0 Now 50.0" in page
    assert "From the levels that the therapist gave." in page


def test_a_scale_never_agreed_to_has_no_attainment(sign_in, cleo, thea):
    goal = propose(cleo, thea, BUS | {"attainment": SCALE})
    with acting_as(thea.pk), transaction.atomic():
        for level in (-1, 0):
            GoalScore.give(goal, "attainment", level, by=thea)
    assert "what you both expected" not in shown(sign_in(thea), cleo)


def test_a_goal_with_one_level_is_left_out_of_attainment(sign_in, cleo, thea):
    scaled(cleo, thea, 1, 1, -1, 0)
    scaled(cleo, thea, 1, 1, -2)
    page = shown(sign_in(thea), cleo)
    assert "At the start 40.0 Now 50.0" in page
    assert "1 goal with only one level is left out." in page
    assert "From the levels that the therapist gave." in page


def test_without_a_scale_there_is_no_attainment(sign_in, cleo, thea):
    agreed_goal(cleo, thea, ratings=[4, 6])
    assert "Goal attainment" not in shown(sign_in(thea), cleo)


@pytest.mark.parametrize("many", [20])
def test_the_page_costs_the_same_with_many_goals(sign_in, cleo, thea, many):
    browser = sign_in(thea)
    agreed_goal(cleo, thea, ratings=[3, 4, 4])
    one = pinned(browser, f"/clients/{cleo.pk}/progress/")
    for _ in range(many):
        agreed_goal(cleo, thea, ratings=[3, 4, 4])
    assert pinned(browser, f"/clients/{cleo.pk}/progress/") == one <= 10
