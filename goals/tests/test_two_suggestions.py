"""Cleo and Thea suggest different things for two wordings: both are shown."""

import pytest

from goals.tests.test_what_is_agreed import text
from goals.tests.test_who_is_told import WAYS, seen_differently, suggest


@pytest.mark.parametrize("agreed", [False, True])
@pytest.mark.parametrize("order", [("cleo", "thea"), ("thea", "cleo")])
def test_both_read_what_each_suggests(cleo, thea, sign_in, order, agreed):
    goal = seen_differently(cleo, thea, agreed)
    ways = {"cleo": "try", "thea": "leave"}
    for who in order:
        suggest(goal, who, ways[who], cleo, thea)
    theirs = text(sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/"))
    listed = text(sign_in(cleo.user).get("/portal/goals/"))
    ours = text(sign_in(thea).get(f"/goals/{goal.pk}/"))
    for page in (theirs, listed):
        assert f"You suggested: {WAYS['try']}." in page
        assert f"Thea suggests: {WAYS['leave']}." in page
    assert f"Cleo suggests: {WAYS['try']}." in ours
    assert f"You suggested: {WAYS['leave']}." in ours


def test_a_later_suggestion_replaces_only_that_sides_earlier_one(cleo, thea, sign_in):
    goal = seen_differently(cleo, thea)
    for who, way in (("cleo", "try"), ("thea", "leave"), ("cleo", "talk")):
        suggest(goal, who, way, cleo, thea)
    page = text(sign_in(thea).get(f"/goals/{goal.pk}/"))
    page = page.split("History")[0]
    assert f"Cleo suggests: {WAYS['talk']}." in page
    assert f"You suggested: {WAYS['leave']}." in page
    assert f"Cleo suggests: {WAYS['try']}." not in page
