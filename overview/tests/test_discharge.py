"""Cleo is discharged: she can read for a while, and can be readmitted."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from appointments.models import TherapySession
from clients.models import Client
from database.identity import acting_as
from digests.plan import plan
from goals.models import Goal, GoalRating, Step
from goals.tests.test_same_story import seen_differently
from tests.cast import agreed_goal, book, hold, page_at, propose, wish
from toolkit.models import Assignment
from ui import dates


@pytest.fixture
def goal(cleo, thea):
    return agreed_goal(cleo, thea, ratings=[4])


def discharge(browser, client, **said):
    return browser.post(f"/clients/{client.pk}/discharge/", said)


def days_to_come(cleo, thea, goal) -> list[str]:
    """A goal review, a review of two wordings, an exercise: each has a future date."""
    other = seen_differently(cleo, thea)
    days = [thea.today() + timedelta(days=ahead) for ahead in (40, 41, 42)]
    for row, day in zip((goal, other), days, strict=False):
        Goal.objects.filter(pk=row.pk).update(review_on=day)
    with acting_as(thea.pk), transaction.atomic():
        Assignment.agree(cleo, "One stop on Friday", by=thea, due_on=days[2])
    return [dates.short(day) for day in days]


def test_future_dates_are_shown_only_while_cleo_is_in_care(sign_in, thea, cleo, goal):
    days = days_to_come(cleo, thea, goal)
    theas, hers = sign_in(thea), sign_in(cleo.user)
    other = cleo.goals.exclude(pk=goal.pk).get()
    pages = {
        (theas, f"/clients/{cleo.pk}/"): days,
        (theas, f"/clients/{cleo.pk}/journey/"): days[:2],
        (theas, f"/goals/{goal.pk}/"): days[:1],
        (theas, f"/goals/{other.pk}/differ/"): days[1:2],
        (hers, "/portal/goals/"): days,
        (hers, f"/portal/goals/{goal.pk}/"): days[:1],
        (hers, "/portal/journey/"): days[:2],
    }
    for is_in_care in (True, False, True):
        for (browser, url), shown in pages.items():
            page = page_at(browser, url)
            assert [day in page for day in shown] == [is_in_care] * len(shown), url
        if is_in_care:
            discharge(theas, cleo)
        else:
            theas.post(f"/clients/{cleo.pk}/take-back/")


@pytest.mark.parametrize("asked", ["client", "therapist"])
def test_nobody_is_asked_to_agree_after_discharge(sign_in, thea, cleo, asked):
    propose(cleo, thea if asked == "client" else cleo.user)
    goal = cleo.goals.get()
    session = book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    discharge(sign_in(thea), cleo, sessions="keep")
    theas, hers = sign_in(thea), sign_in(cleo.user)
    for browser, url in (
        (theas, f"/clients/{cleo.pk}/"),
        (theas, f"/goals/{goal.pk}/"),
        (theas, f"/sessions/{session.pk}/"),
        (theas, "/today/"),
        (hers, "/portal/"),
        (hers, "/portal/goals/"),
        (hers, f"/portal/goals/{goal.pk}/"),
    ):
        page = page_at(browser, url)
        for asks in ("Needs your agreement", "needs your agreement", "Waiting for"):
            assert asks not in page, (url, asks)


@pytest.mark.parametrize("weekly", [True, False])
@pytest.mark.parametrize("reminders", [True, False])
@pytest.mark.parametrize("is_booked", [True, False])
def test_the_page_names_only_existing_emails_and_sessions(
    sign_in, thea, cleo, weekly, reminders, is_booked
):
    wish(cleo, "client-digest", weekly)
    wish(cleo, "reminder", reminders, 24)
    if is_booked:
        book(cleo, thea)
    page = page_at(sign_in(thea), f"/clients/{cleo.pk}/discharge/")
    assert ("Weekly emails stop" in page) == weekly
    told = "Reminders are sent only for sessions that stay booked." in page
    assert told == (reminders and is_booked)
    assert ("No session is booked" in page) == (not is_booked)
    assert ("1 session is booked" in page) == is_booked and "0 session" not in page


def portal_over(client):
    long_ago = timezone.now() - timedelta(days=31)
    Client.objects.filter(pk=client.pk).update(discharged_at=long_ago)


def test_thea_discharges_cleo_who_can_read_and_no_longer_write(
    sign_in, thea, cleo, goal
):
    with acting_as(thea.pk), transaction.atomic():
        practice = Assignment.agree(cleo, "One stop on Friday", by=thea)
        step = Step.add(goal, "One stop", by=thea)
    browser = sign_in(cleo.user)
    assert "Save rating" in page_at(browser, f"/portal/goals/{goal.pk}/")
    discharge(sign_in(thea), cleo)
    page = page_at(browser, f"/portal/goals/{goal.pk}/")
    assert "Your therapy here has ended. You can read these pages until" in page
    assert "Take the bus into town" in page
    for offer in (
        "Save rating",
        "Suggest new wording",
        "Add a step",
        "Reached<",
    ):
        assert offer not in page
    assert "One stop on Friday" in page_at(browser, "/portal/goals/")
    for url, said in (
        (f"/portal/goals/{goal.pk}/rate/", {"value": "9"}),
        (f"/portal/goals/{goal.pk}/steps/", {"words": "Another stop"}),
        ("/portal/goals/add/", {"own_words": "Sleep through the night"}),
        (f"/portal/practice/{practice.pk}/say/", {"answer": "did"}),
        (f"/portal/steps/{step.pk}/reached/", {}),
    ):
        answer = browser.post(url, said)
        assert answer.status_code == 403, url
    assert (
        "Sleep through the night"
        in browser.post(
            "/portal/goals/add/", {"own_words": "Sleep through the night"}
        ).content.decode()
    )  # no typed text is lost
    assert GoalRating.objects.count() == 1


def test_the_database_makes_it_read_only_too(thea, cleo, goal):
    with acting_as(thea.pk), transaction.atomic():
        cleo.discharge(by=thea)
    with acting_as(cleo.user_id):
        assert GoalRating.objects.count() == 1
    with (
        pytest.raises(DatabaseError),
        acting_as(cleo.user_id),
        transaction.atomic(),
    ):
        goal.rate(9, by=cleo.user)


def test_after_the_practices_period_the_portal_says_that_access_has_ended(
    sign_in, thea, cleo, goal
):
    discharge(sign_in(thea), cleo)
    portal_over(cleo)
    browser = sign_in(cleo.user)
    for url in ("/portal/", f"/portal/goals/{goal.pk}/", "/portal/looked/"):
        answer = browser.get(url)
        assert answer.status_code == 403
        page = answer.content.decode()
        assert "Your portal access has ended" in page
        assert "/help/" in page
        assert "the bus" not in page  # letters only: they may occur in a token
    with acting_as(cleo.user_id):
        assert not Client.objects.exists()
        assert not GoalRating.objects.exists()


def test_sessions_are_canceled_or_kept_as_thea_chooses(sign_in, thea, cleo):
    book(cleo, thea, at=timezone.now() + timedelta(days=1))
    browser = sign_in(thea)
    page = discharge(browser, cleo).content.decode()
    assert "Choose one." in page
    discharge(browser, cleo, sessions="keep")
    assert TherapySession.objects.get().state == "planned"
    plan()  # and Cleo is reminded of it
    from accounts.models import OutgoingEmail

    assert OutgoingEmail.objects.get(kind="reminder").recipient == cleo.user
    browser.post(f"/clients/{cleo.pk}/take-back/")
    discharge(browser, cleo, sessions="cancel")
    assert TherapySession.objects.get().state == "cancelled"


def test_the_caseload_has_a_list_of_discharged_clients(sign_in, thea, cleo, goal):
    browser = sign_in(thea)
    assert "Discharged" not in page_at(browser, "/caseload/")
    discharge(browser, cleo)
    assert "0 clients." in page_at(browser, "/caseload/")
    assert "Cleo" in page_at(browser, "/caseload/?show=discharged")
    assert browser.get("/caseload/?q=cleo").url == f"/clients/{cleo.pk}/"
    assert "Cleo" not in page_at(browser, "/today/")


def test_readmitted_cleo_can_write_again(sign_in, thea, cleo, goal):
    theas, cleos = sign_in(thea), sign_in(cleo.user)
    discharge(theas, cleo)
    portal_over(cleo)
    assert "Discharged" in page_at(theas, f"/clients/{cleo.pk}/")
    theas.post(f"/clients/{cleo.pk}/take-back/")
    assert "Discharged" not in page_at(theas, f"/clients/{cleo.pk}/")
    cleos.post(f"/portal/goals/{goal.pk}/rate/", {"value": "9"})
    assert GoalRating.objects.filter(value=9).exists()


def test_discharging_twice_is_done_once(sign_in, thea, cleo):
    browser = sign_in(thea)
    discharge(browser, cleo)
    first = Client.objects.get(pk=cleo.pk).discharged_at
    discharge(browser, cleo)
    assert Client.objects.get(pk=cleo.pk).discharged_at == first


def test_open_items_of_a_discharged_client_still_ask_thea(sign_in, thea, cleo):
    hold(cleo, thea, at=timezone.now() - timedelta(days=2), sign=False)
    browser = sign_in(thea)
    discharge(browser, cleo)
    assert "Note not signed" in page_at(browser, "/today/")
