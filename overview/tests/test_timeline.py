"""One timeline for both: what was agreed, rated, reached, won and taken away."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from clients.models import Client
from conftest import admit, in_care
from database.identity import acting_as
from goals.models import Goal, Step
from overview.timeline_events import in_words
from tests.cast import act, agreed_goal, answered, hold, note_win, pinned, strength

PORTAL = "/portal/journey/"
TAG = re.compile(r"<[^>]+>")


def told(answer):
    assert answer.status_code == 200
    return " ".join(TAG.sub(" ", answer.content.decode()).split())


def page_of(client):
    return reverse("client-journey", args=[client.pk])


def ago(**span):
    return timezone.now() - timedelta(**span)


def rate(goal, value, *, by, at):
    with acting_as(by.pk), transaction.atomic():
        goal.rate(value, by=by, at=at)


def lay(goal, words, *, by, at):
    with acting_as(by.pk), transaction.atomic():
        Step.add(goal, words, by=by).reach(by=by, at=at)


@pytest.fixture
def way(thea, cleo):
    """One event of every kind."""
    goal = agreed_goal(cleo, thea)
    hold(cleo, thea, at=ago(days=20))
    lay(goal, "One stop alone", by=thea, at=ago(days=9))
    note_win(cleo, "I stayed for tea.", by=cleo.user)
    strength(cleo, by=cleo.user)
    for minutes, value in ((3, 3), (2, 7), (1, 5)):
        rate(goal, value, by=thea, at=ago(minutes=minutes))
    return goal


def test_both_read_the_same_timeline(sign_in, way, thea, cleo):
    hers = told(sign_in(cleo.user).get(PORTAL))
    theirs = told(sign_in(thea).get(page_of(cleo)))
    for words in (
        "First session",
        "The wave has a clock on it.",
        "Goal agreed by both Take the bus into town",
        "Rated 3 times, from 3 to 5, between 3 and 7",
        "Step reached One stop alone",
        "Win I stayed for tea.",
        "Strength: Patience with fear Four buses went.",
    ):
        assert words in hers, words
        assert words in theirs, words


def test_events_of_one_day_keep_their_order(sign_in, thea, cleo):
    goal = agreed_goal(cleo, thea)
    act(cleo.user, goal, lambda g: g.in_force.withdraw_key("No", by=cleo.user))
    act(thea, goal, lambda g: g.propose_version({"own_words": "Tram"}, by=thea))
    act(cleo.user, goal, lambda g: g.latest.agree(by=cleo.user))
    for person, url in ((cleo.user, PORTAL), (thea, page_of(cleo))):
        page = told(sign_in(person).get(url))
        lines = "Goal agreed by both", "goal withdrawn", "New goal wording"
        places = [page.index(line) for line in lines]
        assert places == sorted(places)


def test_events_are_in_the_order_in_which_they_happened(sign_in, way, thea, cleo):
    page = told(sign_in(thea).get(page_of(cleo)))
    order = ["First session", "Step reached", "Goal agreed", "Win"]
    places = [page.index(words) for words in order]
    assert places == sorted(places)


def test_a_new_wording_is_listed_when_both_agreed_to_it(sign_in, way, thea, cleo):
    other = {"own_words": "Two stops alone"}
    with acting_as(cleo.user_id), transaction.atomic():
        version = way.propose_version(other, by=cleo.user)
    browser = sign_in(thea)
    assert "Two stops alone" not in told(browser.get(page_of(cleo)))
    with acting_as(thea.pk), transaction.atomic():
        version.agree(by=thea)
    page = told(browser.get(page_of(cleo)))
    assert "New goal wording agreed by both Two stops alone" in page


def test_a_closed_goal_says_when_it_was_closed(sign_in, way, thea, cleo):
    Goal.objects.filter(pk=way.pk).update(closed_at=timezone.now())
    assert "Goal closed Take the bus" in told(sign_in(thea).get(page_of(cleo)))


def test_what_the_timeline_leaves_out(sign_in, way, thea, cleo):
    """Notes; what was declined, is pending or was withdrawn."""
    hold(cleo, thea, at=ago(days=2), body="She came in tired, with Jo.")
    declined = {"name": "Planning", "moment": "Three ways home."}
    answered(strength(cleo, by=thea, said=declined), yes=False, by=cleo.user)
    waits = {"name": "Courage", "moment": "You rang."}
    strength(cleo, by=thea, said=waits)
    win = note_win(cleo, "Bought milk.", by=thea)
    with acting_as(thea.pk), transaction.atomic():
        win.withdraw(by=thea)
    for page in (
        told(sign_in(thea).get(page_of(cleo))),
        told(sign_in(cleo.user).get(PORTAL)),
    ):
        for words in ("tired", "Planning", "Courage", "Bought milk"):
            assert words not in page


def test_thea_can_add_the_dates_of_her_notes_and_cleo_cannot(sign_in, way, thea, cleo):
    browser = sign_in(thea)
    assert "Note signed" not in told(browser.get(page_of(cleo)))
    for path in (f"{page_of(cleo)}?notes=1", f"{page_of(cleo)}print/?notes=1"):
        page = told(browser.get(path))
        assert page.count("Note signed") == 1
        assert "tired" not in page
        assert "Left out: what the notes say" in page
    assert "Note signed" not in told(sign_in(cleo.user).get(f"{PORTAL}?notes=1"))


def test_thea_cannot_print_the_dates_of_a_colleagues_notes(
    sign_in, way, thea, theo, cleo
):
    in_care(cleo, theo, "co_therapist")
    assert "Note signed" not in told(sign_in(theo).get(f"{page_of(cleo)}?notes=1"))


@pytest.mark.parametrize("reads", [True, False])
def test_the_page_says_that_both_can_see_it_only_if_the_client_can(
    sign_in, way, thea, cleo, reads
):
    if not reads:
        Client.objects.filter(pk=cleo.pk).update(user=None)
    page = told(sign_in(thea).get(page_of(cleo)))
    assert ("What both of you can see" in page) == reads
    assert ("Without my notes’ dates" in page) != reads


def test_cleo_learns_of_opening_and_printing(sign_in, way, thea, cleo):
    browser = sign_in(thea)
    browser.get(page_of(cleo))
    page = told(browser.get(f"{page_of(cleo)}print/"))
    assert "Made in Cairn on" in page and "for Cleo Hart." in page
    assert "Left out: session notes" in page
    looks = AuditEvent.objects.filter(client_id=cleo.pk, actor_id=thea.pk)
    assert looks.filter(verb="opened", kind="client").count() == 1
    assert looks.filter(verb="printed", kind="client").count() == 1
    looked = told(sign_in(cleo.user).get("/portal/looked/"))
    assert "Printed from your record" in looked


def test_a_year_is_shown_and_the_rest_is_one_click_away(sign_in, thea, cleo):
    goal = agreed_goal(cleo, thea)
    for days in (700, 200, 20):
        rate(goal, days // 100, by=thea, at=ago(days=days))
    browser = sign_in(thea)
    usual = told(browser.get(page_of(cleo)))
    assert "Rated 2 of 10" in usual and "Rated 7 of 10" not in usual
    assert "Rated 7 of 10" in told(browser.get(page_of(cleo), {"since": "all"}))
    lately = told(browser.get(page_of(cleo), {"since": "quarter"}))
    assert "Rated 0 of 10" in lately and "Rated 2 of 10" not in lately
    assert told(browser.get(page_of(cleo), {"since": "x"})) == usual


def test_if_all_is_recent_there_is_no_choice(sign_in, way, thea, cleo):
    page = told(sign_in(thea).get(page_of(cleo)))
    assert "Three months" not in page and "All time" not in page


def test_an_example_from_long_ago_is_listed_when_it_was_added(sign_in, way, cleo):
    child = {"name": "Swims", "moment": "Across the lake, at nine."}
    day = ago(days=9000).date()
    strength(cleo, by=cleo.user, said=child, happened_on=day)
    note_win(cleo, "Learnt to swim.", by=cleo.user, happened_on=day)
    page = told(sign_in(cleo.user).get(PORTAL, {"since": "all"}))
    assert "Strength: Swims" in page and "Learnt to swim." in page


def test_an_empty_timeline_says_how_it_begins(sign_in, thea):
    nadia = admit("Nadia", by=thea)
    browser = sign_in(nadia.user)
    assert "The timeline starts with the first session" in told(browser.get(PORTAL))
    assert "The timeline starts with the first session" in told(
        sign_in(thea).get(page_of(nadia))
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([4], "Rated 4 of 10"),
        ([4, 4, 4], "Rated 3 times, 4 each time"),
        ([4, 5], "Rated 2 times, from 4 to 5"),
        ([4, 2, 6, 5], "Rated 4 times, from 4 to 5, between 2 and 6"),
        ([4, 6, 4], "Rated 3 times, from 4 to 4, between 4 and 6"),
    ],
)
def test_a_month_of_ratings_as_text(values, words):
    assert in_words(values) == words


@pytest.mark.parametrize("side", ["thea", "cleo"])
def test_the_timeline_takes_as_many_statements_with_fifty(
    sign_in, way, thea, cleo, side
):
    browser = sign_in(thea if side == "thea" else cleo.user)
    url = page_of(cleo) if side == "thea" else PORTAL
    one = pinned(browser, url)
    for number in range(50):
        goal = agreed_goal(cleo, thea) if number % 10 == 0 else way
        at = ago(weeks=number, hours=1)
        hold(cleo, thea, at=at)
        rate(goal, number % 11, by=thea, at=at)
        lay(goal, f"Step {number}", by=thea, at=at)
        note_win(cleo, f"Win {number}", by=thea, happened_on=at.date())
        words = {"name": f"Strength {number}", "moment": "One day."}
        strength(cleo, by=cleo.user, said=words)
    assert pinned(browser, url) == one <= 15
