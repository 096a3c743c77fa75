"""Recent dates are words on every page: never "today" here and a date there."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from goals.tests.test_what_is_agreed import suggest, text
from tests.cast import act, add_step, agreed_goal, book, propose, rate
from ui import dates


@pytest.fixture
def today_and_yesterday(thea):
    days = [thea.today(), thea.today() - timedelta(days=1)]
    return [dates.short(day) for day in days]


def all_that_happens(cleo, thea):
    """A goal agreed, reworded, withdrawn, rated and given a step, all today."""
    goal = agreed_goal(cleo, thea)
    rate(goal, 4, by=cleo.user)
    given = rate(goal, 9, by=cleo.user)
    act(cleo.user, goal, lambda g: g.ratings.get(pk=given.pk).withdraw(by=cleo.user))
    step = add_step(goal, "Walk to the stop", by=cleo.user)
    act(cleo.user, goal, lambda g: g.steps.get(pk=step.pk).reach(by=cleo.user))
    suggest(goal, thea)
    act(cleo.user, goal, lambda g: g.latest.decline("No", by=cleo.user))
    suggest(goal, cleo.user)
    act(thea, goal, lambda g: g.in_force.withdraw_key("Not now", by=thea))
    return goal


def test_a_goals_page_says_today_for_everything_of_today(
    cleo, thea, sign_in, today_and_yesterday
):
    goal = all_that_happens(cleo, thea)
    for person, start in ((cleo.user, "/portal"), (thea, "")):
        page = sign_in(person).get(f"{start}/goals/{goal.pk}/").content.decode()
        page = page[page.index("<main") : page.index("</main>")]
        page = re.sub(r"<(svg|table).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
        page = " ".join(page.split())
        for day in today_and_yesterday:
            assert day not in page, page[page.index(day) - 80 :][:160]


def test_today_says_recent_dates_in_words(cleo, thea, sign_in, today_and_yesterday):
    propose(cleo, cleo.user)
    book(cleo, thea, at=timezone.now() - timedelta(hours=1, minutes=5))
    page = text(sign_in(thea).get("/today/"))
    waits = page[page.index("Suggested a goal wording") :]
    assert "Suggested a goal wording today" in waits
    for day in today_and_yesterday:
        assert day not in waits
