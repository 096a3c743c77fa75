"""Cleo and Thea read the same about a goal: whose rating, whose action, its status."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from clients.models import ContactPreferences
from database.identity import acting_as
from goals.models import Goal, GoalScore, Review
from goals.models.content import PART
from goals.tests.test_ratings_by_side import text
from tests.cast import BUS, agreed_goal

DAY = timedelta(days=1)


@pytest.fixture
def goal(cleo, thea):
    return agreed_goal(cleo, thea)


def fresh(goal) -> Goal:
    rows = Goal.objects.select_related("client__user", "latest", "in_force", "review")
    mine = rows.get(pk=goal.pk)
    for version in (mine.latest, mine.in_force):
        if version:
            version.goal = mine
    return mine


@pytest.fixture
def act(goal):
    """`act(person, what)`: call `what` on the current goal."""

    def done(person, what):
        with acting_as(person.pk), transaction.atomic():
            return what(fresh(goal), person)

    return done


@pytest.fixture
def pages(goal, sign_in, cleo, thea):
    """`pages("review/")`: that page as Cleo and as Thea read it."""

    def read(end=""):
        mine = sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/{end}")
        hers = sign_in(thea).get(f"/goals/{goal.pk}/{end}")
        return text(mine), text(hers)

    return read


# -- importance and confidence --------------------------------------------------------


@pytest.fixture
def both_said(act, cleo, thea):
    for person, kind, value in (
        (cleo.user, "importance", 9),
        (thea, "importance", 5),
        (cleo.user, "confidence", 7),
        (thea, "confidence", 2),
    ):
        act(person, lambda g, by, k=kind, v=value: GoalScore.give(g, k, v, by=by))


def test_importance_is_shown_for_both_sides_with_names(both_said, pages):
    for page in pages():
        assert "How important: 9 Cleo, today" in page
        assert "How important: 5 Thea, today" in page
        assert "How confident: 7 Cleo, today" in page
        assert "How confident: 2 Thea, today" in page


def test_last_time_shows_the_readers_own_sides_importance(both_said, pages):
    cleos, theas = pages("numbers/")
    assert re.findall(r"(\d+) \(last time\)", cleos) == ["9", "7"]
    assert re.findall(r"(\d+) \(last time\)", theas) == ["5", "2"]


def test_thea_is_asked_how_important_it_is_to_cleo(pages):
    cleos, theas = pages("numbers/")
    assert "How important is it to you?" in cleos
    assert "How important is it to Cleo, as you see it?" in theas
    assert "important is it to you" not in theas


def test_each_side_is_named_at_its_level_of_the_scale(goal, act, pages, cleo, thea):
    levels = PART.join(f"Level {n}" for n in range(5))
    said = {"own_words": "The bus", "attainment": levels}
    act(thea, lambda g, by: g.propose_version(said, by=by))
    act(cleo.user, lambda g, by: g.latest.agree(by=by))
    act(cleo.user, lambda g, by: GoalScore.give(g, "attainment", 1, by=by))
    act(thea, lambda g, by: GoalScore.give(g, "attainment", -1, by=by))
    for page in pages():
        assert re.search(r"Level 3 Cleo, today", page)
        assert re.search(r"Level 1 Thea, today", page)


# -- the review -----------------------------------------------------------------------


def test_the_review_that_cleo_started_is_hers_on_theas_page(act, pages, cleo, thea):
    act(cleo.user, lambda g, by: Review.begin(g, by=by))
    cleos, theas = pages()
    assert "The review you started" in cleos
    assert "Cleo’s review" in theas
    assert "you started" not in theas


# -- the history ----------------------------------------------------------------------


def history(page):
    return re.split("History|History", page)[-1]


def withdraw(g, by):
    g.latest.withdraw_key("Too much", by=by)


def test_the_history_shows_a_withdrawn_agreement(act, pages, cleo, thea):
    act(cleo.user, withdraw)
    cleos, theas = map(history, pages())
    assert "Agreed by you: today" in cleos
    assert re.search(r"Agreed by you: today, \d+:\d\d [ap]m, withdrawn today", cleos)
    assert re.search(r"Agreed by Cleo: today, \d+:\d\d [ap]m, withdrawn today", theas)
    assert cleos.count("withdrawn") == theas.count("withdrawn") == 2


@pytest.mark.parametrize("choice", ["aside", "reached"])
def test_no_version_of_an_ended_goal_is_in_effect(act, pages, cleo, thea, choice):
    for page in map(history, pages()):
        assert "Version 1, in effect" in page
    review = act(cleo.user, lambda g, by: Review.begin(g, by=by))
    for person in (cleo.user, thea):
        act(
            person,
            lambda g, by: (
                Review.objects.select_related("goal")
                .get(pk=review.pk)
                .answer({"choice": choice}, by=by)
            ),
        )
    for page in map(history, pages()):
        assert "in force" not in page
        assert "Version 1, in effect until" in page


# -- the timeline ---------------------------------------------------------------------


@pytest.fixture
def journeys(cleo, sign_in, thea):
    """`journeys()`: the full timeline, as Cleo reads and prints it and as Thea does."""

    def read():
        mine = sign_in(cleo.user).get("/portal/journey/")
        hers = sign_in(thea).get(f"/clients/{cleo.pk}/journey/")
        return text(mine), text(hers)

    return read


def agree(g, by):
    g.latest.agree(by=by)


def test_agreeing_to_the_same_wording_again_is_not_called_new(act, journeys, cleo):
    act(cleo.user, withdraw)
    for page in journeys():
        assert "Agreement to a goal withdrawn" in page
        assert "Not in effect: an agreement was withdrawn. First agreed " in page
    act(cleo.user, agree)
    for page in journeys():
        assert "Goal agreed again by both" in page
        assert "New goal wording" not in page
        assert "Not in effect" not in page


def test_the_same_wording_with_another_detail_is_not_called_new(
    act, journeys, cleo, thea
):
    same = BUS | {"why": "It is my town"}
    act(thea, lambda g, by: g.propose_version(same, by=by))
    for page in journeys():
        assert "A new wording is proposed." in page
    act(cleo.user, agree)
    for page in journeys():
        assert "Goal details changed by both" in page
        assert "New goal wording" not in page
    act(thea, lambda g, by: g.propose_version(BUS | {"own_words": "Two"}, by=by))
    act(cleo.user, agree)
    for page in journeys():
        assert "New goal wording agreed by both Two" in page
        assert "First agreed " in page


def test_the_timeline_says_how_a_goal_ended(act, journeys, cleo, thea):
    act(cleo.user, withdraw)
    act(thea, withdraw)
    for page in journeys():
        assert re.search(r"Set aside \w+ \d+", page)
        assert "not agreed yet" not in page
        assert "Closed" not in page


def test_a_goal_seen_differently_is_not_called_proposed(cleo, journeys, thea):
    with acting_as(thea.pk), transaction.atomic():
        mine = Goal.propose(cleo, {"own_words": "Sleep"}, by=thea)
        mine.latest.goal = mine
        mine.latest.differ("It is enough", by=thea)
    for page in journeys():
        assert "You each see this goal differently." in page
        assert "Proposed, not agreed yet" not in page


# -- both wordings --------------------------------------------------------------------


def test_both_wordings_show_why_the_goal_matters_and_to_whom(act, pages, cleo, thea):
    mine = BUS | {"why": "My town is there"}
    act(cleo.user, lambda g, by: g.propose_version(mine, by=by))
    act(thea, agree)
    hers = {"own_words": "One stop", "clinical_words": "Graded exposure"}
    act(thea, lambda g, by: g.propose_version(hers, by=by))
    act(cleo.user, lambda g, by: g.latest.differ("Not one stop alone", by=by))
    for page, theas in zip(
        pages("differ/"), ("Thea’s wording", "Your wording"), strict=True
    ):
        assert f"{theas} One stop In the therapist’s words Graded exposure" in page
        assert "In your words" not in page
        assert "Not one stop alone" in page


def test_a_stated_reason_is_not_called_missing(act, pages, cleo, thea):
    mine = BUS | {"why": "My town is there"}
    act(cleo.user, lambda g, by: g.propose_version(mine, by=by))
    act(thea, lambda g, by: g.latest.differ("It is far", by=by))
    for page in pages("differ/"):
        assert "Why it matters My town is there" in page
        assert "to Cleo in it is not said yet" not in page
        assert "said what matters to you about it" not in page


# -- a reached goal -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "mine", "hers"),
    [
        ("talk", "You chose to talk about it", "would like to talk about it"),
        ("nobody", "You asked that no one bring it up", "The client asked that no one"),
        ("ritual", "You chose a small ritual", "The client chose a small ritual"),
        ("quiet", "Quietly: only this note", "Quietly: only this note"),
    ],
)
def test_thea_reads_only_the_celebration_preference_that_cleo_chose(
    cleo, goal, pages, style, mine, hers
):
    ContactPreferences.objects.filter(client=cleo).update(celebrates=style)
    Goal.objects.update(closed_at=timezone.now(), ended_as="reached")
    cleos, theas = pages("reached/")
    assert mine in cleos and hers in theas
    assert "would like it left at that" not in theas
