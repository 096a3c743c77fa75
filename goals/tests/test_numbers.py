"""GAS T and goal-based outcomes match their sources exactly, within bounds."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals.gas import t_score
from goals.outcomes import GoalProgress, mean_progress

CASES = json.loads((Path(__file__).parent / "cases.json").read_text())
GAS = [case for case in CASES if case["topic"] == "gas" and "scores" in case["inputs"]]
GBO = [case for case in CASES if case["topic"] == "gbo"]


def name(case):
    return case["id"]


@pytest.mark.parametrize("case", GAS, ids=name)
def test_a_t_score_matches_its_source(case):
    found = t_score(**case["inputs"])
    assert found == pytest.approx(case["expected"]["t_score"], abs=case["tolerance"])


def test_one_point_more_on_one_goal_matches_the_published_table():
    case = next(case for case in CASES if "points_per_unit" in case["expected"])
    for many, points in zip(
        case["inputs"]["n_goals"], case["expected"]["points_per_unit"], strict=True
    ):
        scores = [1] + [0] * (many - 1)
        assert t_score(scores) - 50 == pytest.approx(points, abs=case["tolerance"])


@pytest.mark.parametrize("case", GBO, ids=name)
def test_mean_progress_matches_its_source(case):
    goals = [(goal["first"], goal["latest"]) for goal in case["inputs"]["goals"]]
    found = mean_progress(goals, threshold=case["inputs"]["threshold"])
    expected = case["expected"]
    assert (found.n, found.category) == (expected["n"], expected["category"])
    assert found.mean == pytest.approx(expected["mean_progress"], abs=case["tolerance"])


def test_a_goal_without_a_score_is_left_out_with_its_weight():
    assert t_score([1, None, -1], [2, 9, 1]) == t_score([1, -1], [2, 1])
    assert t_score([None, None], [3, 4]) is None
    assert t_score([]) is None


def test_a_scored_goal_without_a_weight_makes_all_weigh_the_same():
    assert t_score([2, 0], [4, None]) == t_score([2, 0])


@pytest.mark.parametrize(
    ("scores", "weights", "rho"),
    [([3], None, 0.3), ([1], [-1], 0.3), ([1], [1, 2], 0.3), ([1], None, 1.5)],
)
def test_values_outside_the_scale_are_refused(scores, weights, rho):
    with pytest.raises(ValueError, match=r"a score|a weight|weights|rho"):
        t_score(scores, weights, rho)


def test_a_negative_and_a_small_change_have_their_own_category():
    assert mean_progress([(8, 2)]) == GoalProgress(1, -6, "reliable deterioration")
    assert mean_progress([(4, 5)]) == GoalProgress(1, 1, "no reliable change")
    assert mean_progress([(None, 4), (3, None)]) == GoalProgress(0, None, None)


def test_a_change_of_exactly_the_threshold_counts():
    assert mean_progress([(2, 5)], threshold=3).category == "reliable improvement"


def test_ratings_outside_0_to_10_are_refused():
    with pytest.raises(ValueError, match="0 to 10"):
        mean_progress([(0, 11)])
    with pytest.raises(ValueError, match="positive"):
        mean_progress([(0, 1)], threshold=0)


SCORES = st.lists(st.none() | st.integers(-2, 2), max_size=8)
WEIGHT = st.integers(0, 9) | st.floats(0, 9) | st.none()


@given(st.data(), SCORES)
def test_t_lies_between_all_worst_and_all_best(data, scores):
    weights = data.draw(st.lists(WEIGHT, min_size=len(scores), max_size=len(scores)))
    found = t_score(scores, weights)
    rated = [score is not None for score in scores]
    if not any(rated):
        assert found is None
        return
    worst, best = (
        t_score([end if is_rated else None for is_rated in rated], weights)
        for end in (-2, 2)
    )
    assert worst - 1e-9 <= found <= best + 1e-9
    assert 0 <= worst <= 50 <= best <= 100


RATING = st.none() | st.integers(0, 10)


@given(st.lists(st.tuples(RATING, RATING), max_size=8), st.floats(0.1, 9))
def test_mean_progress_keeps_its_bounds_and_is_symmetric(pairs, threshold):
    found = mean_progress(pairs, threshold)
    back = mean_progress([(b, a) for a, b in pairs], threshold)
    assert found.n == back.n
    if found.n:
        assert -10 <= found.mean <= 10
        assert found.mean == pytest.approx(-back.mean)
