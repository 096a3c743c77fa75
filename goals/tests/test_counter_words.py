"""One side proposes a goal and the other a new wording: what each then reads."""

import pytest
from django.urls import reverse

from goals.tests.test_what_is_agreed import now, suggest, text, withdraw
from tests.cast import WORDS, act, agree, propose


@pytest.fixture
def countered(cleo, thea):
    """Cleo's own goal, for which Thea proposed a new wording."""
    goal = propose(cleo, cleo.user)
    suggest(goal, thea)
    return goal


def take_back(browser, goal, prefix=""):
    return browser.post(f"{prefix}/goals/{goal.pk}/key-back/", {"reason": "No"})


# -- withdrawn ------------------------------------------------------------------------


def test_withdrawing_a_new_wording_leaves_the_other_sides_goal(
    countered, cleo, thea, sign_in
):
    theas, cleos = sign_in(thea), sign_in(cleo.user)
    form = text(theas.get(f"/goals/{countered.pk}/key-back/"))
    assert "Version 1 is then the proposal again." in form
    assert "no longer a goal" not in form
    take_back(theas, countered)
    assert now(countered).is_open
    assert (countered.latest.number, countered.waits_for) == (1, "therapist")
    page = text(theas.get(f"/goals/{countered.pk}/"))
    assert "Needs your agreement." in page or "Agree to version 1" in page
    assert WORDS["own_words"] in text(cleos.get("/portal/goals/"))
    assert "Waiting for your therapist" in text(
        cleos.get(f"/portal/goals/{countered.pk}/")
    )


def test_cleo_withdraws_her_new_wording_and_theas_goal_remains(cleo, thea, sign_in):
    goal = propose(cleo, thea)
    suggest(goal, cleo.user)
    browser = sign_in(cleo.user)
    form = text(browser.get(f"/portal/goals/{goal.pk}/key-back/"))
    assert "Version 1 is then the proposal again." in form
    take_back(browser, goal, "/portal")
    assert (now(goal).latest.number, goal.waits_for) == (1, "client")
    form = text(sign_in(thea).get(f"/goals/{goal.pk}/key-back/"))
    assert "It is then no longer a goal." in form
    take_back(sign_in(thea), goal)
    assert now(goal).ended_as == "taken back"


def test_a_declined_wording_does_not_come_back(countered, cleo, thea):
    act(cleo.user, countered, lambda g: g.latest.decline("", by=cleo.user))
    suggest(countered, cleo.user)
    withdraw(countered, cleo.user)
    assert now(countered).latest.number == 1


def test_without_the_new_wording_a_withdrawn_agreement_is_shown_again(cleo, thea):
    goal = propose(cleo, cleo.user)
    agree(goal, thea)
    withdraw(goal, cleo.user)
    suggest(goal, thea)
    withdraw(goal, thea)
    assert now(goal).is_open
    assert (goal.latest.number, goal.in_force, goal.waits_for) == (1, None, "")


def test_wordings_older_than_the_agreed_one_do_not_come_back(cleo, thea):
    goal = propose(cleo, cleo.user)
    suggest(goal, thea)
    agree(goal, cleo.user)
    for person in (cleo.user, thea):
        withdraw(goal, person)
    assert now(goal).ended_as == "aside"
    act(thea, goal, lambda g: g.take_up(by=thea))
    suggest(goal, thea)
    withdraw(goal, thea)
    assert not now(goal).is_open


@pytest.mark.parametrize(
    ("end", "says"), [("decline", "Declined"), ("withdraw", "Proposal withdrawn")]
)
def test_a_goal_that_came_to_nothing_is_listed_as_closed(
    end, says, cleo, thea, sign_in
):
    goal = propose(cleo, thea)
    if end == "decline":
        act(cleo.user, goal, lambda g: g.latest.decline("", by=cleo.user))
    else:
        withdraw(goal, thea)
    page = text(sign_in(cleo.user).get("/portal/goals/"))
    assert f"{WORDS['own_words']} {says} today." in page
    assert reverse("goal", args=[goal.pk]) in (
        sign_in(thea).get(f"/clients/{cleo.pk}/").content.decode()
    )
    assert f"{says} today." in text(sign_in(thea).get(f"/clients/{cleo.pk}/"))


def test_home_says_that_a_new_wording_is_suggested(countered, cleo, sign_in):
    page = text(sign_in(cleo.user).get("/portal/"))
    assert "Thea suggests a new wording" in page and "proposes a goal" not in page


# -- keeping one's own wording --------------------------------------------------------


def test_cleo_keeps_her_own_wording(countered, cleo, sign_in):
    browser, url = sign_in(cleo.user), f"/portal/goals/{countered.pk}/"
    page = text(browser.get(url))
    assert "Keep my wording" in page and "This isn’t my goal" not in page
    said = text(browser.post(f"{url}decline/2/", follow=True))
    assert "Declined. Version 1 is the proposal again." in said
    assert (now(countered).latest.number, countered.waits_for) == (1, "therapist")
    assert countered.is_open


def test_cleo_keeps_hers_over_two_suggestions(countered, cleo, thea, sign_in):
    suggest(countered, thea, {"own_words": "Walk into town"})
    sign_in(cleo.user).post(f"/portal/goals/{countered.pk}/decline/3/")
    assert now(countered).latest.number == 1


def test_thea_can_keep_hers_and_has_no_button_without_one(cleo, thea, sign_in):
    browser = sign_in(thea)
    goal = propose(cleo, cleo.user)
    assert "Keep my wording" not in text(browser.get(f"/goals/{goal.pk}/"))
    hers = propose(cleo, thea)
    suggest(hers, cleo.user)
    assert "Keep my wording" in text(browser.get(f"/goals/{hers.pk}/"))
    browser.post(f"/goals/{hers.pk}/decline/2/")
    assert (now(hers).latest.number, hers.waits_for) == (1, "client")


def test_a_wording_cleo_only_agreed_to_is_not_called_hers(cleo, thea, sign_in):
    goal = propose(cleo, thea)
    agree(goal, cleo.user)
    withdraw(goal, thea)
    suggest(goal, thea)
    browser, url = sign_in(cleo.user), f"/portal/goals/{goal.pk}/"
    assert "Keep the earlier wording" in text(browser.get(url))
    browser.post(f"{url}decline/2/")
    assert now(goal).is_open and goal.latest.number == 1


def test_without_a_wording_of_hers_cleo_can_still_decline_the_goal(cleo, thea, sign_in):
    goal = propose(cleo, thea)
    suggest(goal, thea)
    browser, url = sign_in(cleo.user), f"/portal/goals/{goal.pk}/"
    assert "This isn’t my goal" in text(browser.get(url))
    browser.post(f"{url}decline/2/")
    assert now(goal).ended_as == "declined"


def test_a_wording_cleo_never_agreed_to_is_not_called_hers(cleo, thea, sign_in):
    goal = propose(cleo, thea)
    withdraw(goal, thea)
    page = text(sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/"))
    assert "Thea’s suggestion" in page and "In your words" not in page
    page = text(sign_in(thea).get(f"/goals/{goal.pk}/"))
    assert "Your suggestion" in page and "In Cleo’s words" not in page
    assert "Thea’s suggestion." in text(sign_in(cleo.user).get("/portal/goals/"))


def test_a_wording_cleo_proposed_or_agreed_to_is_not_called_a_suggestion(
    cleo, thea, sign_in
):
    goal = propose(cleo, cleo.user)
    withdraw(goal, cleo.user)
    agreed = propose(cleo, thea)
    agree(agreed, cleo.user)
    for one, label in ((goal, "In your words"), (agreed, "The agreed wording")):
        page = text(sign_in(cleo.user).get(f"/portal/goals/{one.pk}/"))
        assert label in page and "suggestion" not in page


def test_keep_my_wording_shows_which_wording_that_is(countered, cleo, thea, sign_in):
    page = text(sign_in(cleo.user).get(f"/portal/goals/{countered.pk}/"))
    proposal = page.partition("Proposal, version 2")[2].partition("Keep my wording")[0]
    assert f"Your earlier wording: {WORDS['own_words']}" in proposal
    # The last proposer has no other wording to keep.
    page = text(sign_in(thea).get(f"/goals/{countered.pk}/"))
    assert "Your earlier wording:" not in page and "The earlier wording:" not in page


def test_beside_an_agreed_wording_it_is_not_shown_twice(cleo, thea, sign_in):
    goal = propose(cleo, cleo.user)
    agree(goal, thea)
    suggest(goal, thea)
    page = text(sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/"))
    assert "Keep the current wording" in page and "Your wording:" not in page
