"""Agreements of both sides: withdrawn, seen differently, declined, resumed."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from database.identity import acting_as
from goals.models import Agreement, Goal, GoalMove, Overtaken
from goals.models.goal import KEPT
from tests.cast import act, propose, signals_anew
from ui import dates

SHORTER = {"own_words": "Take the bus one stop"}


@pytest.fixture
def agreed(cleo, thea):
    goal = propose(cleo, by=cleo.user)
    act(thea, goal, lambda g: g.latest.agree(by=thea))
    return goal


def now(goal):
    goal.refresh_from_db(fields=KEPT)
    return goal


def test_cleo_withdraws_and_nothing_is_in_effect(agreed, cleo, thea):
    by = cleo.user
    assert act(by, agreed, lambda g: g.in_force.withdraw_key("Too much", by=by))
    assert now(agreed).in_force is None
    assert agreed.latest.number == 1
    assert agreed.waits_for == ""  # nobody is asked for a withdrawn agreement
    assert not act(by, agreed, lambda g: g.latest.withdraw_key("Again", by=by))


def test_a_withdrawn_agreement_can_be_given_again(agreed, cleo):
    by = cleo.user
    act(by, agreed, lambda g: g.in_force.withdraw_key("Too much", by=by))
    assert act(by, agreed, lambda g: g.latest.agree(by=by))
    assert now(agreed).in_force.number == 1
    turns = Agreement.objects.filter(version=agreed.in_force, side="client")
    assert sorted(turns.values_list("turn", flat=True)) == [1, 2]


def test_after_both_withdraw_the_goal_is_closed_and_needs_both_agreements_again(
    agreed, cleo, thea
):
    for by in (cleo.user, thea):
        act(by, agreed, lambda g, by=by: g.latest.withdraw_key("No", by=by))
    assert now(agreed).ended_as == "aside"
    assert act(thea, agreed, lambda g: g.take_up(by=thea))
    assert act(thea, agreed, lambda g: g.latest.agree(by=thea))
    assert now(agreed).in_force is None
    assert act(cleo.user, agreed, lambda g: g.latest.agree(by=cleo.user))
    assert now(agreed).in_force.number == 1


def test_withdrawing_a_proposal_leaves_the_agreed_wording(agreed, thea, cleo):
    act(thea, agreed, lambda g: g.propose_version(SHORTER, by=thea))
    act(thea, agreed, lambda g: g.latest.withdraw_key("Too soon", by=thea))
    assert (now(agreed).in_force.number, agreed.latest.number) == (1, 1)
    assert agreed.waits_for == ""
    act(cleo.user, agreed, lambda g: g.propose_version(SHORTER, by=cleo.user))
    assert now(agreed).latest.number == 3  # a number is never reused


def test_withdrawing_a_first_proposal_closes_the_goal(cleo):
    goal = propose(cleo, by=cleo.user)
    act(cleo.user, goal, lambda g: g.latest.withdraw_key("Not now", by=cleo.user))
    assert now(goal).ended_as == "taken back"
    assert not act(cleo.user, goal, lambda g: g.take_up(by=cleo.user))


def test_cleo_keeps_the_agreed_wording(agreed, cleo, thea):
    act(thea, agreed, lambda g: g.propose_version(SHORTER, by=thea))
    act(cleo.user, agreed, lambda g: g.latest.decline("Mine is mine", by=cleo.user))
    assert (now(agreed).in_force.number, agreed.latest.number) == (1, 1)


def test_cleo_can_decline_a_goal_that_is_not_hers_and_thea_cannot(cleo, thea):
    goal = propose(cleo, by=thea)
    act(cleo.user, goal, lambda g: g.latest.decline("", by=cleo.user))
    assert now(goal).ended_as == "declined"
    hers = propose(cleo, by=cleo.user)
    with pytest.raises(Overtaken):
        act(thea, hers, lambda g: g.latest.decline("", by=thea))
    assert now(hers).is_open


def test_nobody_declines_their_own_proposal(agreed, thea):
    act(thea, agreed, lambda g: g.propose_version(SHORTER, by=thea))
    with pytest.raises(Overtaken):
        act(thea, agreed, lambda g: g.latest.decline("", by=thea))


def test_while_they_differ_the_agreed_version_stays_and_nobody_is_asked(
    agreed, cleo, thea
):
    act(thea, agreed, lambda g: g.propose_version(SHORTER, by=thea))
    by = cleo.user
    act(by, agreed, lambda g: g.latest.differ("I want the town", by=by))
    assert now(agreed).differs_since
    assert (agreed.in_force.number, agreed.waits_for) == (1, "")
    act(thea, agreed, lambda g: g.latest.differ("One stop comes first", by=thea))
    act(by, agreed, lambda g: g.latest.agree(by=by))  # Cleo changes her mind
    assert (now(agreed).in_force.number, agreed.differs_since) == (2, None)


def test_a_next_step_is_suggested_only_while_they_differ(agreed, thea):
    act(thea, agreed, lambda g: g.propose_version(SHORTER, by=thea))
    with pytest.raises(Overtaken):
        act(thea, agreed, lambda g: g.latest.suggest_next("talk", by=thea))


def test_thea_cannot_withdraw_cleos_agreement_even_by_sql(agreed, cleo, thea):
    key = Agreement.objects.get(version=agreed.latest, side="client")
    forged = GoalMove(
        practice_id=cleo.practice_id, client=cleo, goal=agreed, version=agreed.latest,
        agreement=key, kind="key_withdrawn", by=thea, side="therapist",
    )  # fmt: skip
    with (
        pytest.raises(DatabaseError, match="its own side"),
        acting_as(thea.pk),
        transaction.atomic(),
    ):
        Goal.objects.filter(pk=agreed.pk).update(in_force=None)
        forged.save(force_insert=True)


def test_the_database_requires_both_agreements_for_a_version_in_effect(agreed, cleo):
    key = Agreement.objects.get(version=agreed.latest, side="client")
    row = GoalMove(
        practice_id=cleo.practice_id, client=cleo, goal=agreed, version=agreed.latest,
        agreement=key, kind="key_withdrawn", by=cleo.user, side="client",
    )  # fmt: skip
    with (
        pytest.raises(DatabaseError, match="in force no more"),
        acting_as(cleo.user.pk),
        transaction.atomic(),
    ):
        row.save(force_insert=True)


def test_the_database_does_not_count_a_withdrawn_agreement(agreed, cleo):
    by = cleo.user
    act(by, agreed, lambda g: g.latest.withdraw_key("No", by=by))
    with (
        pytest.raises(DatabaseError, match="both keys"),
        acting_as(by.pk),
        transaction.atomic(),
    ):
        Goal.objects.filter(pk=agreed.pk).update(in_force=agreed.latest)


def test_the_history_of_a_goal_cannot_be_rewritten(agreed, cleo):
    by = cleo.user
    act(by, agreed, lambda g: g.latest.withdraw_key("No", by=by))
    with pytest.raises(DatabaseError), acting_as(by.pk), transaction.atomic():
        GoalMove.objects.filter(goal=agreed).update(choice="x")


# -- through the pages ----------------------------------------------------------------


def test_cleo_withdraws_her_agreement_and_thea_reads_why(agreed, sign_in, cleo, thea):
    url = reverse("portal-goal-key-back", args=[agreed.pk])
    answer = sign_in(cleo.user).post(url, {"reason": "It is not mine any more"})
    assert answer.status_code == 302
    page = sign_in(thea).get(f"/goals/{agreed.pk}/").content.decode()
    assert "Not in effect: an agreement was withdrawn." in page
    assert "It is not mine any more" in page


def test_a_reason_is_required_and_typed_text_stays(agreed, sign_in, thea):
    url = reverse("goal-key-back", args=[agreed.pk])
    page = sign_in(thea).post(url, {"reason": " "}).content.decode()
    assert "Fill this in." in page
    assert now(agreed).in_force


def test_both_see_both_wordings_side_by_side(agreed, sign_in, cleo, thea):
    act(thea, agreed, lambda g: g.propose_version(SHORTER, by=thea))
    browser = sign_in(cleo.user)
    url = reverse("portal-goal-differ", args=[agreed.pk])
    browser.post(url, {"words": "I want the town", "wording": "Into town and back"})
    browser.post(
        reverse("portal-goal-differ-next", args=[agreed.pk]), {"choice": "try"}
    )
    for person, page in ((cleo.user, url), (thea, f"/goals/{agreed.pk}/differ/")):
        told = sign_in(person).get(page).content.decode()
        for words in ("Into town and back", *SHORTER.values(), "I want the town"):
            assert words in told
    assert "Cleo suggests:" in told
    assert "Try both for two weeks" in told


def test_while_they_differ_cleos_home_does_not_ask_her_to_agree(
    agreed, sign_in, cleo, thea
):
    act(thea, agreed, lambda g: g.propose_version(SHORTER, by=thea))
    assert (
        "suggests a new wording" in sign_in(cleo.user).get("/portal/").content.decode()
    )
    act(cleo.user, agreed, lambda g: g.latest.differ("No", by=cleo.user))
    home = sign_in(cleo.user).get("/portal/").content.decode()
    assert "suggests a new wording" not in home


def test_a_combined_wording_starts_with_both_in_view(agreed, sign_in, cleo, thea):
    act(thea, agreed, lambda g: g.propose_version(SHORTER, by=thea))
    act(
        cleo.user, agreed,
        lambda g: g.latest.differ("I want the town", "To town", by=cleo.user),
    )  # fmt: skip
    for person, start in ((thea, "/goals"), (cleo.user, "/portal/goals")):
        page = sign_in(person).get(f"{start}/{agreed.pk}/propose/").content.decode()
        for words in ("To town", "I want the town", *SHORTER.values()):
            assert words in page


def test_trying_both_wordings_sets_a_review_in_two_weeks(agreed, cleo, thea):
    act(thea, agreed, lambda g: g.propose_version(SHORTER, by=thea))
    act(thea, agreed, lambda g: g.latest.differ("Slower", by=thea))
    act(thea, agreed, lambda g: g.latest.suggest_next("try", by=thea))
    assert now(agreed).review_on is None
    act(cleo.user, agreed, lambda g: g.latest.suggest_next("try", by=cleo.user))
    assert now(agreed).review_on == cleo.user.today() + timedelta(days=14)


def proposed_and_seen_differently(cleo, thea):
    """Cleo's goal, never agreed to, of which each has their own wording."""
    with acting_as(cleo.user.pk), transaction.atomic():
        goal = Goal.propose(cleo, {"own_words": "Take the bus"}, by=cleo.user)
    act(thea, goal, lambda g: g.latest.differ("Slower", "One stop", by=thea))
    return goal


def test_two_who_try_both_without_an_agreed_goal_see_the_date_and_can_review_it(
    cleo, thea, sign_in
):
    goal = proposed_and_seen_differently(cleo, thea)
    act(thea, goal, lambda g: g.latest.suggest_next("try", by=thea))
    act(cleo.user, goal, lambda g: g.latest.suggest_next("try", by=cleo.user))
    day = dates.weekday(cleo.user.today() + timedelta(days=14))
    for person, start in ((thea, "/goals"), (cleo.user, "/portal/goals")):
        browser = sign_in(person)
        for place in ("", "differ/"):
            page = browser.get(f"{start}/{goal.pk}/{place}").content.decode()
            assert f">{day}</time>" in page, place
            assert "Review " in page and "No reminders" not in page
    # On the review date, the home page's link leads to where it can be done.
    Goal.objects.filter(pk=goal.pk).update(review_on=cleo.user.today())
    signals_anew(cleo)
    browser = sign_in(cleo.user)
    assert "Goal review due" in browser.get("/portal/").content.decode()
    page = browser.get(f"/portal/goals/{goal.pk}/").content.decode()
    assert 'id="again"' in page and "Review due: start review" in page
    begun = browser.post(f"/portal/goals/{goal.pk}/review/begin/", follow=True)
    page = begun.content.decode()
    assert now(goal).review_id and "See both wordings" in page
    for by in (cleo.user, thea):
        said = {"goal_fits": "yes", "choice": "keep"}
        act(by, goal, lambda g, by=by, said=said: answer(g, said, by))
    assert now(goal).review_on == cleo.user.today() + timedelta(days=91)
    assert now(goal).differs_since and not now(goal).review_id


def suggest(browser, start, goal, choice):
    """What the page says after one side's suggestion."""
    url = f"{start}/{goal.pk}/differ/"
    found = browser.post(f"{url}next/", {"choice": choice}, follow=True)
    return found.content.decode() + browser.get(url).content.decode()


def test_each_reads_both_suggestions_and_the_result(cleo, thea, sign_in):
    goal = proposed_and_seen_differently(cleo, thea)
    hers, mine = (sign_in(thea), "/goals"), (sign_in(cleo.user), "/portal/goals")
    page = suggest(*mine, goal, "talk")
    assert "It is decided once you both choose the same." in page
    page = suggest(*hers, goal, "try")
    assert "You suggested:" in page and "suggests:" in page
    assert "Talk about it at the next session</strong>" in page
    assert "Try both for two weeks</strong>" in page
    page = mine[0].get(f"/portal/goals/{goal.pk}/differ/").content.decode()
    assert "suggests:" in page and "You suggested:" in page
    page = suggest(*mine, goal, "try")
    assert "You both chose the same: Try both for two weeks." in page


def test_accepting_the_others_wording_is_offered_to_each_in_the_way_they_can(
    cleo, thea, sign_in
):
    """Cleo's wording is the proposal: Thea agrees to it, Cleo suggests Thea's."""
    goal = proposed_and_seen_differently(cleo, thea)
    hers = sign_in(thea).get(f"/goals/{goal.pk}/differ/").content.decode()
    assert f'action="/goals/{goal.pk}/agree/1/"' in hers
    assert "You can agree to the other wording at any time." in hers
    mine = sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/differ/").content.decode()
    assert "/agree/" not in mine
    assert "can agree to your wording at any time." in mine
    assert f'href="/portal/goals/{goal.pk}/propose/"' in mine


def test_the_date_of_trying_both_stays_while_a_new_wording_is_proposed(
    cleo, thea, sign_in
):
    goal = proposed_and_seen_differently(cleo, thea)
    act(thea, goal, lambda g: g.latest.suggest_next("try", by=thea))
    act(cleo.user, goal, lambda g: g.latest.suggest_next("try", by=cleo.user))
    act(thea, goal, lambda g: g.propose_version({"own_words": "Two"}, by=thea))
    for person, start in ((thea, "/goals"), (cleo.user, "/portal/goals")):
        page = sign_in(person).get(f"{start}/{goal.pk}/differ/").content.decode()
        assert "Review " in page and "No reminders" not in page


@pytest.mark.parametrize("choice", ["leave", "talk", "third"])
def test_two_who_keep_both_wordings_can_review_them_any_time(
    cleo, thea, sign_in, choice
):
    goal = proposed_and_seen_differently(cleo, thea)
    act(thea, goal, lambda g: g.latest.suggest_next(choice, by=thea))
    act(cleo.user, goal, lambda g: g.latest.suggest_next(choice, by=cleo.user))
    page = sign_in(thea).get(f"/goals/{goal.pk}/differ/").content.decode()
    assert "No reminders" in page
    sign_in(thea).post(f"/goals/{goal.pk}/review/begin/")
    assert now(goal).review_id


def answer(goal, said, by):
    goal.review.goal = goal
    goal.review.answer(said, by=by)
