"""Both withdrew from a wording and one agrees again: no page calls it a proposal."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from digests.models import Digest
from goals.models import Goal
from goals.tests.test_last_agreed import week_of
from goals.tests.test_one_name import paper
from goals.tests.test_what_is_agreed import text
from tests.cast import BUS, act, agree, agreed_goal, book, propose

AGAIN = "The earlier agreement was withdrawn. One of you agreed again."


def agreed_again(cleo, thea, first):
    """`first` agrees again; the other side is asked."""
    goal = agreed_goal(cleo, thea)
    for by in (thea, cleo.user):
        act(by, goal, lambda g, by=by: g.latest.withdraw_key("No", by=by))
    act(thea, goal, lambda g: g.take_up(by=thea))
    agree(goal, first)
    assert Goal.objects.get(pk=goal.pk).waits_for
    return goal


def test_thea_reads_that_cleo_agreed_again_to_the_earlier_wording(cleo, thea, sign_in):
    goal = agreed_again(cleo, thea, cleo.user)
    session = book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    browser = sign_in(thea)
    today = text(browser.get("/today/"))
    assert (
        "The client agreed again to an earlier wording. It needs your agreement."
        in today
    )
    assert "Suggested a goal wording" not in today and "New goal wording" not in today
    assert "Proposal" not in today
    for address in (f"/goals/{goal.pk}/", f"/clients/{cleo.pk}/",
                    f"/clients/{cleo.pk}/journey/"):  # fmt: skip
        page = text(browser.get(address))
        assert AGAIN in page and "Proposed today" not in page, address
        assert "Proposal, version" not in page, address
    assert AGAIN in text(browser.get(f"/sessions/{session.pk}/"))
    week = text(browser.get(f"/digest/{week_of(thea).pk}/"))
    waits = week[week.index("Needs your agreement") :][:300]
    assert AGAIN in waits and "Proposed" not in waits


def test_cleo_reads_that_her_therapist_agreed_again_to_the_earlier_wording(
    cleo, thea, sign_in
):
    goal = agreed_again(cleo, thea, thea)
    browser = sign_in(cleo.user)
    home = text(browser.get("/portal/"))
    assert "Your therapist agreed again to an earlier wording" in home
    assert "proposes a goal" not in home and "suggests" not in home
    for address in ("/portal/goals/", f"/portal/goals/{goal.pk}/", "/portal/journey/"):
        page = text(browser.get(address))
        assert AGAIN in page and "Proposed today" not in page, address
        assert "suggests a wording" not in page, address
        assert "Proposal, version" not in page, address
    week = text(browser.get(f"/portal/digest/{week_of(cleo.user).pk}/"))
    waits = week[week.index("Needs your agreement") :][:300]
    assert AGAIN in waits
    assert "Not in effect: one side agreed again" in paper(cleo, cleo.user)


def test_a_new_wording_beside_a_withdrawn_one_is_a_proposal(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    act(thea, goal, lambda g: g.in_force.withdraw_key("No", by=thea))
    words = BUS | {"own_words": "Two stops"}
    act(cleo.user, goal, lambda g: g.propose_version(words, by=cleo.user))
    browser = sign_in(thea)
    assert "Suggested a goal wording today." in text(browser.get("/today/"))
    assert "One of you agreed again" not in text(browser.get(f"/goals/{goal.pk}/"))


def queries_of(browser, address) -> int:
    browser.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


def not_in_effect(cleo, thea) -> None:
    """Three goals: proposed; withdrawn beside a new wording; declined and closed."""
    propose(cleo, cleo.user)
    goal = agreed_goal(cleo, thea)
    act(thea, goal, lambda g: g.in_force.withdraw_key("No", by=thea))
    words = BUS | {"own_words": "Two stops"}
    act(cleo.user, goal, lambda g: g.propose_version(words, by=cleo.user))
    goal = propose(cleo, thea)
    act(cleo.user, goal, lambda g: g.latest.decline("", by=cleo.user))


@pytest.mark.parametrize("person", ["cleo", "thea"])
def test_goals_with_nothing_in_effect_cost_no_query_each(cleo, thea, sign_in, person):
    me = cleo.user if person == "cleo" else thea
    browser = sign_in(me)
    start = "/portal/" if me.is_client else f"/clients/{cleo.pk}/"
    week = Digest.objects.get(pk=week_of(me).pk).pk
    addresses = [start, f"{start}journey/", f"{start}progress/", f"{start}strengths/"]
    addresses += (
        ["/portal/goals/", f"/portal/digest/{week}/", "/portal/strengths/add/"]
        if me.is_client
        else ["/today/", f"/digest/{week}/", f"{start}strengths/add/"]
    )
    not_in_effect(cleo, thea)
    first = {address: queries_of(browser, address) for address in addresses}
    for _more in range(3):
        not_in_effect(cleo, thea)
    assert {address: queries_of(browser, address) for address in addresses} == first


@pytest.mark.parametrize("first", ["cleo", "thea"])
def test_declining_to_agree_again_sets_aside_what_both_once_agreed_to(
    cleo, thea, sign_in, first
):
    people = {"cleo": (cleo.user, "/portal"), "thea": (thea, "")}
    (other,) = set(people) - {first}
    by, start = people[other]
    goal = agreed_again(cleo, thea, people[first][0])
    page = text(sign_in(by).get(f"{start}/goals/{goal.pk}/"))
    assert "Don’t agree again" in page and "This isn’t my goal" not in page
    assert "The goal is then set aside." in page
    said = sign_in(by).post(f"{start}/goals/{goal.pk}/decline/1/", follow=True)
    assert "Goal set aside." in text(said)
    found = Goal.objects.get(pk=goal.pk)
    assert found.ended_as == Goal.Ended.ASIDE
    told = {"cleo": "/portal/", "thea": "/today/"}
    home = text(sign_in(people[first][0]).get(told[first]))
    assert "did not agree again" in home and "declined" not in home
    for address in ("/portal/goals/", "/portal/journey/"):
        read = text(sign_in(cleo.user).get(address))
        assert "Set aside" in read and BUS["own_words"] in read, address
        assert "eclined" not in read.replace("declined strengths", ""), address


def test_after_a_refusal_it_can_be_resumed_and_agreed_to(cleo, thea, sign_in):
    goal = agreed_again(cleo, thea, thea)
    act(cleo.user, goal, lambda g: g.latest.decline("", by=cleo.user))
    act(cleo.user, goal, lambda g: g.take_up(by=cleo.user))
    agree(goal, cleo.user)
    assert Goal.objects.get(pk=goal.pk).is_agreed
    for person, address in ((cleo.user, "/portal/journey/"),
                            (thea, f"/clients/{cleo.pk}/journey/")):  # fmt: skip
        read = text(sign_in(person).get(address))
        assert "Goal agreed again by both" in read


@pytest.mark.parametrize("portal", [False, True])
def test_who_agreed_again_withdraws_an_agreement_and_no_proposal(
    cleo, thea, sign_in, portal
):
    """On the goal, on the page that asks, and in what is said afterwards."""
    person = cleo.user if portal else thea
    goal = agreed_again(cleo, thea, person)
    browser, start = sign_in(person), "/portal" if portal else ""
    page = text(browser.get(f"{start}/goals/{goal.pk}/"))
    assert "Withdraw my agreement" in page and "Withdraw my proposal" not in page
    other = thea if portal else cleo.user
    act(other, goal, lambda g: g.latest.differ("I see it differently", by=other))
    assert "Withdraw my proposal" not in text(
        browser.get(f"{start}/goals/{goal.pk}/differ/")
    )
    url = f"{start}/goals/{goal.pk}/key-back/"
    page = text(browser.get(url))
    assert "Neither of you then agrees to this wording" in page
    assert "proposal" not in page and "no longer a goal" not in page
    page = text(browser.post(url, {"reason": "No"}, follow=True))
    assert "Agreement withdrawn." in page
    assert Goal.objects.get(pk=goal.pk).ended_as == Goal.Ended.ASIDE


def test_who_withdraws_a_proposal_or_an_agreement_is_told_which(cleo, thea, sign_in):
    browser = sign_in(thea)
    for goal, told in (
        (propose(cleo, thea, BUS), "Proposal withdrawn."),
        (agreed_goal(cleo, thea), "Agreement withdrawn."),
    ):
        url = f"/goals/{goal.pk}/key-back/"
        assert told in text(browser.post(url, {"reason": "No"}, follow=True))
