"""Whatever people do, the stored signals equal those that a recompute makes."""

import random
from contextlib import suppress
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from appointments.models import TherapySession
from clients import signals
from clients.models import Client, ContactPreferences, Signal
from clients.record_access import opened
from conftest import as_role
from goals.models import (
    Comment,
    Goal,
    GoalRating,
    Overtaken,
    Review,
    Step,
    Strength,
)
from goals.models.brought import import_goals
from tests.cast import (
    act,
    agreed_goal,
    as_person,
    book,
    counted,
    hold,
    rate,
    read_goal,
)
from tests.cast import signals_anew as anew
from tests.cast import strength as propose_strength

COLUMNS = ("kind", "about", "side", "since", "due_on", "until", "until_opened")


def stored(client) -> list[tuple]:
    """With their ids: a recompute that finds nothing to change writes nothing."""
    rows = Signal.objects.filter(client=client).open().order_by("kind", "side", "about")
    return list(rows.values_list("pk", *COLUMNS))


def kinds(client) -> set[str]:
    return {kind for _pk, kind, *_rest in stored(client)}


# -- at random -------------------------------------------------------------------------


def version(name, *said):
    def verb(goal, by):
        goal.latest.goal = goal
        return getattr(goal.latest, name)(*said, by=by)

    return verb


def withdraw(goal, by):
    version = goal.in_force or goal.latest
    version.goal = goal
    return version.withdraw_key("No", by=by)


def begin(goal, by):
    return Review.begin(goal, by=by)


def answer(choice):
    def verb(goal, by):
        review = goal.review or Review.begin(goal, by=by)
        review.goal = goal
        return review.answer({"goal_fits": "yes", "choice": choice}, by=by)

    return verb


def rate_alike(goal, by):
    for _ in range(5):
        goal.rate(3, by=by)


def remove_rating(goal, by):
    mine = goal.ratings.not_withdrawn().filter(by=by).order_by("at").last()
    return mine and mine.withdraw(by=by)


def reach(goal, by):
    step = goal.steps.filter(reached_at=None).first() or Step.add(goal, "One", by=by)
    return step.reach(by=by)


def undo_step(goal, by):
    step = goal.steps.exclude(reached_at=None).first()
    return step and step.undo(by=by)


def comment(goal, by):
    return Comment.say(goal, "Ten is too far", by=by)


def talk_about(goal, by):
    said = goal.comments.filter(discussed_on=None).first()
    return said and said.talked_about(by.today(), "", by=by)


def open_page(goal, by):
    opened(goal, by)


VERBS = {
    "propose": lambda goal, by: goal.propose_version(
        {"own_words": "Two", "review_on": by.today()}, by=by
    ),
    "agree": version("agree"),
    "withdraw": withdraw,
    "decline": version("decline", "no"),
    "differ": version("differ", "no"),
    "talk": version("suggest_next", "talk"),
    "leave": version("suggest_next", "leave"),
    "begin": begin,
    "keep": answer("keep"),
    "change": answer("change"),
    "say nothing yet": answer(""),
    "reached": answer("reached"),
    "take up": lambda goal, by: goal.take_up(by=by),
    "keep a line": lambda goal, by: goal.keep_line("A line", by=by),
    "rate": lambda goal, by: goal.rate(7, by=by),
    "rate alike": rate_alike,
    "remove rating": remove_rating,
    "reach": reach,
    "undo step": undo_step,
    "comment": comment,
    "talking about": talk_about,
    "open": open_page,
}


def hers(cleo, verb):
    """Signals about Cleo that are not about one goal."""
    by = User.objects.get(pk=cleo.user_id)
    with as_person(by):
        if verb == "mark":
            preferences = ContactPreferences.objects.get(client=cleo)
            style = "quiet" if preferences.celebrates == "talk" else "talk"
            return preferences.set(by=by, celebrates=style)
        offered = Strength.objects.filter(side="therapist").first()
        if offered and verb == "answer strength":
            return offered.answer(True, by=by)
        if offered and verb == "unanswer strength":
            return offered.unanswer(by=by)


def about_cleo(cleo, thea, verb):
    if verb == "hold":
        return hold(cleo, thea, at=timezone.now() - timedelta(seconds=1), body=None)
    if verb == "offer":
        return propose_strength(cleo, by=thea)
    if verb in ("discharge", "readmit"):
        with as_person(thea):
            found = Client.objects.get(pk=cleo.pk)
            found.discharge(by=thea)
            if verb == "readmit":
                found.take_back(by=thea)
        return None
    return hers(cleo, verb)


def about_a_goal(goal, person, verb):
    by = User.objects.get(pk=person.pk)
    with suppress(Overtaken, ValidationError), transaction.atomic():
        act(by, goal, lambda found: verb(found, by))


MOMENTS = {
    "goals_goal": "created_at closed_at in_force_at differs_since",
    "goals_goalmove": "at",
    "goals_goalrating": "at",
    "goals_step": "reached_at",
    "goals_comment": "at",
    "goals_review": "opened_at client_at therapist_at",
    "goals_reviewanswer": "at",
    "goals_strength": "at",
    "appointments_therapysession": "starts_at ends_at",
    "accounts_auditevent": "at",
}


def a_week_passes():
    """Move everything that happened a week into the past, bypassing every trigger."""
    with as_role("postgres"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, columns in MOMENTS.items():
            earlier = [f"{c} = {c} - interval '7 days'" for c in columns.split()]
            cursor.execute(f"UPDATE {table} SET {', '.join(earlier)}")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


ABOUT_HER = [
    "hold", "offer", "mark", "answer strength", "unanswer strength", "discharge",
    "readmit",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_after_every_step_a_recompute_changes_nothing(cleo, thea, seed):
    pick = random.Random(seed)
    people = {"client": cleo.user, "therapist": thea}
    goals = [agreed_goal(cleo, thea) for _ in range(2)]
    steps = [*VERBS, *VERBS, *ABOUT_HER, "hold", "hold", "readmit", "week", "week"]
    for number in range(60):
        verb, person = pick.choice(steps), pick.choice([*people.values()])
        if verb == "week":
            a_week_passes()
            anew(cleo)
        elif verb in ABOUT_HER:
            about_cleo(cleo, thea, verb)
        elif not Client.objects.get(pk=cleo.pk).is_discharged:
            about_a_goal(pick.choice(goals), person, VERBS[verb])
        found = stored(cleo)
        anew(cleo)
        assert stored(cleo) == found, (number, verb)


# -- actions ---------------------------------------------------------------------------


# The client's lock, the facts by prepared query, expired and new signals.
MARKS = ("'client:", "EXECUTE kept_", "app.close_signals")


def extra(statements) -> list[str]:
    """The extra statements of an action for signals: a mark of each."""
    return [mark for sql in statements for mark in MARKS if mark in sql]


def test_an_action_takes_three_more_statements_however_many_goals(cleo, thea):
    goal = agreed_goal(cleo, thea)
    read_goal(goal, by=cleo.user)

    def of_a_rating():
        with as_person(cleo.user):
            found = Goal.objects.get(pk=goal.pk)
            with CaptureQueriesContext(connection) as queries:
                found.rate(4, by=cleo.user)
        return counted(queries)

    for _ in range(4):
        rate(goal, 4, by=cleo.user)
    before = of_a_rating()  # the fifth: a question is open now
    assert kinds(cleo) == {"flat"}
    assert extra(before) == [*MARKS]
    for _ in range(5):
        agreed_goal(cleo, thea, ratings=[5] * 5)
    assert len(of_a_rating()) == len(before)


def test_actions_in_one_transaction_update_the_signals_once(cleo, thea):
    goal = agreed_goal(cleo, thea)
    with as_person(thea), CaptureQueriesContext(connection) as queries:
        found = Goal.objects.get(pk=goal.pk)
        with signals.together(cleo.pk):
            for value in (1, 2, 3):
                found.rate(value, by=thea)
    assert sum("close_signals" in sql for sql in counted(queries)) == 1


def test_a_failed_action_leaves_no_signal(cleo, thea):
    goal = agreed_goal(cleo, thea)
    read_goal(goal, by=cleo.user)
    with pytest.raises(RuntimeError), as_person(cleo.user):
        found = Goal.objects.with_words().get(pk=goal.pk)
        found.in_force.goal = found
        found.in_force.withdraw_key("No", by=cleo.user)
        assert Signal.objects.open().exists() is False  # she can insert it, not read it
        raise RuntimeError
    assert kinds(cleo) == set()


def test_a_discharged_client_is_asked_nothing_until_readmitted(cleo, thea):
    goal = agreed_goal(cleo, thea)
    read_goal(goal, by=cleo.user)
    Goal.objects.filter(pk=goal.pk).update(review_on=thea.today())
    anew(cleo)
    assert kinds(cleo) == {"review"}
    found = Client.objects.get(pk=cleo.pk)
    with as_person(thea):
        found.discharge(by=thea)
    assert kinds(cleo) == set()
    with as_person(thea):
        found.take_back(by=thea)
    assert kinds(cleo) == {"review"}


@pytest.mark.parametrize("role", ["cairn_owner"])
def test_the_command_creates_missing_signals_and_closes_stale_ones(
    cleo, carl, thea, theo, role
):
    goals = [agreed_goal(cleo, thea), agreed_goal(carl, theo)]
    read_goal(goals[0], by=cleo.user)
    read_goal(goals[1], by=carl.user)
    Goal.objects.update(review_on=thea.today())
    Signal.objects.create(
        practice_id=cleo.practice_id, client=cleo, kind="said", about=goals[0].pk,
        side="client", since=timezone.now(),
    )  # fmt: skip
    for practice in ("elsewhere", thea.practice.slug):
        assert (kinds(cleo), kinds(carl)) == ({"said"}, set())
        with as_role(role):
            call_command("recompute_signals", practice=practice)
    assert (kinds(cleo), kinds(carl)) == ({"review"}, {"review"})
    before = stored(cleo) + stored(carl)
    with as_role(role):
        call_command("recompute_signals")
    assert stored(cleo) + stored(carl) == before


def test_a_session_that_is_held_counts_at_once(cleo, thea):
    goal = agreed_goal(cleo, thea)
    read_goal(goal, by=cleo.user)
    with as_person(cleo.user):
        Comment.say(goal, "Ten is too far", by=cleo.user)
    Comment.objects.update(at=timezone.now() - timedelta(days=20))
    hold(cleo, thea, days=-10)
    assert kinds(cleo) == set()
    coming = book(cleo, thea, days=-2)
    with as_person(thea):
        coming.log(take_away="", by=thea)
    assert kinds(cleo) == {"said"}


def test_an_import_asks_nothing(cleo, thea):
    """Nobody agreed to it yet, so the bulk imports open no signal."""
    held = [(cleo, timezone.now() - timedelta(days=7 * n)) for n in range(1, 6)]
    with as_person(thea):
        TherapySession.import_many(held, timedelta(minutes=50), by=thea)
        [goal] = import_goals([(cleo, "Sleep through")], by=thea)
        ratings = [(goal, 3, moment, None) for _client, moment in held]
        GoalRating.import_many(ratings, by=thea)
    anew(cleo)
    assert stored(cleo) == []


# -- actions not covered above ---------------------------------------------------------


def test_a_comment_is_activity_and_is_asked_about_until_discussed(cleo, thea):
    goal = agreed_goal(cleo, thea)
    for _ in range(4):
        a_week_passes()
        hold(cleo, thea, at=timezone.now() - timedelta(minutes=2), body=None)
    assert kinds(cleo) == {"still"}
    with as_person(cleo.user):
        said = Comment.say(goal, "Ten is too far", by=cleo.user)
    assert kinds(cleo) == {"comment"}
    read_goal(goal, by=thea)
    assert kinds(cleo) == set()
    for _ in range(2):
        a_week_passes()
        hold(cleo, thea, at=timezone.now() - timedelta(minutes=2), body=None)
    assert kinds(cleo) == {"said"}
    with as_person(thea):
        said.talked_about(thea.today(), "", by=thea)
    assert kinds(cleo) == set()


def test_a_celebration_preference_counts_from_the_moment_it_is_chosen(cleo, thea):
    goal = agreed_goal(cleo, thea)
    for person in (thea, cleo.user):
        act(person, goal, lambda found, by=person: answer("reached")(found, by))
    told = {"decided-reached"}
    assert kinds(cleo) == told
    for style, more in (("talk", {"reached"}), ("ritual", set())):
        with as_person(cleo.user):
            preferences = ContactPreferences.objects.get(client=cleo)
            preferences.set(by=cleo.user, celebrates=style)
        assert kinds(cleo) == told | more


@pytest.mark.parametrize("touch", [reach, rate_alike])
def test_a_step_or_a_rating_ends_the_question_about_a_stalled_goal(cleo, thea, touch):
    goal = agreed_goal(cleo, thea)
    for _ in range(4):
        a_week_passes()
        hold(cleo, thea, at=timezone.now() - timedelta(minutes=2), body=None)
    assert kinds(cleo) == {"still"}
    act(cleo.user, goal, lambda found: touch(found, cleo.user))
    assert "still" not in kinds(cleo)
    if touch is reach:
        act(cleo.user, goal, lambda found: undo_step(found, cleo.user))
        assert kinds(cleo) == {"still"}


def test_a_new_wording_ends_the_wish_to_talk_and_the_difference(cleo, thea):
    goal = agreed_goal(cleo, thea)
    propose = VERBS["propose"]
    act(thea, goal, lambda found: propose(found, thea))
    for verb in ("differ", "talk"):
        act(cleo.user, goal, lambda found, v=VERBS[verb]: v(found, cleo.user))
    assert {"talk-client", "differs"} <= kinds(cleo)
    act(thea, goal, lambda found: propose(found, thea))
    assert not {"talk-client", "differs"} & kinds(cleo)
