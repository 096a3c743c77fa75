"""An agreement was withdrawn while a new wording is pending: every page says both."""

from datetime import timedelta

import pytest
from django.utils import timezone

from goals.tests.test_one_name import paper
from goals.tests.test_what_is_agreed import TRAM, suggest, text
from tests.cast import act, agreed_goal, book, propose

FACT = "The earlier agreement was withdrawn"


@pytest.fixture
def goal(cleo, thea):
    return agreed_goal(cleo, thea)


def withdrawn_beside(goal, proposes, withdraws):
    suggest(goal, proposes)
    act(withdraws, goal, lambda g: g.in_force.withdraw_key("No", by=withdraws))


@pytest.mark.parametrize("withdraws", ["cleo", "thea"])
@pytest.mark.parametrize("proposes", ["cleo", "thea"])
def test_both_facts_are_on_the_pages_of_both(
    goal, cleo, thea, sign_in, proposes, withdraws
):
    people = {"cleo": cleo.user, "thea": thea}
    session = book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    withdrawn_beside(goal, people[proposes], people[withdraws])
    hers, theirs = sign_in(cleo.user), sign_in(thea)
    pages = {
        address: text(browser.get(address))
        for browser, addresses in (
            (hers, ["/portal/goals/", f"/portal/goals/{goal.pk}/"]),
            (theirs, [f"/goals/{goal.pk}/", f"/clients/{cleo.pk}/"]),
            (theirs, [f"/sessions/{session.pk}/", f"/clients/{cleo.pk}/journey/"]),
            (hers, ["/portal/journey/"]),
        )
        for address in addresses
    }
    for address, page in pages.items():
        assert FACT in page, address
        assert "not agreed yet" not in page, address
        if "/sessions/" not in address:
            assert "roposed" in page, address
    assert FACT in paper(cleo, thea)
    # Once the new wording is agreed to, it is history.
    other = thea if proposes == "cleo" else cleo.user
    act(other, goal, lambda g: g.latest.agree(by=other))
    for browser, address in ((hers, "/portal/goals/"), (theirs, f"/goals/{goal.pk}/")):
        assert FACT not in text(browser.get(address))


def test_cleos_home_says_so_where_it_asks_her(goal, cleo, thea, sign_in):
    withdrawn_beside(goal, thea, cleo.user)
    assert FACT in text(sign_in(cleo.user).get("/portal/"))


def test_two_wordings_beside_a_withdrawn_agreement_say_so(goal, cleo, thea, sign_in):
    withdrawn_beside(goal, thea, cleo.user)
    act(cleo.user, goal, lambda g: g.latest.differ("Mine", by=cleo.user))
    for person, start in ((cleo.user, "/portal"), (thea, "")):
        page = text(sign_in(person).get(f"{start}/goals/{goal.pk}/"))
        assert "You each see this goal differently." in page and FACT in page


def test_a_wording_proposed_after_a_withdrawal_says_so(goal, cleo, thea, sign_in):
    act(cleo.user, goal, lambda g: g.in_force.withdraw_key("No", by=cleo.user))
    page = text(sign_in(cleo.user).get("/portal/goals/"))
    assert page.count("withdrawn") == 1
    suggest(goal, thea, TRAM)
    assert FACT in text(sign_in(cleo.user).get("/portal/goals/"))


def test_a_first_proposal_mentions_no_withdrawal(cleo, thea, sign_in):
    goal = propose(cleo, thea)
    suggest(goal, cleo.user)
    page = text(sign_in(thea).get(f"/clients/{cleo.pk}/"))
    assert "not agreed yet" in page and FACT not in page
