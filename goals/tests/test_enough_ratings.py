"""Enough ratings for a trend: on three days, by one side.

The rule is the same on every page of Cleo and Thea.
"""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from goals.models import GoalRating
from goals.recent_ratings import READ
from goals.tests.test_last_agreed import week_of
from goals.tests.test_one_name import paper
from goals.tests.test_what_is_agreed import text
from tests.cast import agreed_goal, as_person, book, page_at, propose, rate

SLEEP, PAINT = {"own_words": "Sleep through"}, {"own_words": "Paint again"}
MINUTE = timedelta(minutes=1)


def noon():
    """Yesterday at noon, so that a few minutes later is the same day."""
    day = timezone.localtime() - timedelta(days=1)
    return day.replace(hour=12, minute=0, second=0, microsecond=0)


def on_days(goal, by, *values, last=None):
    """One rating a day, the last one the day before yesterday."""
    begin = (last or noon() - timedelta(days=1)) - timedelta(days=len(values) - 1)
    for number, value in enumerate(values):
        rate(goal, value, by=by, at=begin + timedelta(days=number))


def at_once(goal, by, *values):
    for number, value in enumerate(values):
        rate(goal, value, by=by, at=noon() + number * MINUTE)


def give(goal, by, value, at):
    GoalRating.give({goal: value}, by=by, at=at)


def row_of_cleo(browser):
    """The caseload row; with a session booked, so that it says nothing else."""
    return browser.get("/caseload/").content.decode().split("<tbody>")[1]


@pytest.fixture(autouse=True)
def booked(cleo, thea):
    book(cleo, thea)


@pytest.fixture
def progress(cleo, thea, sign_in):
    """`progress()`: the goal progress page, as Cleo and as Thea read it."""

    def read():
        return (
            text(sign_in(cleo.user).get("/portal/progress/")),
            text(sign_in(thea).get(f"/clients/{cleo.pk}/progress/")),
        )

    return read


def test_one_new_rating_by_cleo_does_not_drop_a_goal(cleo, thea, progress):
    on_days(agreed_goal(cleo, thea), cleo.user, 2, 3, 5)
    sleep = agreed_goal(cleo, thea, content=SLEEP)
    on_days(sleep, thea, 3, 3, 4)
    before = progress()
    assert all("+2 points on average" in page for page in before)
    rate(sleep, 5, by=cleo.user, at=noon())
    mine, hers = progress()
    for page in (mine, hers):
        assert "+2 points on average" in page
        assert "Over 2 goals that were rated on at least three days." in page
    assert "From 3 to 4, rated by your therapist. Rated once by you: 5." in mine
    assert "From 3 to 4, rated by the therapist. Rated once by the client: 5." in hers
    assert "for 1 goal that you rated on fewer than three days, from" in mine
    assert "for 1 goal that the client rated on fewer than three days, from" in hers


def test_three_ratings_within_minutes_are_one_day_on_every_page(
    cleo, thea, sign_in, progress
):
    goal = agreed_goal(cleo, thea)
    at_once(goal, cleo.user, 6, 7, 8)
    for page in progress():
        assert "points on average" not in page and "From 6 to 8" not in page
        assert "on 1 day, the last time 8." in page
    for person, start in ((cleo.user, "/portal/goals/"), (thea, "/goals/")):
        page = text(sign_in(person).get(f"{start}{goal.pk}/"))
        assert "Too early to say" in page and "From 6 to 8" not in page
        assert "3 ratings on one day, the last one 8." in page
    for person, address in (
        (cleo.user, "/portal/journey/"),
        (thea, f"/clients/{cleo.pk}/journey/"),
    ):
        page = text(sign_in(person).get(address))
        assert "3 ratings, too early to say" in page and "from 6 to 8 of" not in page
    assert "Too early to say" in text(sign_in(thea).get(f"/clients/{cleo.pk}/"))
    assert "Too early to say" in row_of_cleo(sign_in(thea))
    assert "Too early for a trend" in text(sign_in(cleo.user).get("/portal/goals/"))


@pytest.mark.parametrize("days", [2, 3])
def test_the_last_rating_of_a_day_counts(cleo, thea, sign_in, progress, days):
    """9, later the same day 4: that day counts as 4."""
    goal = agreed_goal(cleo, thea)
    at_once(goal, cleo.user, 9, 4)
    for later in range(1, days):
        rate(goal, 4 + later, by=cleo.user, at=noon() + later * timedelta(hours=20))
    on_days(goal, cleo.user, *[2] * (3 - days), last=noon() - timedelta(days=1))
    enough = days + (3 - days) >= 3
    assert enough
    first = 2 if days == 2 else 4
    for page in progress():
        assert f"From {first} to {3 + days}, rated by" in page
        assert "From 9" not in page


@pytest.mark.parametrize("values", [(3, 4), (3,), (3, 4, 6)])
def test_all_pages_agree_on_when_there_are_enough_ratings(
    cleo, thea, sign_in, progress, values
):
    goal = agreed_goal(cleo, thea)
    on_days(goal, thea, *values)
    early = len(values) < 3
    for page in progress():
        assert ("points on average" in page) != early
        assert (f"From 3 to {values[-1]}, rated" in page) != early
    for address in (f"/goals/{goal.pk}/", f"/clients/{cleo.pk}/"):
        assert ("Too early to say" in text(sign_in(thea).get(address))) == early
    assert ("Too early to say" in row_of_cleo(sign_in(thea))) == early
    journey = text(sign_in(thea).get(f"/clients/{cleo.pk}/journey/"))
    assert ("too early to say" in journey) == early


def test_the_pdf_draws_a_line_from_three_days_on(cleo, thea):
    """Its axis is labeled 0, 5 and 10."""
    goal = agreed_goal(cleo, thea)
    on_days(goal, cleo.user, 3)
    at_once(goal, cleo.user, 6, 7)
    early = paper(cleo, thea)
    assert "Cleo, 3 ratings: 3 (" in early
    rate(goal, 8, by=cleo.user, at=noon() - timedelta(days=9))
    enough = paper(cleo, thea)
    assert "too early to say" in early and "too early to say" not in enough
    assert re.search(r"\b0\s+5\s+10\b", enough)
    assert not re.search(r"\b0\s+5\s+10\b", early)


def test_one_rating_by_cleo_does_not_hide_theas_trend(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    on_days(goal, thea, 3, 4, 5)
    rate(goal, 8, by=cleo.user, at=noon())
    page = text(sign_in(thea).get(f"/clients/{cleo.pk}/"))
    assert "Too early to say" not in page
    assert "Too early to say" not in row_of_cleo(sign_in(thea))


def test_a_goal_never_agreed_to_is_not_part_of_the_mean(cleo, thea, progress):
    paint = propose(cleo, thea, PAINT)
    on_days(paint, thea, 2, 4, 6)
    for page in progress():
        assert "points on average" not in page
        assert "Progress appears here once" in page
        assert "Never agreed by both, so not in the average." in page
    on_days(agreed_goal(cleo, thea), thea, 3, 3, 4)
    for page in progress():
        assert "+1 points on average" in page
        assert "1 was never agreed by both and is left out." in page


def test_a_goal_both_once_agreed_to_stays_in_the_mean(cleo, thea, progress):
    goal = agreed_goal(cleo, thea)
    on_days(goal, thea, 2, 4, 6)
    with as_person(cleo.user):
        goal.latest.withdraw_key("Not now", by=cleo.user)
    assert all("+4 points on average" in page for page in progress())


@pytest.mark.parametrize("person", ["cleo", "thea"])
def test_many_ratings_within_two_days_hide_no_earlier_day(cleo, thea, sign_in, person):
    """More ratings of a goal than a list reads."""
    by, goal = cleo.user if person == "cleo" else thea, agreed_goal(cleo, thea)
    on_days(goal, by, 2, 3)
    with as_person(by):
        for number in range(READ):
            give(goal, by, number % 10, noon() + number * MINUTE)
    mine = text(sign_in(cleo.user).get("/portal/goals/"))
    assert "Too early for a trend" not in mine
    browser = sign_in(thea)
    assert "Too early to say" not in row_of_cleo(browser)
    week = f"/portal/digest/{week_of(cleo.user).pk}/"
    for page in (browser.get("/caseload/"), sign_in(cleo.user).get("/portal/goals/"),
                 sign_in(cleo.user).get(week)):  # fmt: skip
        drawn = re.findall(r'class="spark".*?</svg>', page.content.decode(), re.S)
        assert not any('class="want"' in svg for svg in drawn)


def test_which_side_represents_a_goal_does_not_depend_on_how_many_are_read(
    cleo, thea, sign_in
):
    """Cleo rated on three days, and on the last one more often than a list reads."""
    goal = agreed_goal(cleo, thea)
    on_days(goal, thea, 7, 8, 9)
    on_days(goal, cleo.user, 2, 3)
    with as_person(cleo.user):
        for number in range(READ):
            give(goal, cleo.user, 4, noon() + number * MINUTE)
    assert '<b>4</b> <span class="by">client</span>' in row_of_cleo(sign_in(thea))


def test_a_withdrawn_rating_does_not_count_as_a_day(cleo, thea, progress):
    goal = agreed_goal(cleo, thea)
    on_days(goal, thea, 2, 4, 6)
    with as_person(thea):
        GoalRating.objects.get(value=4).withdraw(by=thea)
    for page in progress():
        assert "points on average" not in page


def test_a_short_period_does_not_hide_the_ratings_before_it(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    for ago, value in ((200, 2), (150, 3), (120, 4), (10, 6)):
        rate(goal, value, by=cleo.user, at=noon() - timedelta(days=ago))
    browser = sign_in(thea)
    short = page_at(browser, f"/clients/{cleo.pk}/journey/?since=quarter")
    assert "from 2 to 6 of 10, in 4 ratings." in short
    assert "1 rating in this time, the last one 6." in short
    assert "so far" not in short and "needs ratings on three days" not in short
    whole = page_at(browser, f"/clients/{cleo.pk}/journey/?since=all")
    assert "From 2 to 6 since" in whole and "in this time" not in whole
