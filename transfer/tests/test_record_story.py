"""What the page of a copy promises is on its paper, and a no is called a no."""

import pytest
from django.db import transaction

from database.identity import acting_as
from goals.tests.test_ratings_by_side import Written
from goals.tests.test_reviews import answer
from goals.tests.test_what_is_agreed import decide
from tests.cast import act, agree_practice, agreed_goal, propose
from transfer.export.pdf import Drawing, draw
from transfer.export.read import read_record

OTHER = {"own_words": "Six stops, alone"}


@pytest.fixture
def paper(cleo, thea):
    """`paper(person)`: the lines of the PDF that the person makes."""

    def lines(person):
        with acting_as(person.pk), transaction.atomic():
            record = read_record(cleo, person)
        assert draw(record).startswith(b"%PDF")
        written = Written()
        Drawing(written, record).all()
        return "\n".join(written.lines)

    return lines


def test_a_declined_wording_says_who_declined_it(cleo, thea, paper):
    goal = agreed_goal(cleo, thea)
    act(thea, goal, lambda g: g.propose_version(OTHER, by=thea))
    act(cleo.user, goal, lambda g: g.latest.decline("", by=cleo.user))
    closed = propose(cleo, thea, {"own_words": "Not mine"})
    act(cleo.user, closed, lambda g: g.latest.decline("", by=cleo.user))
    for person in (cleo.user, thea):
        said = paper(person)
        assert said.count("Declined by Cleo") == 2


def test_withdrawals_differences_and_reviews_are_on_paper(cleo, thea, paper):
    goal = agreed_goal(cleo, thea)
    decide(goal, "keep", cleo.user, thea)
    act(thea, goal, lambda g: g.propose_version(OTHER, by=thea))
    act(
        cleo.user,
        goal,
        lambda g: g.latest.differ("It is mine", "Two stops", by=cleo.user),
    )
    act(thea, goal, lambda g: g.latest.suggest_next("try", by=thea))
    act(cleo.user, goal, lambda g: g.in_force.withdraw_key("Too much", by=cleo.user))
    for person in (cleo.user, thea):
        said = paper(person)
        for words in (
            "Review decided: Keep it as it is",
            "Still the right goal? Yes; Chose: Keep it as it is",
            "Version 1: agreement withdrawn by Cleo",
            "Too much",
            "Cleo disagreed with the wording",
            "It is mine",
            "Two stops",
            "Thea suggested trying both for two weeks",
        ):
            assert words in said, words


def test_preferences_and_exercises_outside_a_session_are_on_paper(cleo, thea, paper):
    agree_practice(cleo, "Walk to the bridge", by=thea)
    said = paper(cleo.user)
    assert "Reminders of sessions: " in said and "Weekly email: " in said
    assert "Walk to the bridge" in said


def test_an_answer_that_the_other_side_may_not_read_is_not_on_its_paper(
    cleo, thea, paper
):
    goal = agreed_goal(cleo, thea)
    answer(goal, cleo.user, choice="keep", goal_words="I use it most")
    assert "I use it most" not in paper(thea)
