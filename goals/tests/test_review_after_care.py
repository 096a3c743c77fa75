"""A goal both agreed to is closed by both, not by Thea alone if Cleo cannot answer."""

import pytest
from django.utils import timezone

from clients.models import Client
from conftest import admit
from goals.models import Goal, Overtaken, Review
from goals.tests.test_reviews import answer
from goals.tests.test_what_is_agreed import text
from tests.cast import act, agreed_goal, propose, signals_anew

CHOICES = ["keep", "change", "aside", "reached"]
ALONE = "Nobody else can decide here"


def end(client, how):
    if how == "discharged":
        rows = Client.objects.filter(pk=client.pk)
        rows.update(state="discharged", discharged_at=timezone.now())
    else:
        client.user.is_active = False
        client.user.save(update_fields=["is_active"])


def undo(client):
    Client.objects.filter(pk=client.pk).update(state="active", discharged_at=None)
    client.user.is_active = True
    client.user.save(update_fields=["is_active"])


@pytest.fixture
def goal(cleo, thea):
    return agreed_goal(cleo, thea)


def begin(browser, goal):
    browser.post(f"/goals/{goal.pk}/review/begin/")
    return browser.get(f"/goals/{goal.pk}/review/", follow=True)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("how", ["discharged", "closed"])
def test_thea_cannot_close_alone_what_cleo_agreed_to(
    goal, cleo, thea, sign_in, how, choice
):
    end(cleo, how)
    browser = sign_in(thea)
    page = text(browser.get(f"/goals/{goal.pk}/"))
    assert "Start review" not in page and "A review needs both of you." in page
    assert "Withdraw my agreement" in page  # Thea can still withdraw her own agreement
    assert ALONE not in text(begin(browser, goal))
    goal.refresh_from_db()
    assert goal.is_open and goal.review_id is None
    undo(cleo)
    page = text(browser.get(f"/goals/{goal.pk}/"))
    assert "Start review" in page and "needs both of you" not in page


@pytest.mark.parametrize("first", ["nobody", "cleo", "thea"])
@pytest.mark.parametrize("how", ["discharged", "closed"])
def test_an_open_review_waits_for_cleo(goal, cleo, thea, sign_in, how, first):
    if first == "nobody":
        act(thea, goal, lambda g: Review.begin(g, by=thea))
    else:
        answer(goal, cleo.user if first == "cleo" else thea, choice="reached")
    end(cleo, how)
    browser = sign_in(thea)
    sent = {"goal_fits": "yes", "goal_words": "She rides alone", "choice": "reached"}
    page = text(browser.post(f"/goals/{goal.pk}/review/", sent, follow=True))
    assert "A review needs both of you." in page and "She rides alone" in page
    goal.refresh_from_db()
    assert goal.is_open and goal.review_id
    with pytest.raises(Overtaken):
        answer(goal, thea, choice="reached")
    undo(cleo)
    for name, by in (("cleo", cleo.user), ("thea", thea)):
        if name != first:
            answer(goal, by, choice="reached")
    assert Goal.objects.get(pk=goal.pk).ended_as == "reached"


def test_thea_cannot_close_what_cleo_withdrew_from_or_proposed_either(
    goal, cleo, thea, sign_in
):
    act(cleo.user, goal, lambda g: g.latest.withdraw_key("No", by=cleo.user))
    hers = propose(cleo, cleo.user, {"own_words": "Paint again"})
    end(cleo, "discharged")
    browser = sign_in(thea)
    for one in (goal, hers):
        assert ALONE not in text(begin(browser, one))
        assert Goal.objects.get(pk=one.pk).review_id is None


@pytest.mark.parametrize("choice", ["keep", "aside", "reached"])
def test_thea_decides_for_a_client_who_never_had_a_portal_and_is_named(
    thea, sign_in, choice
):
    nora = admit("Nora", by=thea, joined=False)
    goal = agreed_goal(nora, thea)
    browser = sign_in(thea)
    assert ALONE in text(begin(browser, goal))
    answer(goal, thea, choice=choice)
    page = text(browser.get(f"/goals/{goal.pk}/"))
    assert "Decided by Thea alone, today" in page


def test_what_both_chose_is_not_said_to_be_decided_alone(goal, cleo, thea, sign_in):
    for by in (cleo.user, thea):
        answer(goal, by, choice="reached")
    for person, start in ((cleo.user, "/portal/goals/"), (thea, "/goals/")):
        page = text(sign_in(person).get(f"{start}{goal.pk}/"))
        assert "Decided with Thea’s answer, today" in page and "alone" not in page


@pytest.mark.parametrize("state", ["due", "open"])
def test_today_requests_no_review_that_waits_for_a_closed_account(
    goal, cleo, thea, sign_in, state
):
    if state == "due":
        Goal.objects.filter(pk=goal.pk).update(review_on=thea.today())
        signals_anew(cleo)
    else:
        answer(goal, cleo.user, choice="reached")
    browser = sign_in(thea)
    assert "oal review" in text(browser.get("/today/"))
    end(cleo, "closed")
    assert "oal review" not in text(browser.get("/today/"))


def test_the_discharge_page_says_what_happens_to_agreed_goals(
    goal, cleo, thea, sign_in
):
    page = text(sign_in(thea).get(f"/clients/{cleo.pk}/discharge/"))
    assert "Agreed goals stay as they are" in page
    assert "it waits until the client is readmitted." in page
