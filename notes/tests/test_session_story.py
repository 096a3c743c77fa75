"""Both sides read the same about a session: its ratings and its number."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from conftest import ten_seconds_pass
from database.identity import acting_as
from goals.models import Goal, GoalRating
from notes.models import ProgressNote
from tests.cast import act, agreed_goal, book, hold, page_at, pinned, tight

DAY = timedelta(days=1)


def read(browser, url):
    """The text of a page, without tags."""
    page = browser.get(url).content.decode()
    return " ".join(re.sub("<[^>]+>", " ", page).split())


def rate(goal, value, *, by, **said):
    with acting_as(by.pk), transaction.atomic():
        return GoalRating.give({goal: value}, by=by, **said)


def logged_late(browser, session, goal, value):
    """Rated on the session screen, days after the session."""
    url = f"/sessions/{session.pk}/"
    sent = {"act": "save", "format": "dap", "revision": "0", "part0": "She came."}
    answer = browser.post(url, {**sent, f"rating-{goal.pk}": str(value)})
    assert answer.status_code == 302, answer.content.decode()[-2000:]


def told(cleo, thea, sign_in, session):
    """From both pages: who rated on which day, and the number."""
    found = []
    urls = {thea: "/sessions/", cleo.user: "/portal/sessions/"}
    for person, url in urls.items():
        page = tight(page_at(sign_in(person), f"{url}{session.pk}/"))
        rows = re.findall(r"([LR]a[a-z ]*ted by [^<,]+).*?num\">(\d+)<", page)
        found.append([(who, int(value)) for who, value in rows])
    return found


def closed(session, thea):
    """With its note signed, so that Thea gets the read-only page."""
    with acting_as(thea.pk), transaction.atomic():
        note = ProgressNote.objects.get(session=session)
        assert note.sign(by=thea, base=note.revision)
    ten_seconds_pass()


def test_a_rating_entered_later_has_the_date_of_its_session(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    session = book(cleo, thea, at=timezone.now() - 15 * DAY)
    rate(goal, 9, by=thea, at=timezone.now() - 2 * DAY)
    logged_late(sign_in(thea), session, goal, 4)
    given = GoalRating.objects.get(session_id=session.pk)
    assert given.at == session.ends_at
    newest = GoalRating.objects.order_by("-at").first()
    assert newest.value == 9  # the goal's last rating is not that of an older session
    closed(session, thea)
    staff, portal = told(cleo, thea, sign_in, session)
    assert staff == [("Rated by you in this session", 4)]
    assert portal == [("Rated by Thea in this session", 4)]


def test_the_rating_entered_last_can_be_removed_whatever_its_date(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    session = book(cleo, thea, at=timezone.now() - 15 * DAY)
    rate(goal, 9, by=thea, at=timezone.now() - 2 * DAY)
    browser = sign_in(thea)
    logged_late(browser, session, goal, 4)
    slip = GoalRating.objects.get(session_id=session.pk)
    page = browser.get(f"/goals/{goal.pk}/").content.decode()
    assert f"/ratings/{slip.pk}/" in page and "You rated 4 in the session, " in page


def test_a_session_shows_each_sides_last_rating_before_its_end(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    session = hold(cleo, thea, at=timezone.now() - 7 * DAY)
    rate(goal, 2, by=cleo.user, at=session.starts_at - 3 * DAY)
    rate(goal, 3, by=cleo.user, at=session.starts_at - 2 * DAY)
    rate(goal, 5, by=thea, at=session.starts_at, session=session)
    rate(goal, 8, by=cleo.user, at=session.ends_at + timedelta(hours=1))
    staff, portal = told(cleo, thea, sign_in, session)
    assert staff == [("Last rated by Cleo", 3), ("Rated by you in this session", 5)]
    assert portal == [("Last rated by you", 3), ("Rated by Thea in this session", 5)]


def test_a_goal_closed_before_a_session_is_not_on_it(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    rate(goal, 6, by=thea, at=timezone.now() - 20 * DAY)
    Goal.objects.filter(pk=goal.pk).update(
        closed_at=timezone.now() - 10 * DAY, ended_as="aside"
    )
    session = hold(cleo, thea, at=timezone.now() - 7 * DAY)
    assert told(cleo, thea, sign_in, session) == [[], []]


@pytest.mark.parametrize("ended", ["miss", "cancel", "coming"])
def test_a_session_that_was_not_held_shows_no_ratings(cleo, thea, sign_in, ended):
    goal = agreed_goal(cleo, thea)
    days = 3 if ended == "coming" else -3
    session = book(cleo, thea, at=timezone.now() + days * DAY)
    rate(goal, 6, by=cleo.user, at=session.starts_at)
    if ended != "coming":
        with acting_as(thea.pk), transaction.atomic():
            assert getattr(session, ended)(by=thea)
        ten_seconds_pass()
    assert told(cleo, thea, sign_in, session) == [[], []]


def test_the_screen_of_an_old_session_shows_no_later_rating(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    session = book(cleo, thea, at=timezone.now() - 15 * DAY)
    rate(goal, 4, by=thea, at=session.starts_at - DAY)
    rate(goal, 9, by=thea, at=timezone.now() - 2 * DAY)
    page = read(sign_in(thea), f"/sessions/{session.pk}/")
    assert "No change, 4" in page and "No change, 9" not in page


def test_a_session_page_takes_as_many_queries_with_more_ratings(cleo, thea, sign_in):
    first = agreed_goal(cleo, thea)
    session = hold(cleo, thea, at=timezone.now() - 7 * DAY)
    rate(first, 5, by=thea, at=session.starts_at, session=session)
    pages = [
        (sign_in(thea), f"/sessions/{session.pk}/"),
        (sign_in(cleo.user), f"/portal/sessions/{session.pk}/"),
    ]
    before = [pinned(*page) for page in pages]
    for number in range(8):
        goal = agreed_goal(cleo, thea, content={"own_words": f"Goal {number}"})
        rate(goal, 5, by=cleo.user, at=session.starts_at)
        rate(goal, 6, by=thea, at=session.starts_at, session=session)
    assert [pinned(*page) for page in pages] == before


def test_missed_and_canceled_sessions_have_no_number(cleo, thea, sign_in):
    now, browser = timezone.now(), sign_in(thea)
    one = hold(cleo, thea, at=now - 20 * DAY)
    missed, canceled = (book(cleo, thea, at=now - n * DAY) for n in (15, 12))
    with acting_as(thea.pk), transaction.atomic():
        missed.miss(by=thea), canceled.cancel(by=thea)
    ten_seconds_pass()
    two = hold(cleo, thea, at=now - 5 * DAY)
    begun = book(cleo, thea, at=now - timedelta(minutes=5))
    coming = book(cleo, thea, at=now + 5 * DAY)
    for session, said in ((one, "Session 1 with Cleo"), (two, "Session 2 with Cleo")):
        for place in ("", "print/"):
            assert said in read(browser, f"/sessions/{session.pk}/{place}")
        assert said in read(browser, f"/sessions/{session.pk}/add/")
    assert "Session 3, " in read(browser, f"/sessions/{begun.pk}/")
    for session in (missed, canceled):
        page = read(browser, f"/sessions/{session.pk}/")
        assert "Session with Cleo" in page
        assert not re.search(r"Session \d", page)
    page = read(browser, f"/sessions/{coming.pk}/")
    assert not re.search(r"Session \d", page)


def rested(goal, *, by, since, until=None):
    """Set aside this many days ago; resumed `until` days ago, if given."""
    ended = {"closed_at": timezone.now() - since * DAY, "ended_as": "aside"}
    with acting_as(by.pk), transaction.atomic():
        goal._note("decided", by=by, choice="aside", at=ended["closed_at"])
        if until is not None:
            goal._note("taken_up", by=by, at=timezone.now() - until * DAY)
            return
    Goal.objects.filter(pk=goal.pk).update(**ended)


def test_a_goal_closed_during_a_session_is_not_on_it_after_resuming(
    cleo, thea, sign_in
):
    goal = agreed_goal(cleo, thea)
    rate(goal, 6, by=thea, at=timezone.now() - 20 * DAY)
    rested(goal, by=thea, since=10)
    session = hold(cleo, thea, at=timezone.now() - 7 * DAY)
    act(thea, goal, lambda found: found.take_up(by=thea))
    assert told(cleo, thea, sign_in, session) == [[], []]


def test_a_goal_resumed_before_a_session_or_set_aside_after_it_is_on_it(
    cleo, thea, sign_in
):
    goal = agreed_goal(cleo, thea)
    rate(goal, 6, by=thea, at=timezone.now() - 20 * DAY)
    rested(goal, by=thea, since=15, until=10)
    session = hold(cleo, thea, at=timezone.now() - 7 * DAY)
    on_it = [[("Last rated by you", 6)], [("Last rated by Thea", 6)]]
    assert told(cleo, thea, sign_in, session) == on_it
    rested(goal, by=thea, since=5)
    act(thea, goal, lambda found: found.take_up(by=thea))
    assert told(cleo, thea, sign_in, session) == on_it
