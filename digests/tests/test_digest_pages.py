"""The weekly page: Thea's, Cleo's, and nobody else's."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, User
from conftest import admit
from database.identity import acting_as
from digests.models import Digest
from digests.tests.conftest import HOUR, berlin, emails, on_calendar, send_at
from goals.models import Goal, GoalRating, Review
from goals.tests.test_what_is_agreed import text
from notes.models import ProgressNote
from tests.cast import act, agreed_goal, rate, signals_anew
from toolkit.models import Assignment

MONDAY = berlin(30, 8)
WORDS = "Take the bus into town on my own"


@pytest.fixture(autouse=True)
def monday(db):
    with time_machine.travel(MONDAY, tick=False):
        yield


def digest_of(person, period):
    return Digest.objects.get(recipient=person, period=period)


def goal_since(client, by, at, *ratings):
    """A goal that both agreed to then, and the client's ratings since."""
    goal = agreed_goal(client, by, content={"own_words": WORDS})
    Goal.objects.filter(pk=goal.pk).update(in_force_at=at)
    for when, value in ratings:
        rate(goal, value, by=client.user, at=when)
    return goal


def a_week_of(client, by):
    """A session held and logged, a rating that changed, an exercise answered."""
    session = on_calendar(client, by, berlin(24, 10), state="held")
    with acting_as(by.pk), transaction.atomic():
        ProgressNote(
            practice_id=client.practice_id,
            client=client,
            session=session,
            author=by,
            body="What was said",
        ).save()
    goal = goal_since(
        client, by, berlin(24, 11), (berlin(20, 9), 2), (berlin(25, 9), 5)
    )
    with acting_as(by.pk), transaction.atomic():
        practice = Assignment.agree(client, "Two stops, alone", by=by)
        practice.say("some", by=by, seen="")
    Assignment.objects.filter(pk=practice.pk).update(answered_at=berlin(26, 9))
    return goal


def proposed(client, by, words="Sleep through until five"):
    with acting_as(by.pk), transaction.atomic():
        return Goal.propose(client, {"own_words": words}, by=by)


def test_thea_sees_what_happened_what_changed_and_what_is_open(thea, cleo, sign_in):
    a_week_of(cleo, thea)
    proposed(cleo, cleo.user)
    send_at(MONDAY)
    page = sign_in(thea).get(reverse("digest-latest"), follow=True)
    text = page.content.decode()
    assert "Your week, " in text
    assert "Cleo Hart" in text
    assert WORDS in text
    assert "5, was 2" in text
    assert "Needs your agreement" in text
    assert "Proposed" in text
    assert "All are signed." not in text
    assert "Every client has a session booked." not in text
    assert AuditEvent.objects.filter(verb="opened digest").count() == 1
    looked = AuditEvent.objects.get(verb="opened digest")
    assert (looked.client_id, looked.object_id, looked.detail) == (None, None, {})


@pytest.mark.parametrize("asked", ["cleo", "thea"])
def test_a_week_mentions_a_withdrawn_agreement_beside_its_request(
    thea, cleo, sign_in, asked
):
    me, other = (cleo.user, thea) if asked == "cleo" else (thea, cleo.user)
    goal = agreed_goal(cleo, thea)
    act(other, goal, lambda g: g.propose_version({"own_words": "One stop"}, by=other))
    act(me, goal, lambda g: g.in_force.withdraw_key("Not now", by=me))
    send_at(MONDAY)
    week = "portal-digest-latest" if asked == "cleo" else "digest-latest"
    page = sign_in(me).get(reverse(week), follow=True).content.decode()
    asks = page.partition("Needs your agreement")[2].partition("</section>")[0]
    assert "The earlier agreement was withdrawn." in asks


def test_a_week_asks_nothing_of_a_discharged_client(thea, cleo, sign_in):
    proposed(cleo, thea)
    goal = agreed_goal(cleo, thea)
    Goal.objects.filter(pk=goal.pk).update(review_on=thea.today())
    signals_anew(cleo)
    with acting_as(thea.pk), transaction.atomic():
        Assignment.agree(cleo, "Two stops, alone", by=thea)
    send_at(MONDAY)
    week = Digest.objects.get(recipient=cleo.user)
    week = reverse("portal-digest", args=[week.pk])
    asks = ("Needs your agreement", "Goal reviews", "Exercises")
    page = sign_in(cleo.user).get(week).content.decode()
    assert [ask in page for ask in asks] == [True] * 3
    sign_in(thea).post(f"/clients/{cleo.pk}/discharge/")
    page = sign_in(cleo.user).get(week).content.decode()
    assert [ask in page for ask in asks] == [False] * 3


def test_more_links_to_the_week_if_there_is_or_will_be_one(thea, cleo, sign_in):
    more, latest = reverse("portal-more"), reverse("portal-digest-latest")
    browser = sign_in(cleo.user)
    page = browser.get(more).content.decode()
    assert f'<a class="name" href="{latest}">Your week</a>' in page
    send_at(MONDAY)
    sign_in(thea).post(f"/clients/{cleo.pk}/discharge/")
    page = browser.get(more).content.decode()
    assert f'<a class="name" href="{latest}">Your last week</a>' in page
    assert "It was made before therapy ended. No new ones are made." in page
    assert ">Your week</a>" not in page and "what needs an answer" not in page
    assert browser.get(latest, follow=True).status_code == 200
    Digest.objects.all().delete()
    assert latest not in browser.get(more).content.decode()


def test_a_quiet_week_says_so_kindly(thea, sign_in):
    send_at(MONDAY)
    text = sign_in(thea).get(reverse("digest-latest"), follow=True).content.decode()
    assert "No rating went up or down." in text
    assert "All are signed." in text


def test_before_the_first_week_the_page_says_when_it_comes(thea, cleo, sign_in):
    """Both joined after this week's was due."""
    User.objects.update(joined_at=timezone.now())
    for person, page, when in (
        (thea, "digest-latest", "Dec 7, 7:00 am"),
        (cleo.user, "portal-digest-latest", "Dec 6, 5:00 pm"),
    ):
        text = sign_in(person).get(reverse(page)).content.decode()
        assert when in text


def test_a_digest_planned_for_tomorrow_is_not_shown_today(thea, cleo, sign_in):
    send_at(MONDAY)
    with time_machine.travel(berlin(30, 8) + 6 * 24 * HOUR, tick=False):
        send_at(berlin(30, 8) + 6 * 24 * HOUR)
        coming = digest_of(thea, "2026-W50")
        assert sign_in(thea).get(coming.get_absolute_url()).status_code == 404
        latest = sign_in(thea).get(reverse("digest-latest"))
    assert latest.url == digest_of(thea, "2026-W49").get_absolute_url()


def test_the_week_before_is_one_click_away(thea, sign_in):
    send_at(berlin(23, 8), MONDAY)
    before, now = digest_of(thea, "2026-W48"), digest_of(thea, "2026-W49")
    text = sign_in(thea).get(now.get_absolute_url()).content.decode()
    assert before.get_absolute_url() in text
    assert (
        "Previous week"
        not in sign_in(thea).get(before.get_absolute_url()).content.decode()
    )


def test_nobody_opens_another_persons_week(thea, theo, ada, cleo, carl, sign_in):
    on_calendar(cleo, thea, berlin(30, 12))
    send_at(MONDAY)
    hers = digest_of(thea, "2026-W49").get_absolute_url()
    cleos = reverse("portal-digest", args=[digest_of(cleo.user, "2026-W48").pk])
    for stranger in (theo, ada, cleo.user, carl.user):
        assert sign_in(stranger).get(hers).status_code == 404
    for stranger in (theo, ada, thea, carl.user):
        assert sign_in(stranger).get(cleos).status_code == 404
    assert sign_in(thea).post(hers).status_code == 405


def test_theos_clients_are_not_in_theas_week(
    thea, theo, cleo, carl, in_berlin, sign_in
):
    in_berlin(theo, carl.user)
    a_week_of(carl, theo)
    send_at(MONDAY)
    text = sign_in(thea).get(reverse("digest-latest"), follow=True).content.decode()
    assert "Carl" not in text


FRAME = ("SAVEPOINT", "RELEASE")


def queries_of(browser, address):
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(address).status_code == 200
    return sum(not query["sql"].startswith(FRAME) for query in asked)


@pytest.mark.parametrize("clients", [1, 50])
def test_a_week_with_one_or_fifty_clients_takes_twelve_queries(thea, clients, sign_in):
    for number in range(clients):
        a_week_of(admit(f"Client{number}", by=thea), thea)
    send_at(MONDAY)
    address = digest_of(thea, "2026-W49").get_absolute_url()
    assert queries_of(sign_in(thea), address) == 11


def test_cleo_sees_upcoming_sessions_open_requests_and_her_ratings(thea, cleo, sign_in):
    a_week_of(cleo, thea)
    proposed(cleo, thea)
    on_calendar(cleo, thea, berlin(30, 14), place="Room 2")
    with acting_as(thea.pk), transaction.atomic():
        Assignment.agree(cleo, "Stand at the stop", by=thea)
    send_at(berlin(29, 17))
    page = sign_in(cleo.user).get(reverse("portal-digest-latest"), follow=True)
    text = page.content.decode()
    for words in (
        "With Thea, Room 2",
        "Sleep through until five",
        "Stand at the stop",
        WORDS,
        "<b>5</b>",
    ):
        assert words in text
    assert "What was said" not in text
    assert AuditEvent.objects.filter(verb="opened digest").count() == 1


def test_cleos_week_takes_few_queries(thea, cleo, sign_in):
    for _ in range(5):
        goal_since(cleo, thea, berlin(24, 11), (berlin(25, 9), 5))
    send_at(berlin(29, 17))
    address = reverse("portal-digest", args=[digest_of(cleo.user, "2026-W48").pk])
    assert GoalRating.objects.count() == 5
    assert queries_of(sign_in(cleo.user), address) <= 10


def test_a_past_week_counts_sessions_booked_for_the_week_after(thea, cleo, sign_in):
    a_week_of(cleo, thea)
    for day, state in ((27, "held"), (28, "missed"), (29, "cancelled")):
        on_calendar(cleo, thea, berlin(day, 10), state=state)
    digest = Digest.objects.create(
        practice=thea.practice,
        recipient=thea,
        starts_at=berlin(16, 0),
        ends_at=berlin(23, 0),
        period="2026-W47",
        made_at=berlin(23, 7),
    )
    page = sign_in(thea).get(reverse("digest", args=[digest.pk])).content.decode()
    after = page.partition("Booked for next week")[2]
    assert "<b>2</b>" in after[:60]  # of the 24th and 27th, and not the missed 28th
    assert "No session booked" in page
    assert "Cleo" in page.partition("No session booked")[2]


@pytest.mark.parametrize("person", ["thea", "cleo"])
def test_a_page_due_in_a_minute_is_not_announced_for_next_week(
    thea, cleo, sign_in, person
):
    me, url = (thea, "digest-latest") if person == "thea" else (
        cleo.user, "portal-digest-latest")  # fmt: skip
    browser = sign_in(me)
    User.objects.filter(pk=me.pk).update(joined_at=timezone.now())
    assert "comes" in text(browser.get(reverse(url)))
    joined = timezone.now() - timedelta(days=30)
    User.objects.filter(pk=me.pk).update(joined_at=joined)
    page = text(browser.get(reverse(url)))
    assert "comes" not in page
    assert (
        "Your first weekly summary is being prepared. It will be here in a few minutes."
    ) in page
    send_at(MONDAY)
    assert browser.get(reverse(url)).status_code == 302


# -- reviews for Cleo ----------------------------------------------------------------


def week_of(cleo, sign_in):
    page = sign_in(cleo.user).get(reverse("portal-digest-latest"), follow=True)
    return page.content.decode()


def with_review(goal, by):
    with acting_as(by.pk), transaction.atomic():
        mine = Goal.objects.select_related("client__user").get(pk=goal.pk)
        Review.begin(mine, by=by)


def answer_review(goal, person, choice):
    with acting_as(person.pk), transaction.atomic():
        mine = Goal.objects.select_related("client__user").get(pk=goal.pk)
        mine.review.goal = mine
        mine.review.answer({"goal_fits": "yes", "choice": choice}, by=person)


STARTED = "Your therapist started a goal review: add your answers"
TURN = "Goal review: your turn to choose what happens"


def test_a_review_waiting_for_cleo_is_in_her_week(thea, cleo, sign_in):
    goal = goal_since(cleo, thea, berlin(3, 9))
    with_review(goal, thea)
    send_at(berlin(29, 17))
    assert STARTED in week_of(cleo, sign_in)
    answer_review(goal, thea, "keep")
    answer_review(goal, cleo.user, "")
    page = week_of(cleo, sign_in)
    assert TURN in page and STARTED not in page
    answer_review(goal, cleo.user, "keep")
    page = week_of(cleo, sign_in)
    assert "Goal reviews" not in page


def test_a_due_review_is_in_cleos_week(thea, cleo, sign_in):
    goal = goal_since(cleo, thea, berlin(3, 9))
    Goal.objects.filter(pk=goal.pk).update(review_on=MONDAY.date())
    signals_anew(cleo)
    send_at(berlin(29, 17))
    assert "Goal review due" in week_of(cleo, sign_in)


@pytest.mark.parametrize("asks", [True, False])
def test_a_review_alone_is_reason_for_an_email(thea, cleo, asks):
    goal = goal_since(cleo, thea, berlin(3, 9))
    if asks:
        with_review(goal, thea)
    send_at(berlin(29, 17))
    assert emails("client-digest")[-1][0] == ("sent" if asks else "held")


def test_reviews_take_one_query_however_many(thea, cleo, sign_in):
    goal = goal_since(cleo, thea, berlin(3, 9))
    with_review(goal, thea)
    send_at(berlin(29, 17))
    address = reverse("portal-digest-latest")
    browser = sign_in(cleo.user)
    address = browser.get(address).url
    before = queries_of(browser, address)
    for _number in range(5):
        with_review(goal_since(cleo, thea, berlin(3, 9)), thea)
    assert queries_of(browser, address) == before
