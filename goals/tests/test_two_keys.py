"""Both hold a key: taken back, seen differently, declined, taken up again."""

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


def test_cleo_says_not_any_more_and_nothing_is_in_force(agreed, cleo, thea):
    by = cleo.user
    assert act(by, agreed, lambda g: g.in_force.withdraw_key("Too much", by=by))
    assert now(agreed).in_force is None
    assert agreed.latest.number == 1
    assert agreed.waits_for == ""  # nobody is asked for a key that was taken back
    assert not act(by, agreed, lambda g: g.latest.withdraw_key("Again", by=by))


def test_a_key_taken_back_can_be_turned_again(agreed, cleo):
    by = cleo.user
    act(by, agreed, lambda g: g.in_force.withdraw_key("Too much", by=by))
    assert act(by, agreed, lambda g: g.latest.agree(by=by))
    assert now(agreed).in_force.number == 1
    turns = Agreement.objects.filter(version=agreed.in_force, side="client")
    assert sorted(turns.values_list("turn", flat=True)) == [1, 2]


def test_where_both_say_not_any_more_it_rests_and_wants_both_keys_anew(
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


def test_a_proposal_taken_back_leaves_the_agreed_words(agreed, thea, cleo):
    act(thea, agreed, lambda g: g.propose_version(SHORTER, by=thea))
    act(thea, agreed, lambda g: g.latest.withdraw_key("Too soon", by=thea))
    assert (now(agreed).in_force.number, agreed.latest.number) == (1, 1)
    assert agreed.waits_for == ""
    act(cleo.user, agreed, lambda g: g.propose_version(SHORTER, by=cleo.user))
    assert now(agreed).latest.number == 3  # a number is never given twice


def test_a_first_proposal_taken_back_is_no_goal_any_more(cleo):
    goal = propose(cleo, by=cleo.user)
    act(cleo.user, goal, lambda g: g.latest.withdraw_key("Not now", by=cleo.user))
    assert now(goal).ended_as == "taken back"
    assert not act(cleo.user, goal, lambda g: g.take_up(by=cleo.user))


def test_cleo_keeps_the_agreed_words(agreed, cleo, thea):
    act(thea, agreed, lambda g: g.propose_version(SHORTER, by=thea))
    act(cleo.user, agreed, lambda g: g.latest.decline("Mine is mine", by=cleo.user))
    assert (now(agreed).in_force.number, agreed.latest.number) == (1, 1)


def test_cleo_declines_a_goal_that_is_not_hers_and_thea_cannot(cleo, thea):
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
    act(by, agreed, lambda g: g.latest.agree(by=by))  # Cleo comes round
    assert (now(agreed).in_force.number, agreed.differs_since) == (2, None)


def test_a_way_on_is_suggested_only_while_they_differ(agreed, thea):
    act(thea, agreed, lambda g: g.propose_version(SHORTER, by=thea))
    with pytest.raises(Overtaken):
        act(thea, agreed, lambda g: g.latest.suggest_next("talk", by=thea))


def test_thea_cannot_take_cleos_key_back_even_past_the_program(agreed, cleo, thea):
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


def test_the_database_takes_no_key_from_under_what_is_in_force(agreed, cleo):
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


def test_the_database_counts_no_key_that_was_taken_back(agreed, cleo):
    by = cleo.user
    act(by, agreed, lambda g: g.latest.withdraw_key("No", by=by))
    with (
        pytest.raises(DatabaseError, match="both keys"),
        acting_as(by.pk),
        transaction.atomic(),
    ):
        Goal.objects.filter(pk=agreed.pk).update(in_force=agreed.latest)


def test_what_was_said_of_a_goal_cannot_be_rewritten(agreed, cleo):
    by = cleo.user
    act(by, agreed, lambda g: g.latest.withdraw_key("No", by=by))
    with pytest.raises(DatabaseError), acting_as(by.pk), transaction.atomic():
        GoalMove.objects.filter(goal=agreed).update(choice="x")


# -- through the pages ----------------------------------------------------------------


def test_cleo_takes_her_key_back_and_thea_reads_why(agreed, sign_in, cleo, thea):
    url = reverse("portal-goal-key-back", args=[agreed.pk])
    answer = sign_in(cleo.user).post(url, {"reason": "It is not mine any more"})
    assert answer.status_code == 302
    page = sign_in(thea).get(f"/goals/{agreed.pk}/").content.decode()
    assert "Not in effect: an agreement was withdrawn." in page
    assert "It is not mine any more" in page


def test_a_reason_is_asked_for_and_what_was_typed_stays(agreed, sign_in, thea):
    url = reverse("goal-key-back", args=[agreed.pk])
    page = sign_in(thea).post(url, {"reason": " "}).content.decode()
    assert "Fill this in." in page
    assert now(agreed).in_force


def test_both_wordings_stand_side_by_side_for_both(agreed, sign_in, cleo, thea):
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


def test_while_they_differ_cleos_home_does_not_ask_for_a_key(
    agreed, sign_in, cleo, thea
):
    act(thea, agreed, lambda g: g.propose_version(SHORTER, by=thea))
    assert (
        "suggests a new wording" in sign_in(cleo.user).get("/portal/").content.decode()
    )
    act(cleo.user, agreed, lambda g: g.latest.differ("No", by=cleo.user))
    home = sign_in(cleo.user).get("/portal/").content.decode()
    assert "suggests a new wording" not in home


def test_words_that_hold_both_begin_with_both_in_sight(agreed, sign_in, cleo, thea):
    act(thea, agreed, lambda g: g.propose_version(SHORTER, by=thea))
    act(
        cleo.user, agreed,
        lambda g: g.latest.differ("I want the town", "To town", by=cleo.user),
    )  # fmt: skip
    for person, start in ((thea, "/goals"), (cleo.user, "/portal/goals")):
        page = sign_in(person).get(f"{start}/{agreed.pk}/propose/").content.decode()
        for words in ("To town", "I want the town", *SHORTER.values()):
            assert words in page


def test_who_try_both_look_again_in_two_weeks(agreed, cleo, thea):
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


def test_who_try_both_without_an_agreed_goal_read_the_day_and_can_review_it(
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
    # The day has come: what is asked for at home can be done where it leads.
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
    """What the page says after one side suggested it."""
    url = f"{start}/{goal.pk}/differ/"
    found = browser.post(f"{url}next/", {"choice": choice}, follow=True)
    return found.content.decode() + browser.get(url).content.decode()


def test_each_reads_both_suggestions_and_what_the_press_came_to(cleo, thea, sign_in):
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


def test_coming_round_is_offered_to_each_as_each_can_do_it(cleo, thea, sign_in):
    """Cleo's words are the proposal: Thea agrees to them, Cleo suggests Thea's."""
    goal = proposed_and_seen_differently(cleo, thea)
    hers = sign_in(thea).get(f"/goals/{goal.pk}/differ/").content.decode()
    assert f'action="/goals/{goal.pk}/agree/1/"' in hers
    assert "You can agree to the other wording at any time." in hers
    mine = sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/differ/").content.decode()
    assert "/agree/" not in mine
    assert "can agree to your wording at any time." in mine
    assert f'href="/portal/goals/{goal.pk}/propose/"' in mine


def test_the_day_of_trying_both_stays_while_other_words_are_proposed(
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
def test_who_let_both_stand_can_review_them_when_they_like(cleo, thea, sign_in, choice):
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
