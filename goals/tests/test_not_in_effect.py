"""Nobody is asked to rate a goal not in effect, nor to agree again after a refusal."""

from datetime import timedelta

import pytest
from django.utils import timezone

from goals.models import Goal, GoalRating
from goals.tests.test_agreed_again import agreed_again
from goals.tests.test_one_name import paper
from goals.tests.test_what_is_agreed import text
from tests.cast import BUS, act, agree, agreed_goal, book, propose, rate

AGAIN = "You can rate it once it is in effect again."


def sides(cleo, thea):
    return (cleo.user, "/portal"), (thea, "")


def offers(browser, address) -> bool:
    return b'name="value"' in browser.get(address).content


def test_a_goal_that_is_not_in_effect_is_not_offered_for_rating(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    for person, start in sides(cleo, thea):
        assert offers(sign_in(person), f"{start}/goals/{goal.pk}/")
    act(thea, goal, lambda g: g.latest.withdraw_key("No", by=thea))
    for person, start in sides(cleo, thea):
        browser, address = sign_in(person), f"{start}/goals/{goal.pk}/"
        assert not offers(browser, address)
        assert AGAIN in text(browser.get(address))
    words = BUS | {"own_words": "Two stops"}
    act(thea, goal, lambda g: g.propose_version(words, by=thea))
    for person, start in sides(cleo, thea):
        assert not offers(sign_in(person), f"{start}/goals/{goal.pk}/")
    agree(goal, cleo.user)
    for person, start in sides(cleo, thea):
        assert offers(sign_in(person), f"{start}/goals/{goal.pk}/")


def test_a_first_proposal_and_two_wordings_can_be_rated(cleo, thea, sign_in):
    goal = propose(cleo, thea)
    for person, start in sides(cleo, thea):
        assert offers(sign_in(person), f"{start}/goals/{goal.pk}/")
    goal = agreed_goal(cleo, thea)
    act(thea, goal, lambda g: g.latest.withdraw_key("No", by=thea))
    act(cleo.user, goal, lambda g: g.latest.differ("Slower", "One", by=cleo.user))
    for person, start in sides(cleo, thea):
        assert offers(sign_in(person), f"{start}/goals/{goal.pk}/")


def test_the_last_rating_can_still_be_removed(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    rate(goal, 4, by=cleo.user)
    act(thea, goal, lambda g: g.latest.withdraw_key("No", by=thea))
    assert "You rated 4" in text(sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/"))


def test_a_rating_draft_from_before_the_end_is_still_there(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    browser = sign_in(cleo.user)
    draft = f"/drafts/{cleo.pk}/rating/{goal.pk}/"
    said = {"word": "Shaky", "revision": "0"}
    assert browser.post(draft, said).status_code == 200
    act(thea, goal, lambda g: g.latest.withdraw_key("No", by=thea))
    page = browser.get(f"/portal/goals/{goal.pk}/").content.decode()
    assert "Shaky" in page


def test_a_session_offers_no_rating_of_a_goal_not_in_effect(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    session = book(cleo, thea, at=timezone.now() - timedelta(minutes=5))
    browser, address = sign_in(thea), f"/sessions/{session.pk}/"
    name = f'name="rating-{goal.pk}"'
    assert name in browser.get(address).content.decode()
    act(thea, goal, lambda g: g.latest.withdraw_key("No", by=thea))
    answer = browser.get(address)
    assert name not in answer.content.decode()
    assert "Not in effect: an agreement was withdrawn." in text(answer)


def test_a_session_before_the_agreement_ended_still_accepts_its_rating(
    cleo, thea, sign_in
):
    goal = agreed_goal(cleo, thea)
    session = book(cleo, thea, at=timezone.now() - timedelta(minutes=5), minutes=5)
    address = f"/sessions/{session.pk}/"
    type(session).objects.filter(pk=session.pk).update(
        ends_at=timezone.now(), starts_at=timezone.now() - timedelta(minutes=5)
    )
    act(thea, goal, lambda g: g.latest.withdraw_key("No", by=thea))
    page = sign_in(thea).get(address).content.decode()
    assert f'name="rating-{goal.pk}"' in page


@pytest.mark.parametrize("first", ["cleo", "thea"])
def test_a_side_that_declined_is_not_asked_again_when_the_goal_is_resumed(
    cleo, thea, sign_in, first
):
    people = {"cleo": (cleo.user, "/portal"), "thea": (thea, "")}
    names = {"cleo": "Cleo", "thea": "Thea"}
    (said_no,) = set(people) - {first}
    (keen, start), (by, theirs) = people[first], people[said_no]
    goal = agreed_again(cleo, thea, keen)
    act(by, goal, lambda g: g.latest.decline("", by=by))
    browser = sign_in(keen)
    toast = text(browser.post(f"{start}/goals/{goal.pk}/take-up/", follow=True))
    assert f"{names[said_no]} did not agree again today" in toast
    assert "Waiting for" not in toast
    assert Goal.objects.get(pk=goal.pk).waits_for == ""
    home = text(sign_in(by).get("/portal/" if by.is_client else "/today/"))
    assert "agreed again to an earlier wording" not in home
    mine = text(sign_in(by).get(f"{theirs}/goals/{goal.pk}/"))
    assert "You did not agree again today." in mine
    assert f"{names[first]} resumed the goal today." in mine
    assert "Needs your agreement" not in mine
    assert "Agree to version 1" in mine
    assert "one side agreed again" not in paper(cleo, by)
    agree(goal, by)
    assert Goal.objects.get(pk=goal.pk).is_agreed


def test_a_declined_new_wording_does_not_ask_again_for_the_old_one(cleo, thea, sign_in):
    goal = agreed_again(cleo, thea, thea)
    act(cleo.user, goal, lambda g: g.latest.decline("", by=cleo.user))
    act(thea, goal, lambda g: g.take_up(by=thea))
    words = BUS | {"own_words": "Two stops"}
    act(thea, goal, lambda g: g.propose_version(words, by=thea))
    act(cleo.user, goal, lambda g: g.latest.decline("", by=cleo.user))
    assert Goal.objects.get(pk=goal.pk).waits_for == ""


def test_agreeing_again_after_a_refusal_asks_the_other_side_again(cleo, thea):
    goal = agreed_again(cleo, thea, thea)
    act(cleo.user, goal, lambda g: g.latest.decline("", by=cleo.user))
    act(cleo.user, goal, lambda g: g.take_up(by=cleo.user))
    act(thea, goal, lambda g: g.latest.withdraw_key("No", by=thea))
    act(thea, goal, lambda g: g.take_up(by=thea))
    agree(goal, thea)
    assert Goal.objects.get(pk=goal.pk).waits_for == "client"
    assert GoalRating.objects.count() == 0
