"""What Theo, co-therapist of Cleo, reads about Thea's agreements."""

import pytest

from conftest import in_care
from goals.models import Goal
from goals.tests.test_reviews import answer
from goals.tests.test_what_is_agreed import text
from tests.cast import act, agreed_goal, propose, strength

OTHER = {"own_words": "Six stops, alone"}
HERS = {"own_words": "Two stops on my own"}
NO = {"reason": "It frightens me"}


@pytest.fixture
def theos(cleo, theo, sign_in):
    in_care(cleo, theo, "co_therapist")
    return sign_in(theo)


def proposed_by_thea(cleo, thea):
    goal = agreed_goal(cleo, thea)
    act(thea, goal, lambda g: g.propose_version(OTHER, by=thea))
    return goal


def test_theo_reads_that_thea_agreed_and_whose_agreement_he_would_withdraw(
    cleo, thea, theos, sign_in
):
    goal = proposed_by_thea(cleo, thea)
    page = text(theos.get(f"/goals/{goal.pk}/"))
    assert "Withdraw the therapists’ agreement, given by Thea" in page
    assert "Withdraw my agreement" not in page and "Withdraw my proposal" not in page
    own = text(sign_in(thea).get(f"/goals/{goal.pk}/"))
    assert "Withdraw my proposal" in own and "therapists’ agreement" not in own


def test_theo_withdraws_theas_proposal_and_is_told_whose_it_was(
    cleo, thea, theos, sign_in
):
    goal = proposed_by_thea(cleo, thea)
    page = text(theos.get(f"/goals/{goal.pk}/key-back/"))
    assert "Withdraw Thea’s proposal" in page
    assert "Thea agreed for the therapists." in page
    assert "The withdrawn proposal stays in the history." in page
    for mine in ("Your proposal", "Withdraw my proposal", "my key"):
        assert mine not in page
    page = text(theos.post(f"/goals/{goal.pk}/key-back/", NO, follow=True))
    assert "Thea’s proposal is withdrawn." in page
    assert "back with you" not in page


def test_theo_reads_which_wording_counts_without_theas_proposal(cleo, thea, theos):
    goal = propose(cleo, cleo.user, HERS)
    act(thea, goal, lambda g: g.propose_version(OTHER, by=thea))
    page = text(theos.get(f"/goals/{goal.pk}/key-back/"))
    assert "Version 1 is then the proposal again." in page
    assert (
        "The withdrawn one stays in the history." in page and "Yours stays" not in page
    )
    rests = agreed_goal(cleo, thea)
    act(cleo.user, rests, lambda g: g.in_force.withdraw_key("No", by=cleo.user))
    act(thea, rests, lambda g: g.propose_version(OTHER, by=thea))
    page = text(theos.get(f"/goals/{rests.pk}/key-back/"))
    assert "Nothing is then proposed, and version 1 is not in effect" in page
    assert "The withdrawn proposal stays in the history." in page


def test_theo_withdraws_what_thea_and_cleo_agreed_to(cleo, thea, theos, sign_in):
    goal = agreed_goal(cleo, thea)
    page = text(theos.get(f"/goals/{goal.pk}/"))
    assert "Withdraw the therapists’ agreement, given by Thea" in page
    assert "Not any more" not in page
    page = text(theos.get(f"/goals/{goal.pk}/key-back/"))
    assert "Without the therapists’ agreement this wording is not in effect." in page
    assert "Without your agreement" not in page and "my key" not in page
    theos.post(f"/goals/{goal.pk}/key-back/", NO)
    for person in (thea, cleo.user):
        folder = "/portal" if person == cleo.user else ""
        page = text(sign_in(person).get(f"{folder}/goals/{goal.pk}/"))
        assert "agreed; Theo withdrew that" in page
        assert "Theo withdrew the agreement" in page


def test_theo_who_agrees_after_thea_learns_that_she_had(cleo, thea, theos):
    goal = agreed_goal(cleo, thea)
    page = text(theos.post(f"/goals/{goal.pk}/agree/1/", follow=True))
    assert "Thea had already agreed for the therapists." in page
    assert "Needs your agreement is turned" not in page


def test_theo_is_asked_to_keep_theas_wording(cleo, thea, theos, sign_in):
    goal = propose(cleo, thea, OTHER)
    act(cleo.user, goal, lambda g: g.propose_version(HERS, by=cleo.user))
    page = text(theos.get(f"/goals/{goal.pk}/"))
    assert "Keep Thea’s wording" in page
    assert f"Thea’s earlier wording: {OTHER['own_words']}" in page
    assert "Your earlier wording" not in page and "Keep my wording" not in page
    own = text(sign_in(thea).get(f"/goals/{goal.pk}/"))
    assert "Keep my wording" in own and "Your earlier wording" in own


def test_theo_reads_two_wordings_as_theas_and_cleos(cleo, thea, theos, sign_in):
    goal = proposed_by_thea(cleo, thea)
    act(cleo.user, goal, lambda g: g.latest.differ("It is mine", by=cleo.user))
    act(thea, goal, lambda g: g.latest.differ("It helps", by=thea))
    address = f"/goals/{goal.pk}/differ/"
    page = text(theos.get(address))
    assert "Withdraw the therapists’ agreement, given by Thea" in page
    assert "Cleo can agree to Thea’s wording at any time." in page
    assert "Change Thea’s wording" in page
    for mine in ("Withdraw my", "agree to your wording", "Change my wording"):
        assert mine not in page
    own = text(sign_in(thea).get(address))
    for mine in ("Withdraw my proposal", "agree to your wording", "Change my wording"):
        assert mine in own


def test_after_cleos_proposal_the_other_wording_is_theas_to_theo(cleo, thea, theos):
    goal = propose(cleo, thea, OTHER)
    act(cleo.user, goal, lambda g: g.propose_version(HERS, by=cleo.user))
    act(thea, goal, lambda g: g.latest.differ("It helps", by=thea))
    page = text(theos.get(f"/goals/{goal.pk}/differ/"))
    assert "Cleo can suggest Thea’s." in page and "suggest yours" not in page


@pytest.mark.parametrize("both", [False, True])
def test_theo_changes_theas_review_answers_shown_with_her_name(
    cleo, thea, theos, sign_in, both
):
    goal = agreed_goal(cleo, thea)
    answer(goal, thea)
    if both:
        answer(goal, cleo.user)
    page = text(theos.get(f"/goals/{goal.pk}/review/"))
    assert "Change Thea’s answers" in page
    assert "Change my answers" not in page and "Change my answers" not in page
    own = text(sign_in(thea).get(f"/goals/{goal.pk}/review/"))
    assert "Change my answers" in own


def test_an_example_has_only_the_quotes_that_cleo_typed(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    said = {"name": "Dry honesty", "moment": "“I’d like to, and I won’t.”"}
    strength(cleo, by=cleo.user, said=said, helps=[goal])
    pages = [
        sign_in(person).get(address).content.decode()
        for person, address in (
            (cleo.user, f"/portal/goals/{goal.pk}/"),
            (thea, f"/goals/{goal.pk}/"),
        )
    ]
    act(thea, goal, lambda g: g._close(Goal.Ended.REACHED, by=thea))
    pages.append(
        sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/reached/").content.decode()
    )
    pages.append(sign_in(thea).get(f"/goals/{goal.pk}/reached/").content.decode())
    for page in pages:
        assert said["moment"] in page and "““" not in page
