"""Two people act on one goal at the same moment, on two real connections."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils.timezone import now

from accounts.models import AuditEvent
from clients.models import Signal
from conftest import WebClient
from database.identity import acting_as
from goals.models import Agreement, Goal, GoalVersion, Overtaken, Review
from tests.cast import book, hold

WORDS = {"own_words": "Take the bus"}


@pytest.fixture
def both(real_login):
    """Run functions at once, each on its own connection, as the web role."""

    def run(*functions):
        start, failed = threading.Barrier(len(functions)), []

        def wrapped(function):
            try:
                start.wait()
                function()
            except Exception as error:
                failed.append(error)
            finally:
                connections.close_all()

        with real_login("cairn_web"):
            connection.close()
            threads = [threading.Thread(target=wrapped, args=[f]) for f in functions]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return failed

    return run


def propose(client, by):
    with acting_as(by.pk), transaction.atomic():
        return Goal.propose(client, WORDS, by=by)


def as_person(user, goal, verb):
    def act():
        with acting_as(user.pk), transaction.atomic():
            rows = Goal.objects.with_words().select_related("client__user", "review")
            verb(rows.get(pk=goal.pk))

    return act


def in_force_is_agreed_by_both(goal):
    goal.refresh_from_db()
    if goal.in_force_id is None:
        return True
    keys = Agreement.objects.filter(version=goal.in_force).not_withdrawn()
    return set(keys.values_list("side", flat=True)) == {"client", "therapist"}


@pytest.mark.requirement("R63")
def test_twenty_clicks_make_one_agreement(both, cleo, thea):
    goal = propose(cleo, cleo.user)
    press = as_person(thea, goal, lambda g: g.latest.agree(by=thea))
    assert not both(*[press] * 20)
    assert Agreement.objects.filter(side="therapist").count() == 1
    assert AuditEvent.objects.filter(verb="goal in force").count() == 1
    assert in_force_is_agreed_by_both(goal)


def test_a_proposal_between_two_agreements_is_never_agreed_unread(both, cleo, thea):
    """Thea agrees to version 1 while Cleo proposes version 2: both orders are right."""
    for _ in range(5):
        goal = propose(cleo, cleo.user)
        read = GoalVersion.objects.get(goal=goal)

        def agree(g, read=read):
            version = GoalVersion.objects.select_related("goal").get(pk=read.pk)
            version.agree(by=thea)

        def change(g):
            g.propose_version({"own_words": "Take the train"}, by=cleo.user)

        failed = both(as_person(thea, goal, agree), as_person(cleo.user, goal, change))
        assert all(isinstance(error, Overtaken) for error in failed)
        assert in_force_is_agreed_by_both(goal)
        assert goal.latest.number == 2
        assert goal.in_force_id in (None, read.pk)


def test_two_proposals_at_once_get_two_numbers(both, cleo, thea):
    goal = propose(cleo, cleo.user)
    act = [
        as_person(
            who, goal, lambda g, w=who: g.propose_version({"own_words": w.name}, by=w)
        )
        for who in (thea, cleo.user) * 4
    ]
    assert not both(*act)
    numbers = GoalVersion.objects.filter(goal=goal).values_list("number", flat=True)
    assert sorted(numbers) == list(range(1, 10))
    assert in_force_is_agreed_by_both(goal)


@pytest.mark.requirement("R63")
def test_a_proposal_sent_twice_is_one_goal(both, cleo, thea):
    once = "01a20d98-d1d4-7270-aa5b-f86fb01ae49f"
    form = {"own_words": "Take the bus", "once": once}

    def press():
        browser = WebClient()
        browser.force_login(
            cleo.user, backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        assert browser.post("/portal/goals/add/", form).status_code in (200, 302)

    assert not both(*[press] * 6)
    assert Goal.objects.count() == 1


def agreed(client, therapist):
    goal = propose(client, client.user)
    as_person(therapist, goal, lambda g: g.latest.agree(by=therapist))()
    return goal


def test_an_agreement_withdrawn_while_the_other_side_agrees(both, cleo, thea):
    """Cleo withdraws while Thea agrees: in effect with both agreements, or not."""
    for _ in range(5):
        goal = propose(cleo, cleo.user)

        def back(g):
            g.latest.withdraw_key("Agreement withdrawn", by=cleo.user)

        failed = both(
            as_person(cleo.user, goal, back),
            as_person(thea, goal, lambda g: g.latest.agree(by=thea)),
        )
        assert all(isinstance(error, Overtaken) for error in failed)
        assert in_force_is_agreed_by_both(goal)
        standing = Agreement.objects.filter(version__goal=goal).not_withdrawn()
        assert not standing.filter(side="client").exists()
        assert goal.in_force_id is None


def test_both_withdraw_their_agreement_at_once(both, cleo, thea):
    for _ in range(5):
        goal = agreed(cleo, thea)
        act = [
            as_person(who, goal, lambda g, w=who: g.latest.withdraw_key("No", by=w))
            for who in (thea, cleo.user)
        ]
        assert not both(*act)
        assert in_force_is_agreed_by_both(goal)
        assert not Agreement.objects.filter(version__goal=goal).not_withdrawn().exists()
        assert goal.ended_as == "aside"


def test_both_answer_a_review_at_once_and_it_is_decided(both, cleo, thea):
    for _ in range(5):
        goal = agreed(cleo, thea)

        def answer(g, who):
            review = Review.begin(g, by=who)
            review.goal = g
            review.answer({"goal_fits": "yes", "choice": "reached"}, by=who)

        act = [
            as_person(who, goal, lambda g, w=who: answer(g, w))
            for who in (thea, cleo.user)
        ]
        assert not both(*act)
        goal.refresh_from_db()
        assert goal.ended_as == "reached"
        assert Review.objects.filter(goal=goal).count() == 1


def test_one_agreement_withdrawn_twenty_times_is_withdrawn_once(both, cleo, thea):
    goal = agreed(cleo, thea)
    press = as_person(
        thea, goal, lambda g: g.in_force and g.in_force.withdraw_key("No", by=thea)
    )
    assert not both(*[press] * 20)
    assert AuditEvent.objects.filter(verb="goal key withdrawn").count() == 1


def test_a_rating_while_a_session_is_logged_leaves_no_stale_question(both, cleo, thea):
    """Each action alone would ask, or not ask, whether the goal has stalled."""
    for _ in range(5):
        goal = agreed(cleo, thea)
        Goal.objects.filter(pk=goal.pk).update(in_force_at=now() - timedelta(weeks=12))
        for weeks in (3, 2, 1):
            hold(cleo, thea, days=-7 * weeks, body=None)
        coming = book(cleo, thea, at=now() - timedelta(minutes=1))

        def log(_goal, coming=coming):
            coming.log(take_away="", by=thea)

        failed = both(
            as_person(thea, goal, log),
            as_person(cleo.user, goal, lambda g: g.rate(4, by=cleo.user)),
        )
        assert not failed
        found = Signal.objects.open().filter(about=goal.pk).values_list("kind")
        assert not found


def test_actions_on_different_goals_of_one_client_do_not_deadlock(both, cleo, thea):
    goals = [agreed(cleo, thea) for _ in range(3)]

    def rate_all(who, order):
        def verb(_goal):
            for goal in order:
                found = Goal.objects.with_words().get(pk=goal.pk)
                found.rate(4, by=who)
                version = found.latest
                version.goal = found
                version.agree(by=who)

        return as_person(who, goals[0], verb)

    assert not both(rate_all(thea, goals), rate_all(cleo.user, goals[::-1]))
