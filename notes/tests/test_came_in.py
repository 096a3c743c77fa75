"""What happened since the last session, and topics for the next one."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from appointments.models import TherapySession
from clients.models import ContactPreferences
from database.identity import acting_as
from goals.models import Comment, Goal, GoalRating, Review, Step
from tests.cast import agreed_goal, book, hold, pinned, signals_anew
from toolkit.models import Assignment

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def read(browser, url):
    answer = browser.get(url)
    assert answer.status_code == 200
    return " ".join(re.sub("<[^>]+>", " ", answer.content.decode()).split())


def as_(person, verb):
    with acting_as(person.pk), transaction.atomic():
        return verb()


def rate(goal, value, *, by, at):
    [given] = as_(by, lambda: GoalRating.give({goal: value}, by=by, at=at))
    return given


def step(goal, words, *, by, at):
    found = as_(by, lambda: Step.add(goal, words, by=by))
    as_(by, lambda: Step.objects.get(pk=found.pk).reach(by=by, at=at))
    return found


def exercise(cleo, thea, words, *, by, at):
    given = as_(thea, lambda: Assignment.agree(cleo, words, by=thea))
    as_(by, lambda: given.say("some", by=by, seen=""))
    Assignment.objects.filter(pk=given.pk).update(answered_at=at)
    return given


def comment(goal, words, *, by, at):
    said = as_(by, lambda: Comment.say(goal, words, by=by))
    Comment.objects.filter(pk=said.pk).update(at=at)


@pytest.fixture
def goal(cleo, thea):
    return agreed_goal(cleo, thea)


@pytest.fixture
def between(cleo, thea):
    """One session a week ago, the next begins now; three days ago is in between."""
    hold(cleo, thea, at=timezone.now() - 7 * DAY)
    session = book(cleo, thea, at=timezone.now() - timedelta(minutes=2))
    return session, timezone.now() - 3 * DAY


def pages(session, cleo, thea, sign_in):
    browser = sign_in(thea)
    screen = read(browser, f"/sessions/{session.pk}/")
    client = read(browser, f"/clients/{cleo.pk}/")
    screen = screen.partition("Since last session")[2].partition(" New goal ")[0]
    client = client.partition("Since last session")[2].partition("Sessions and")[0]
    return screen, client


def test_what_cleo_rated_reached_and_answered_is_listed(
    cleo, thea, goal, between, sign_in
):
    session, then = between
    rate(goal, 7, by=cleo.user, at=then)
    step(goal, "One stop alone", by=cleo.user, at=then)
    exercise(cleo, thea, "Breathe at the stop", by=cleo.user, at=then)
    for page in pages(session, cleo, thea, sign_in):
        assert "Cleo rated 7 of 10" in page
        assert "Step reached One stop alone" in page
        assert "Exercise: Did some Breathe at the stop" in page
    today = read(sign_in(thea), "/today/")
    assert "1 new rating by the client" in today
    assert "1 step reached" in today and "Logged an exercise" in today


@pytest.mark.parametrize("ended_as", ["reached", "aside"])
def test_what_cleo_did_for_a_goal_closed_meanwhile_is_listed_too(
    cleo, thea, goal, between, sign_in, ended_as
):
    session, then = between
    before = agreed_goal(cleo, thea, content={"own_words": "Closed long ago"})
    rate(before, 2, by=cleo.user, at=then - 14 * DAY)
    rate(goal, 6, by=cleo.user, at=then - HOUR)
    rate(goal, 7, by=cleo.user, at=then)
    step(goal, "One stop alone", by=cleo.user, at=then)
    step(goal, "Written down by Thea", by=thea, at=then)
    rows = Goal.objects.filter(pk__in=[goal.pk, before.pk])
    rows.update(closed_at=then + DAY, ended_as=ended_as, waits_for="")
    Goal.objects.filter(pk=before.pk).update(closed_at=then - 10 * DAY)
    for page in pages(session, cleo, thea, sign_in):
        assert page.count("Cleo rated") == 1, page
        assert "Cleo rated 7 of 10 Take the bus into town" in page
        assert "Step reached One stop alone" in page
        assert "Written down by Thea" not in page
    client = read(sign_in(thea), f"/clients/{cleo.pk}/")
    assert "No open goals." in client


def test_what_happened_before_the_last_session_is_not_listed(
    cleo, thea, goal, between, sign_in
):
    session, _then = between
    before = timezone.now() - 9 * DAY
    rate(goal, 7, by=cleo.user, at=before)
    # During the session.
    rate(goal, 8, by=cleo.user, at=timezone.now() - 7 * DAY + HOUR / 4)
    step(goal, "One stop alone", by=cleo.user, at=before)
    exercise(cleo, thea, "Breathe at the stop", by=cleo.user, at=before)
    screen, client = pages(session, cleo, thea, sign_in)
    assert not screen and "Nothing new." in client
    today = read(sign_in(thea), "/today/")
    assert "by the client" not in today and "step reached" not in today
    assert "Logged an exercise" not in today


def test_what_thea_entered_herself_is_not_news(cleo, thea, goal, between, sign_in):
    session, then = between
    rate(goal, 7, by=thea, at=then)
    step(goal, "One stop alone", by=thea, at=then)
    exercise(cleo, thea, "Breathe at the stop", by=thea, at=then)
    screen, client = pages(session, cleo, thea, sign_in)
    assert not screen
    assert "rated 7" not in client and "Exercise" not in client
    today = read(sign_in(thea), "/today/")
    assert "by the client" not in today and "step reached" not in today
    assert "Logged an exercise" not in today


def test_a_withdrawn_rating_is_not_listed(cleo, thea, goal, between, sign_in):
    session, then = between
    rate(goal, 4, by=cleo.user, at=then)
    slip = rate(goal, 9, by=cleo.user, at=then + HOUR)
    as_(cleo.user, lambda: slip.withdraw(by=cleo.user))
    reached = step(goal, "One stop alone", by=cleo.user, at=then)
    as_(cleo.user, lambda: Step.objects.get(pk=reached.pk).undo(by=cleo.user))
    other = as_(
        cleo.user,
        lambda: Goal.propose(cleo, {"own_words": "Sleep through"}, by=cleo.user),
    )
    screen, client = pages(session, cleo, thea, sign_in)
    for page in (screen, client):
        assert "Sleep through" in page
        assert "Cleo rated 4 of 10" in page and "9 of 10" not in page
        assert "One stop alone" not in page
    as_(cleo.user, lambda: other.latest.withdraw_key("No", by=cleo.user))
    for page in pages(session, cleo, thea, sign_in):
        assert "Sleep through" not in page
    only = GoalRating.objects.not_withdrawn().get(value=4)
    as_(cleo.user, lambda: only.withdraw(by=cleo.user))
    screen, client = pages(session, cleo, thea, sign_in)
    assert not screen and "Nothing new." in client


def test_a_withdrawn_agreement_is_listed_until_it_is_given_again(
    cleo, thea, goal, between, sign_in
):
    session, _then = between
    mine = Goal.objects.with_words().get(pk=goal.pk)
    as_(cleo.user, lambda: mine.in_force.withdraw_key("Not now", by=cleo.user))
    line = "Not in effect: an agreement was withdrawn."
    for page in pages(session, cleo, thea, sign_in):
        assert page.count(line) == 1
    mine = Goal.objects.with_words().get(pk=goal.pk)
    as_(cleo.user, lambda: mine.latest.agree(by=cleo.user))
    for page in pages(session, cleo, thea, sign_in):
        assert line not in page


def test_an_old_session_shows_nothing_after_it(cleo, thea, goal, sign_in):
    old = book(cleo, thea, at=timezone.now() - 5 * DAY)
    rate(goal, 7, by=cleo.user, at=timezone.now() - 2 * DAY)
    step(goal, "One stop alone", by=cleo.user, at=timezone.now() - 2 * DAY)
    exercise(cleo, thea, "Breathe", by=cleo.user, at=timezone.now() - 2 * DAY)
    page = read(sign_in(thea), f"/sessions/{old.pk}/")
    assert "Since last session" not in page


def test_the_pages_take_as_many_queries_with_more_news(
    cleo, thea, goal, between, sign_in
):
    session, then = between
    browser = sign_in(thea)
    urls = [f"/sessions/{session.pk}/", f"/clients/{cleo.pk}/", "/today/"]

    def more(number):
        mine = agreed_goal(cleo, thea, content={"own_words": f"Goal {number}"})
        rate(mine, 7, by=cleo.user, at=then)
        step(mine, f"Step {number}", by=cleo.user, at=then)
        exercise(cleo, thea, f"Exercise {number}", by=cleo.user, at=then)

    more(0)
    before = [pinned(browser, url) for url in urls]
    for number in range(1, 6):
        more(number)
    assert [pinned(browser, url) for url in urls] == before


# -- topics for the next session -------------------------------------------------------


def reached(goal, cleo, thea):
    """Both choose "reached" in its review."""
    review = as_(thea, lambda: Review.begin(seen_by(thea, goal), by=thea))
    for by in (thea, cleo.user):
        review = Review.objects.get(pk=review.pk)
        review.goal = seen_by(by, goal)
        said = {"goal_fits": "yes", "choice": "reached"}
        as_(by, lambda one=review, by=by, said=said: one.answer(said, by=by))


def seen_by(person, goal):
    with acting_as(person.pk):
        rows = Goal.objects.visible_to(person).with_words()
        return rows.select_related("client__user").get(pk=goal.pk)


REACHED_STAFF = "Goal reached. The client prefers to talk about it."
REACHED_PORTAL = "Goal reached: to talk about at your next session"


@pytest.mark.parametrize("style", ContactPreferences.Celebrates.values)
def test_a_reached_goal_is_a_topic_of_the_next_session(
    cleo, thea, goal, sign_in, style
):
    hold(cleo, thea, at=timezone.now() - 7 * DAY)
    coming, after = (book(cleo, thea, at=timezone.now() + n * DAY) for n in (2, 9))
    ContactPreferences.objects.filter(client=cleo).update(celebrates=style)
    reached(goal, cleo, thea)
    theas, cleos = sign_in(thea), sign_in(cleo.user)
    talked = style == "talk"
    assert (REACHED_STAFF in read(theas, f"/sessions/{coming.pk}/")) is talked
    assert (REACHED_STAFF in read(theas, f"/clients/{cleo.pk}/")) is talked
    page = read(cleos, f"/portal/sessions/{coming.pk}/")
    assert (REACHED_PORTAL in page) is talked
    assert ("Take the bus into town" in page) is talked
    assert REACHED_STAFF not in read(theas, f"/sessions/{after.pk}/")
    assert REACHED_PORTAL not in read(cleos, f"/portal/sessions/{after.pk}/")
    # After that session it no longer is.
    with acting_as(thea.pk), transaction.atomic():
        now = timezone.now()
        rows = TherapySession.objects.filter(pk=coming.pk)
        rows.update(state="held", starts_at=now, ends_at=now + timedelta(minutes=1))
    signals_anew(cleo)
    assert REACHED_STAFF not in read(theas, f"/clients/{cleo.pk}/")
    assert REACHED_STAFF not in read(theas, f"/sessions/{after.pk}/")
    assert REACHED_PORTAL not in read(cleos, f"/portal/sessions/{after.pk}/")


@pytest.mark.parametrize("who", ["client", "therapist", "both"])
def test_a_topic_is_on_the_page_of_the_next_session(cleo, thea, goal, sign_in, who):
    coming = book(cleo, thea, at=timezone.now() + 2 * DAY)
    as_(
        thea,
        lambda: seen_by(thea, goal).propose_version({"own_words": "One stop"}, by=thea),
    )
    mine = seen_by(cleo.user, goal)
    as_(cleo.user, lambda: mine.latest.differ("Town", by=cleo.user))
    people = {"client": [cleo.user], "therapist": [thea]}
    for by in people.get(who, [cleo.user, thea]):
        mine = seen_by(by, goal)
        as_(by, lambda mine=mine, by=by: mine.latest.suggest_next("talk", by=by))
    staff = {"client": "The client wants to talk about", "therapist": "To talk about:"}
    portal = {"client": "You want", "therapist": "Your therapist wants"}
    page = read(sign_in(thea), f"/sessions/{coming.pk}/")
    begins = staff.get(who, "You both want to talk about")
    assert f"{begins} a goal you see differently." in page
    assert "You each see this goal differently. One stop Read" not in page
    page = read(sign_in(cleo.user), f"/portal/sessions/{coming.pk}/")
    begins = portal.get(who, "You both want")
    assert f"{begins} to talk about this at your next session" in page


def test_topics_take_as_many_queries_however_many(cleo, thea, sign_in):
    coming = book(cleo, thea, at=timezone.now() + 2 * DAY)
    ContactPreferences.objects.filter(client=cleo).update(celebrates="talk")
    theas = (sign_in(thea), f"/sessions/{coming.pk}/")
    cleos = (sign_in(cleo.user), f"/portal/sessions/{coming.pk}/")

    def more(number):
        goal = agreed_goal(cleo, thea, content={"own_words": f"Goal {number}"})
        reached(goal, cleo, thea)

    more(0)
    before = pinned(*theas), pinned(*cleos)
    for number in range(1, 6):
        more(number)
    assert (pinned(*theas), pinned(*cleos)) == before


def test_a_goal_reached_without_steps_has_no_empty_section(cleo, thea, goal, sign_in):
    reached(goal, cleo, thea)
    for person, start in ((thea, "/goals"), (cleo.user, "/portal/goals")):
        page = sign_in(person).get(f"{start}/{goal.pk}/reached/").content.decode()
        assert "What helped" not in page and "Celebrating progress" in page


def test_a_goal_reached_by_steps_says_what_helped(cleo, thea, goal, sign_in):
    step(goal, "One stop alone", by=cleo.user, at=timezone.now())
    reached(goal, cleo, thea)
    for person, start in ((thea, "/goals"), (cleo.user, "/portal/goals")):
        page = read(sign_in(person), f"{start}/{goal.pk}/reached/")
        assert "One stop alone" in page.partition("What helped")[2]


def test_cleos_comment_on_a_goal_is_listed_and_theas_is_not(
    goal, between, cleo, thea, sign_in
):
    session, at = between
    comment(goal, "I dread the silence", by=cleo.user, at=at)
    comment(goal, "Said long before", by=cleo.user, at=at - 30 * DAY)
    comment(goal, "Her own remark", by=thea, at=at)
    browser = sign_in(thea)
    page = read(browser, f"/sessions/{session.pk}/")
    assert page.count("Cleo commented on a goal I dread the silence") == 1
    assert "Said long before" not in page and "Her own remark" not in page
    page = read(browser, f"/clients/{cleo.pk}/")
    assert page.count(f"Cleo commented on a goal {goal.shown.own_words}") == 1


def test_a_comment_before_the_last_session_or_by_thea_is_not_news(
    goal, between, cleo, thea, sign_in
):
    session, at = between
    comment(goal, "Said long before", by=cleo.user, at=at - 30 * DAY)
    comment(goal, "Her own remark", by=thea, at=at)
    browser = sign_in(thea)
    for url in (f"/sessions/{session.pk}/", f"/clients/{cleo.pk}/"):
        assert "commented on a goal" not in read(browser, url)
