"""Past records show a goal's wording of their day, not a later one."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from conftest import as_role
from database.identity import acting_as
from digests.models import Digest
from goals.models import Agreement, Goal, GoalRating, GoalVersion
from goals.wordings import Wordings
from overview.timeline_page import TimelinePage
from tests.cast import act, agreed_goal, book, hold, page_at

OLD, NEW = "Take the bus into town", "Take the tram to the sea"
DAYS = timedelta(days=1)


def days_ago(number):
    return timezone.now() - number * DAYS


@pytest.fixture
def told(cleo, thea):
    """Agreed 40 days ago; rated in a session 14 days ago; reworded today."""
    goal = agreed_goal(cleo, thea)
    with as_role("postgres"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
        GoalVersion.objects.update(proposed_at=days_ago(40))
        Agreement.objects.filter(side="client").update(at=days_ago(40))
        Agreement.objects.filter(side="therapist").update(at=days_ago(39))
        Goal.objects.update(created_at=days_ago(40), in_force_at=days_ago(39))
    session = hold(cleo, thea, at=days_ago(14))
    with acting_as(thea.pk), transaction.atomic():
        at = session.ends_at
        GoalRating.give({goal: 2}, by=thea, at=days_ago(30))
        GoalRating.give({goal: 6}, by=thea, session=session, at=at)
    for by in (thea, cleo.user):
        with acting_as(by.pk), transaction.atomic():
            mine = Goal.objects.with_words().get(pk=goal.pk)
            if by == thea:
                mine.propose_version({"own_words": NEW}, by=by)
            else:
                mine.latest.agree(by=by)
    return goal, session


def test_the_session_shows_the_wording_of_that_day_to_both(told, cleo, thea, sign_in):
    _goal, session = told
    for person, url in ((thea, ""), (cleo.user, "/portal")):
        said = page_at(sign_in(person), f"{url}/sessions/{session.pk}/")
        assert OLD in said
        assert NEW not in said


def test_a_wording_agreed_after_a_session_on_the_same_day_is_not_its_wording(
    told, cleo, thea, sign_in
):
    """Ratings and wording are those at one moment, the session's end."""
    goal, _earlier = told
    session = hold(cleo, thea, at=timezone.now() - timedelta(minutes=90))
    with acting_as(thea.pk), transaction.atomic():
        GoalRating.give({goal: 7}, by=thea, session=session, at=session.ends_at)
    for person, url in ((thea, ""), (cleo.user, "/portal")):
        said = page_at(sign_in(person), f"{url}/sessions/{session.pk}/")
        assert OLD in said and NEW not in said, url


def test_a_session_logged_later_has_the_wording_of_its_time(told, cleo, thea, sign_in):
    session = book(cleo, thea, at=timezone.now() - timedelta(minutes=90))
    said = page_at(sign_in(thea), f"/sessions/{session.pk}/")
    goals = said[said.index('class="goal-card"') : said.index('class="note"')]
    assert OLD in goals and NEW not in goals


def test_a_session_in_progress_has_the_current_wording(told, cleo, thea, sign_in):
    session = book(cleo, thea, at=timezone.now() - timedelta(minutes=10))
    said = page_at(sign_in(thea), f"/sessions/{session.pk}/")
    goals = said[said.index('class="goal-card"') : said.index('class="note"')]
    assert NEW in goals


def test_a_rating_stays_with_its_session_when_the_goal_is_closed(told, thea, sign_in):
    goal, session = told
    Goal.objects.filter(pk=goal.pk).update(closed_at=timezone.now(), ended_as="aside")
    said = page_at(sign_in(thea), f"/sessions/{session.pk}/")
    assert OLD in said and "Rated by you" in said


def test_the_timeline_shows_each_month_in_its_own_wording(told, cleo, thea, sign_in):
    for person, url in ((thea, f"/clients/{cleo.pk}/journey/"),
                        (thea, f"/clients/{cleo.pk}/journey/print/"),
                        (cleo.user, "/portal/journey/")):  # fmt: skip
        said = page_at(sign_in(person), url)
        lines = [part for part in said.split("<li>") if "Rated" in part]
        assert lines and all(OLD in line and NEW not in line for line in lines)


def test_a_past_week_shows_changes_in_its_own_wording(told, thea, sign_in):
    ends = days_ago(10)
    week = Digest.objects.create(
        practice=thea.practice,
        recipient=thea,
        starts_at=ends - 7 * DAYS,
        ends_at=ends,
        period="2026-W01",
        made_at=ends,
    )
    said = page_at(sign_in(thea), f"/digest/{week.pk}/")
    moved = said.split("What changed")[1]
    assert OLD in moved and NEW not in moved


def test_a_withdrawn_agreement_followed_by_another_agrees_nothing(cleo, thea, sign_in):
    with acting_as(cleo.user.pk), transaction.atomic():
        goal = Goal.propose(cleo, {"own_words": "One"}, by=cleo.user)
        goal.propose_version({"own_words": "Two"}, by=cleo.user)
    with acting_as(thea.pk), transaction.atomic():
        goal.latest.agree(by=thea)
    for by in (thea, cleo.user):
        with acting_as(by.pk), transaction.atomic():
            mine = Goal.objects.with_words().get(pk=goal.pk)
            mine.latest.withdraw_key("No", by=by)
    with acting_as(thea.pk):
        rows = Wordings.of([goal.pk], thea)
    assert [version.number for _at, version in rows.agreed[goal.pk]] == [2]
    assert rows.at(goal.pk, timezone.now()) == "Two"
    # imported, from before the goal existed
    assert rows.at(goal.pk, days_ago(100)) == "One"


# -- a declined or never agreed wording is not that day's ------------------------------


def withdraw_agreed(goal, by):
    def verb(found):
        version = found.in_force
        version.goal = found
        version.withdraw_key("No", by=by)

    act(by, goal, verb)


def clocks(goal, agreed, proposed):
    """Days ago: when version 1 was agreed and when version 2 was proposed."""
    with as_role("postgres"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for number, days in ((1, agreed), (2, proposed)):
            at = days_ago(days)
            rows = GoalVersion.objects.filter(goal=goal, number=number)
            rows.update(proposed_at=at)
            Agreement.objects.filter(version__goal=goal, version__number=number).update(
                at=at
            )
        Goal.objects.filter(in_force__number=1).update(in_force_at=days_ago(agreed))


@pytest.mark.parametrize(
    "ends",
    [
        lambda goal, cleo, thea: act(
            cleo, goal, lambda g: g.latest.decline("", by=cleo)
        ),
        lambda goal, cleo, thea: act(
            thea, goal, lambda g: g.latest.withdraw_key("No", by=thea)
        ),
    ],
    ids=["declined", "withdrawn"],
)
def test_after_a_failed_proposal_the_agreed_wording_is_that_days(cleo, thea, ends):
    goal = agreed_goal(cleo, thea)
    act(thea, goal, lambda g: g.propose_version({"own_words": NEW}, by=thea))
    ends(goal, cleo.user, thea)
    withdraw_agreed(goal, cleo.user)
    with acting_as(thea.pk):
        rows = Wordings.of([goal.pk], thea)
        assert rows.at(goal.pk, timezone.now()) == OLD
        shown = Goal.objects.with_words().get(pk=goal.pk).shown.own_words
        assert shown == OLD  # as on the goal's own page
        found = TimelinePage(cleo, thea, "")
        assert found.words_at(found.lines[goal.pk], timezone.now()) == OLD


def test_a_session_before_the_withdrawal_has_the_agreed_wording(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    act(thea, goal, lambda g: g.propose_version({"own_words": NEW}, by=thea))
    clocks(goal, agreed=40, proposed=20)
    session = hold(cleo, thea, at=days_ago(14))
    with acting_as(thea.pk), transaction.atomic():
        GoalRating.give({goal: 6}, by=thea, session=session, at=session.ends_at)
    withdraw_agreed(goal, cleo.user)
    for person, url in ((thea, ""), (cleo.user, "/portal")):
        said = page_at(sign_in(person), f"{url}/sessions/{session.pk}/")
        assert OLD in said and NEW not in said
