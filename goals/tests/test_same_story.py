"""What Cleo and Thea read about a goal after a review, a refusal, and two wordings."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from appointments.models import TherapySession
from database.identity import acting_as
from goals.models import Goal
from goals.tests.test_reviews import answer
from goals.tests.test_two_keys import act
from goals.tests.test_what_is_agreed import text
from tests.cast import BUS, agree, agreed_goal, book, propose, signals_anew
from toolkit.models import Assignment
from ui.charts.ratings import rating_chart
from ui.charts.words import Point

MINE, HERS = {"own_words": "Two stops on my own"}, {"own_words": "Six stops, alone"}


@pytest.fixture
def goal(cleo, thea):
    return agreed_goal(cleo, thea)


@pytest.fixture
def read(goal, cleo, thea, sign_in):
    """`read()`: Cleo's and Thea's page of the goal."""

    def pages(of=None, end=""):
        pk = (of or goal).pk
        return [
            text(sign_in(person).get(f"{start}{pk}/{end}"))
            for person, start in ((cleo.user, "/portal/goals/"), (thea, "/goals/"))
        ]

    return pages


# -- review answers -------------------------------------------------------------------


@pytest.mark.parametrize("choice", ["keep", "change", "aside", "reached"])
def test_the_answers_of_a_decided_review_stay_in_the_history(
    goal, read, cleo, thea, choice
):
    answer(goal, cleo.user, choice="keep", goal_words="At the start I was not sure")
    answer(goal, cleo.user, choice=choice, goal_words="I use it most")
    answer(goal, thea, choice=choice, way_fits="partly", way_words="She rides alone")
    for page in read():
        history = page[page.rindex("What was answered") :]
        assert "I use it most" in history and "She rides alone" in history
        assert "Still the right way to get there?" in history and "Not quite" in history
        # the newest of each side counts
        assert "At the start I was not sure" not in history
    mine, hers = read()
    assert "Your answers" in mine and "Thea’s answers" in mine
    assert "Your answers" in hers and "Cleo’s answers" in hers


def test_an_answer_of_one_side_alone_is_shown_to_that_side_only(goal, read, cleo, thea):
    answer(goal, cleo.user, goal_words="I use it most")
    for by in (thea, cleo.user):
        act(by, goal, lambda g, by=by: g.latest.withdraw_key("Not now", by=by))
    mine, hers = read()
    assert "A review ended without a decision" in mine and "I use it most" in mine
    assert "A review ended without a decision" not in hers
    assert "I use it most" not in hers


def test_each_review_has_its_own_answers(goal, read, cleo, thea):
    for words in ("In spring", "In autumn"):
        for by in (cleo.user, thea):
            answer(goal, by, choice="keep", goal_words=f"{words}, {by.name}")
    page, _hers = read()
    parts = page.split("What was answered")[1:]
    assert [["In spring" in part, "In autumn" in part] for part in parts] == [
        [False, True],
        [True, False],
    ]


def test_a_change_that_nobody_proposes_is_asked_about_again(goal, cleo, thea, sign_in):
    for by in (cleo.user, thea):
        answer(goal, by, choice="change")
    assert Goal.objects.get(pk=goal.pk).review_on == thea.today() + timedelta(days=14)
    assert sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/").status_code == 200
    Goal.objects.filter(pk=goal.pk).update(review_on=thea.today())
    signals_anew(cleo)
    assert "Goal review due" in text(sign_in(cleo.user).get("/portal/"))
    assert "Goal review due" in text(sign_in(thea).get("/today/"))


@pytest.mark.parametrize("last", ["cleo", "thea"])
def test_both_are_asked_for_a_new_wording_until_one_proposes_it(
    goal, cleo, thea, sign_in, last
):
    both = [cleo.user, thea] if last == "thea" else [thea, cleo.user]
    for by in both:
        answer(goal, by, choice="change")
    asked = (
        (cleo.user, "/portal/", f"/portal/goals/{goal.pk}/"),
        (thea, "/today/", f"/goals/{goal.pk}/"),
    )
    for person, home, page in asked:
        browser = sign_in(person)
        browser.get(page)  # opening the form is not a proposal
        shown = browser.get(home)
        assert text(shown).count("ropose new wording") == 1, home
        assert f'href="{page}propose/"' in shown.content.decode()
    act(both[1], goal, lambda g: g.propose_version(HERS, by=both[1]))
    for person, home, _page in asked:
        assert "ropose new wording" not in text(sign_in(person).get(home))


@pytest.mark.parametrize("style", ["ritual", "quiet", "nobody"])
def test_cleos_home_offers_her_celebration_if_thea_decides_last(
    goal, cleo, thea, sign_in, style
):
    with acting_as(cleo.user.pk), transaction.atomic():
        cleo.preferences.set(by=cleo.user, celebrates=style)
    for by in (cleo.user, thea):
        answer(goal, by, choice="reached")
    browser = sign_in(cleo.user)
    home = browser.get("/portal/").content.decode()
    reached = f"/portal/goals/{goal.pk}/reached/"
    assert (f'href="{reached}"' in home) == (style == "ritual")
    assert ("add a closing sentence" in home) == (style == "ritual")
    if style == "ritual":
        assert "Save sentence" in browser.get(reached).content.decode()
        assert "add a closing sentence" not in browser.get("/portal/").content.decode()


# -- resumed --------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["cleo", "thea"])
def test_the_other_side_is_notified_that_a_goal_was_resumed(
    goal, cleo, thea, sign_in, first
):
    for by in (cleo.user, thea):
        answer(goal, by, choice="aside")
    for person, page in ((cleo.user, "/portal/goals/"), (thea, "/goals/")):
        sign_in(person).get(f"{page}{goal.pk}/")
    by = cleo.user if first == "cleo" else thea
    act(by, goal, lambda g: g.take_up(by=by))
    home, today = "/portal/", "/today/"
    mine, hers = text(sign_in(cleo.user).get(home)), text(sign_in(thea).get(today))
    told = "Your therapist resumed this goal"
    assert (told in mine) == (first == "thea")
    assert ("The client resumed a goal" in hers) == (first == "cleo")
    for person, page in ((cleo.user, "/portal/goals/"), (thea, "/goals/")):
        sign_in(person).get(f"{page}{goal.pk}/")
    assert told not in text(sign_in(cleo.user).get(home))
    assert "resumed a goal" not in text(sign_in(thea).get(today))


# -- whose wording names the goal ------------------------------------------------------


def seen_differently(cleo, thea, wording=""):
    """Cleo's wording, Thea's new wording, and Cleo sees it differently."""
    with acting_as(cleo.user.pk), transaction.atomic():
        goal = Goal.propose(cleo, MINE, by=cleo.user)
    act(thea, goal, lambda g: g.propose_version(HERS, by=thea))
    act(cleo.user, goal, lambda g: g.latest.differ("Mine", wording, by=cleo.user))
    return goal


@pytest.mark.parametrize("wording", ["", "Two stops, then three"])
def test_cleos_lists_call_a_goal_by_her_own_wording_while_the_two_differ(
    cleo, thea, sign_in, wording
):
    goal = seen_differently(cleo, thea, wording)
    act(thea, goal, lambda g: g.latest.suggest_next("try", by=thea))
    browser = sign_in(cleo.user)
    for address in ("/portal/", "/portal/goals/"):
        page = text(browser.get(address))
        assert (wording or MINE["own_words"]) in page, address
        assert HERS["own_words"] not in page, address


def test_the_agreed_wording_stays_the_name_while_a_new_one_is_seen_differently(
    goal, cleo, thea, sign_in
):
    act(thea, goal, lambda g: g.propose_version(HERS, by=thea))
    act(cleo.user, goal, lambda g: g.latest.differ("No", "Mine", by=cleo.user))
    page = text(sign_in(cleo.user).get("/portal/goals/"))
    assert BUS["own_words"] in page and HERS["own_words"] not in page


def test_a_wording_that_is_pending_again_is_not_called_new(cleo, thea, sign_in):
    """Thea declines Cleo's new wording, or Cleo withdraws it: Thea's is back."""
    with acting_as(thea.pk), transaction.atomic():
        goal = Goal.propose(cleo, HERS, by=thea)
    browser = sign_in(cleo.user)
    assert "Thea proposes a goal" in text(browser.get("/portal/"))
    act(cleo.user, goal, lambda g: g.propose_version(MINE, by=cleo.user))
    act(thea, goal, lambda g: g.latest.decline("", by=thea))
    page = text(browser.get("/portal/"))
    assert "proposes a goal" not in page
    assert "Thea’s earlier wording needs your agreement again" in page


# -- an exercise answered in a session -------------------------------------------------


def test_an_exercise_answered_in_a_session_stays_on_its_page(cleo, thea, sign_in):
    now = timezone.now()
    for days in (21, 14):
        session = book(cleo, thea, at=now - timedelta(days=days))
        TherapySession.objects.filter(pk=session.pk).update(state="held")
    with acting_as(thea.pk), transaction.atomic():
        walk = Assignment.agree(cleo, "Walk to the bridge", by=thea)
    Assignment.objects.filter(pk=walk.pk).update(set_at=now - timedelta(days=21))
    session = book(cleo, thea, at=now - timedelta(minutes=10))
    address = f"/sessions/{session.pk}/"
    assert "Walk to the bridge" in text(sign_in(thea).get(address))
    with acting_as(thea.pk), transaction.atomic():
        Assignment.objects.get(pk=walk.pk).say("did", by=thea, seen="")
    page = sign_in(thea).get(address).content.decode()
    assert "Walk to the bridge" in page
    assert re.search(r'value="did"[^>]*checked', page)


# -- details of wording ----------------------------------------------------------------


def test_success_is_said_to_be_celebrated_only_as_cleo_chose(cleo, thea, sign_in):
    address = f"/clients/{cleo.pk}/"
    assert "Celebrating progress" not in text(sign_in(thea).get(address))
    with acting_as(cleo.user.pk), transaction.atomic():
        cleo.preferences.set(by=cleo.user, celebrates="talk")
    assert "Celebrating progress" in text(sign_in(thea).get(address))


def test_two_versions_agreed_on_one_day_are_both_named():
    day = timezone.localdate()
    points = [Point(day - timedelta(days=3), 2), Point(day, 4)]
    drawn = rating_chart(points, today=day, versions=[(1, day), (2, day)])
    assert "v1, v2 agreed" in drawn.svg
    assert "1, 2, agreed that day" in [row.note for row in drawn.rows]


def test_withdrawing_a_proposal_says_what_is_left(goal, cleo, thea, sign_in):
    """Cleo withdrew from the agreed wording; then Thea withdraws her new one."""
    act(thea, goal, lambda g: g.propose_version(HERS, by=thea))
    act(cleo.user, goal, lambda g: g.in_force.withdraw_key("Not now", by=cleo.user))
    address = f"/goals/{goal.pk}/key-back/"
    page = text(sign_in(thea).get(address))
    assert "Nothing is then proposed, and version 1 is not in effect" in page
    page = text(sign_in(thea).post(address, {"reason": "Too early"}, follow=True))
    assert "Not in effect: an agreement was withdrawn." in page


def test_a_declined_change_is_not_called_moved(cleo, thea, sign_in):
    session = book(cleo, thea, at=timezone.now() + timedelta(days=3))
    other = book(cleo, thea, at=timezone.now() + timedelta(days=4))
    at = timezone.localtime(other.starts_at, thea.zone)
    address = f"/sessions/{session.pk}/move/"
    before = re.search(r"Currently .*?\.", text(sign_in(thea).get(address)))[0]
    sent = {"day": f"{at:%Y-%m-%d}", "time": f"{at:%H:%M}", "minutes": "50"}
    page = text(sign_in(thea).post(address, sent))
    assert before in page


def test_a_wording_both_once_agreed_to_is_nobodys_suggestion(goal, cleo, thea, sign_in):
    act(thea, goal, lambda g: g.propose_version(HERS, by=thea))
    act(cleo.user, goal, lambda g: g.latest.agree(by=cleo.user))
    for by in (thea, cleo.user):
        act(by, goal, lambda g, by=by: g.latest.withdraw_key("No", by=by))
    page = text(sign_in(cleo.user).get("/portal/goals/"))
    assert HERS["own_words"] in page and "suggestion" not in page
    page = text(sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/"))
    assert "Thea’s wording" in page and "In your words" not in page


@pytest.mark.parametrize("writer", ["cleo", "thea"])
def test_the_agreed_wording_is_called_the_clients_only_if_the_client_wrote_it(
    cleo, thea, read, writer
):
    first, second = (cleo.user, thea) if writer == "cleo" else (thea, cleo.user)
    mine = propose(cleo, first, MINE)
    agree(mine, second)
    hers, theirs = read(mine)
    if writer == "cleo":
        assert "In your words" in hers and "In Cleo’s words" in theirs
    else:
        for page in (hers, theirs):
            assert "The agreed wording" in page
            assert "In your words" not in page and "Cleo’s wording" not in page


def test_a_goal_set_aside_has_the_same_name_on_its_page_and_the_timeline(
    goal, cleo, thea, sign_in
):
    """Thea withdrew, Cleo withdrew her new wording, then her agreement too."""
    act(cleo.user, goal, lambda g: g.propose_version(MINE, by=cleo.user))
    act(thea, goal, lambda g: g.in_force.withdraw_key("Not now", by=thea))
    act(cleo.user, goal, lambda g: g.latest.withdraw_key("Too soon", by=cleo.user))
    act(cleo.user, goal, lambda g: g.latest.withdraw_key("Me too", by=cleo.user))
    shown = Goal.objects.get(pk=goal.pk).shown.own_words
    page = text(sign_in(cleo.user).get("/portal/journey/"))
    ended = page[page.index("Goal set aside") :][:200]
    assert shown in ended and MINE["own_words"] not in ended


def test_cleos_session_names_a_goal_seen_differently_as_her_list_does(
    cleo, thea, sign_in
):
    goal = seen_differently(cleo, thea, "Two stops, then three")
    act(thea, goal, lambda g: g.latest.suggest_next("talk", by=thea))
    session = book(cleo, thea, at=timezone.now() + timedelta(hours=3))
    page = text(sign_in(cleo.user).get(f"/portal/sessions/{session.pk}/"))
    assert "Two stops, then three" in page and HERS["own_words"] not in page


def test_a_rating_is_shown_under_the_wording_it_was_given_to(cleo, thea, sign_in):
    with acting_as(cleo.user.pk), transaction.atomic():
        goal = Goal.propose(cleo, MINE, by=cleo.user)
    act(cleo.user, goal, lambda g: g.rate(4, by=cleo.user))
    act(thea, goal, lambda g: g.propose_version(HERS, by=thea))
    session = book(cleo, thea, at=timezone.now() - timedelta(minutes=5))
    for address, heading in (
        (f"/sessions/{session.pk}/", "Since last session"),
        (f"/clients/{cleo.pk}/", "Since last session"),
    ):
        page = text(sign_in(thea).get(address))
        rated = page[page.index("rated 4") :][:60]
        assert MINE["own_words"] in rated, heading


def test_a_wording_both_withdrew_from_stays_the_goals_name_on_the_timeline(
    cleo, thea, sign_in
):
    """Cleo's first wording still has her agreement; that does not bring it back."""
    with acting_as(cleo.user.pk), transaction.atomic():
        goal = Goal.propose(cleo, MINE, by=cleo.user)
    act(thea, goal, lambda g: g.propose_version(HERS, by=thea))
    act(cleo.user, goal, lambda g: g.latest.agree(by=cleo.user))
    for by in (thea, cleo.user):
        act(by, goal, lambda g, by=by: g.latest.withdraw_key("No", by=by))
    page = text(sign_in(cleo.user).get("/portal/journey/"))
    ended = page[page.index("Goal set aside") :][:200]
    assert HERS["own_words"] in ended and MINE["own_words"] not in ended
