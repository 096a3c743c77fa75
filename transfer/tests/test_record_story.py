"""What the export page promises is in the PDF, and a refusal is called one."""

import csv
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from database.identity import acting_as
from goals.models import GoalRating
from goals.models.brought import import_goals
from goals.tests.test_ratings_by_side import Written
from goals.tests.test_reviews import answer
from goals.tests.test_what_is_agreed import decide, text
from tests.cast import act, agree_practice, agreed_goal, as_person, propose, rate
from transfer.export.files import as_csv
from transfer.export.pdf import Drawing, draw
from transfer.export.read import read_record
from ui import dates

OTHER = {"own_words": "Six stops, alone"}


@pytest.fixture
def paper(cleo, thea):
    """`paper(person)`: the lines of the PDF that the person exports."""

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


def test_withdrawals_differences_and_reviews_are_in_the_pdf(cleo, thea, paper):
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


def test_preferences_and_exercises_outside_a_session_are_in_the_pdf(cleo, thea, paper):
    agree_practice(cleo, "Walk to the bridge", by=thea)
    said = paper(cleo.user)
    assert "Reminders of sessions: " in said and "Weekly email: " in said
    assert "Walk to the bridge" in said


def test_an_answer_the_other_side_may_not_read_is_not_in_its_pdf(cleo, thea, paper):
    goal = agreed_goal(cleo, thea)
    answer(goal, cleo.user, choice="keep", goal_words="I use it most")
    assert "I use it most" not in paper(thea)


def table(cleo, person, name):
    """A CSV of the export, as a spreadsheet reads it."""
    with acting_as(person.pk), transaction.atomic():
        rows = read_record(cleo, person).tables[name]
    return [*csv.DictReader(as_csv(rows).lstrip("\ufeff").splitlines())]


def test_the_pdf_says_how_a_goal_ended_as_its_pages_do(cleo, thea, paper):
    no = propose(cleo, thea, {"own_words": "Not mine"})
    act(cleo.user, no, lambda g: g.latest.decline("", by=cleo.user))
    back = propose(cleo, thea, {"own_words": "Sleep through"})
    act(thea, back, lambda g: g.latest.withdraw_key("No", by=thea))
    reached, aside = (agreed_goal(cleo, thea) for _each in range(2))
    for goal, choice in ((reached, "reached"), (aside, "aside")):
        decide(goal, choice, cleo.user, thea)
    today = dates.with_year(thea.today())
    said = paper(thea)
    assert f"Declined {today}." in said and "of theirs" not in said
    assert f"Proposal withdrawn {today}." in said
    assert f"Reached {today}." in said and f"Set aside {today}." in said
    assert f"(withdrawn {today})" in said and "Proposal withdrawn" not in said.lower()


def test_a_withdrawn_rating_is_listed_and_counts_nowhere(cleo, thea, paper):
    goal = agreed_goal(cleo, thea)
    rate(goal, 3, by=thea)
    slip = rate(goal, 9, by=thea)
    with as_person(thea):
        assert slip.withdraw(by=thea)
    for person in (cleo.user, thea):
        said = paper(person)
        assert "Thea rated 9, then removed it" in said
        assert "Thea, 1 rating: 3" in said
    one, removed = table(cleo, thea, "ratings")
    assert (one["value"], one["removed_at"], one["removed_by"]) == ("3", "", "")
    assert (removed["value"], removed["removed_by"]) == ("9", "Thea")
    assert removed["removed_at"]


def test_imported_data_has_no_author_in_the_export(cleo, thea, paper, sign_in):
    day = timezone.now() - timedelta(days=21)
    with as_person(thea):
        [goal] = import_goals([(cleo, "Sleep through")], by=thea)
        GoalRating.import_many([(goal, 6, day, None), (goal, 4, day, None)], by=thea)
        assert goal.ratings.get(value=4).withdraw(by=thea)
    page = text(sign_in(thea).get(f"/goals/{goal.pk}/?all"))
    told = "Thea removed 4, which came from an imported list"
    assert told in page and "Thea rated" not in page
    said = paper(thea)
    assert told in said and "Thea rated" not in said and "suggestion" not in said
    assert "Version 1, from an imported list, " in said
    assert {row["by"] for row in table(cleo, thea, "ratings")} == {""}
    [version] = table(cleo, thea, "goal_versions")
    assert version["proposed_by"] == ""
    act(thea, goal, lambda g: g.propose_version(OTHER, by=thea))
    assert table(cleo, thea, "goal_versions")[1]["proposed_by"] == "Thea"
    assert "Version 2, by Thea, " in paper(thea)
