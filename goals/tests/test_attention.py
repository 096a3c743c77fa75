"""Goals without activity, due reviews, comments without an answer: both are asked."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from appointments.models import TherapySession
from clients import signals
from clients.models import ContactPreferences, Signal
from database.identity import acting_as
from goals.models import Comment, Goal, GoalRating, Review
from goals.signal_words import TO_THERAPIST, watch
from goals.tests.test_reviews import answer
from portal.home_page import WATCHED
from tests.cast import (
    act,
    agreed_goal,
    book,
    hold,
    propose,
    signals_anew,
    strength,
)

WEEK = timedelta(weeks=1)


def weeks_ago(number):
    return timezone.now() - number * WEEK


@pytest.fixture
def goal(cleo, thea):
    """Agreed twelve weeks ago."""
    goal = agreed_goal(cleo, thea)
    Goal.objects.filter(pk=goal.pk).update(in_force_at=weeks_ago(12))
    signals_anew(cleo)
    return goal


def set_goal(goal, **fields):
    Goal.objects.filter(pk=goal.pk).update(**fields)
    signals_anew(goal.client)


def set_marking(cleo, style):
    with acting_as(cleo.user.pk), transaction.atomic():
        preferences = ContactPreferences.objects.get(client=cleo)
        preferences.set(by=cleo.user, celebrates=style)


def met(cleo, thea, *weeks):
    for number in weeks:
        hold(cleo, thea, at=weeks_ago(number))


def kinds(cleo, person):
    user = User.objects.select_related("practice").get(pk=person.pk)
    with acting_as(person.pk), transaction.atomic():
        return [one.kind for one in watch(user, [cleo.pk])]


def rate(goal, thea, *values):
    with acting_as(thea.pk), transaction.atomic():
        for number, value in enumerate(values):
            at = weeks_ago(len(values) - number)
            GoalRating.give({goal: value}, by=thea, at=at)


def test_a_goal_without_activity_for_four_sessions_is_asked_about(goal, cleo, thea):
    met(cleo, thea, 4, 3, 2)
    assert kinds(cleo, thea) == []
    met(cleo, thea, 1)
    assert kinds(cleo, thea) == ["still"]


def test_a_rating_counts_as_activity(goal, cleo, thea):
    met(cleo, thea, 5, 4, 3, 2)
    rate(goal, thea, 4)
    assert kinds(cleo, thea) == []


def test_five_equal_ratings_are_asked_about_and_four_are_not(goal, cleo, thea):
    rate(goal, thea, 3, 5, 5, 5, 5)
    assert kinds(cleo, thea) == []
    rate(goal, thea, 5)
    assert kinds(cleo, thea) == ["flat-therapist"]
    rate(goal, cleo.user, 4, 4, 4, 4)
    assert kinds(cleo, thea) == []  # from now on Cleo's ratings count
    rate(goal, cleo.user, 4)
    assert kinds(cleo, thea) == ["flat"]


def test_a_withdrawn_rating_does_not_make_it_flat(goal, cleo, thea):
    rate(goal, thea, 5, 5, 5, 5, 5)
    with acting_as(thea.pk), transaction.atomic():
        goal.ratings.order_by("-at").first().withdraw(by=thea)
    assert kinds(cleo, thea) == []


def test_deciding_to_keep_it_answers_the_question(goal, sign_in, cleo, thea):
    rate(goal, thea, 5, 5, 5, 5, 5)
    for person in (thea, cleo.user):
        with acting_as(person.pk), transaction.atomic():
            mine = Goal.objects.select_related("client__user", "review").get(pk=goal.pk)
            review = Review.begin(mine, by=person)
            review.goal = mine
            review.answer({"goal_fits": "yes", "choice": "keep"}, by=person)
    goal.refresh_from_db()
    assert goal.review_id is None
    assert goal.review_on > thea.today()
    # Cleo's answer decided it, so Thea is notified until she opens the goal.
    assert kinds(cleo, thea) == ["decided-keep"]
    assert kinds(cleo, cleo.user) == []
    sign_in(thea).get(goal.get_absolute_url())
    assert kinds(cleo, thea) == []


def test_on_its_review_date_both_are_asked_to_review_it(goal, sign_in, cleo, thea):
    set_goal(goal, review_on=thea.today())
    assert kinds(cleo, thea) == ["review"]
    assert "Goal review due" in sign_in(cleo.user).get("/portal/").content.decode()
    assert "Goal review due" in sign_in(thea).get("/today/").content.decode()


def test_before_that_day_nobody_is_asked(goal, cleo, thea):
    set_goal(goal, review_on=thea.today() + timedelta(days=1))
    assert kinds(cleo, thea) == kinds(cleo, cleo.user) == []


def test_the_review_date_is_in_the_readers_time_zone(goal, cleo, thea):
    for person, zone in ((thea, "Pacific/Kiritimati"), (cleo.user, "Pacific/Niue")):
        User.objects.filter(pk=person.pk).update(time_zone=zone)  # 25 hours apart
    thea.refresh_from_db()
    set_goal(goal, review_on=thea.today())
    assert kinds(cleo, thea) == ["review"]
    assert kinds(cleo, cleo.user) == []


def test_a_due_review_comes_before_a_question(goal, cleo, thea):
    rate(goal, thea, 5, 5, 5, 5, 5)
    assert kinds(cleo, thea) == ["flat-therapist"]
    set_goal(goal, review_on=thea.today())
    assert kinds(cleo, thea) == ["review"]


def test_the_side_without_an_answer_is_asked_and_the_other_is_not(goal, cleo, thea):
    with acting_as(thea.pk), transaction.atomic():
        mine = Goal.objects.select_related("client__user").get(pk=goal.pk)
        review = Review.begin(mine, by=thea)
        review.answer({"goal_fits": "yes"}, by=thea)
    assert kinds(cleo, thea) == []
    assert kinds(cleo, cleo.user) == ["answer"]


def test_a_comment_not_discussed_for_two_sessions_is_on_both_home_pages(
    goal, sign_in, cleo, thea
):
    with acting_as(cleo.user.pk), transaction.atomic():
        said = Comment.say(goal, "Ten is too far away", by=cleo.user)
    Comment.objects.filter(pk=said.pk).update(at=weeks_ago(3))
    signals_anew(cleo)
    met(cleo, thea, 2)
    assert kinds(cleo, thea) == []
    met(cleo, thea, 1)
    assert kinds(cleo, thea) == ["said"]
    for person, url in ((cleo.user, "/portal/"), (thea, "/today/")):
        page = sign_in(person).get(url).content.decode()
        assert "discussed for two sessions" in page
    with acting_as(thea.pk), transaction.atomic():
        said.talked_about(thea.today(), "Ten is “boring” now", by=thea)
    assert kinds(cleo, thea) == []


def test_theo_gets_no_notification_about_cleos_goals(goal, cleo, thea, theo):
    set_goal(goal, review_on=thea.today())
    assert kinds(cleo, theo) == []


def test_what_they_want_to_talk_about_is_on_top_for_both(goal, sign_in, cleo, thea):
    with acting_as(thea.pk), transaction.atomic():
        goal.propose_version({"own_words": "One stop"}, by=thea)
    with acting_as(cleo.user.pk), transaction.atomic():
        version = goal.latest
        version.differ("I want the town", by=cleo.user)
        version.suggest_next("talk", by=cleo.user)
    session = book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    for person, url in ((cleo.user, "/portal/"), (thea, "/today/")):
        assert "alk about" in sign_in(person).get(url).content.decode()
    on_top = {
        f"/sessions/{session.pk}/": "wants to talk about a goal you see differently.",
        f"/clients/{cleo.pk}/": "You each see this goal differently.",
    }
    for url, said in on_top.items():
        since = sign_in(thea).get(url).content.decode()
        since = re.split("Since last session|Since last session", since)[-1]
        assert said in since.partition("</section>")[0]
    assert "talk-client" in kinds(cleo, thea)
    TherapySession.objects.filter(pk=session.pk).update(state="held")
    signals_anew(cleo)
    assert "talk-client" not in kinds(cleo, thea)


def test_the_person_who_asked_for_the_talk_is_named_to_both(goal, sign_in, cleo, thea):
    with acting_as(thea.pk), transaction.atomic():
        version = goal.propose_version({"own_words": "One stop"}, by=thea)
        version.differ("The town can wait", by=thea)
        version.suggest_next("talk", by=thea)

    def homes():
        pages = ((cleo.user, "/portal/"), (thea, "/today/"))
        return [sign_in(who).get(url).content.decode() for who, url in pages]

    hers, theirs = homes()
    assert "Your therapist wants to talk about this" in hers
    assert "to talk about a goal" not in theirs  # Thea knows what she suggested
    with acting_as(cleo.user.pk), transaction.atomic():
        goal.latest.suggest_next("talk", by=cleo.user)
    hers, theirs = homes()
    assert "You both want to talk about this" in hers
    assert "You both want to talk about a goal you see differently." in theirs


def withdraw(goal, by):
    goal.in_force.goal = goal
    goal.in_force.withdraw_key("Too much", by=by)


def decline(goal, by):
    goal.latest.goal = goal
    goal.latest.decline("Not now", by=by)


def differ(goal, by):
    goal.latest.goal = goal
    goal.latest.differ("The town", by=by)


def agree(goal, by):
    goal.latest.goal = goal
    goal.latest.agree(by=by)


ANSWERS = {
    "agreed": (
        agree,
        "The client agreed to the wording of a goal. It is in effect.",
        "Your therapist agreed to this wording. It is in effect",
    ),
    "withdrawn": (
        withdraw,
        "The client withdrew the agreement to a goal. It is not in effect.",
        "Your therapist withdrew the agreement to this goal. It is not in effect",
    ),
    "declined": (
        decline,
        "The client declined a new wording. The agreed one stays in effect.",
        "Your therapist declined your new wording. The agreed one stays in effect",
    ),
    "differs": (
        differ,
        "The client sees a goal differently.",
        "Your therapist sees this goal differently",
    ),
}


@pytest.mark.parametrize("by_client", [True, False])
@pytest.mark.parametrize("kind", ANSWERS)
def test_the_other_side_is_notified_of_the_answer_until_it_opens_the_goal(
    goal, sign_in, cleo, thea, kind, by_client
):
    act, to_thea, to_cleo = ANSWERS[kind]
    one, other = (cleo.user, thea) if by_client else (thea, cleo.user)

    def fresh():
        rows = Goal.objects.select_related("client__user", "latest", "in_force")
        return rows.get(pk=goal.pk)

    if kind != "withdrawn":
        with acting_as(other.pk), transaction.atomic():
            fresh().propose_version({"own_words": "One stop"}, by=other)
    with acting_as(one.pk), transaction.atomic():
        act(fresh(), one)
    assert kinds(cleo, one) == []
    assert kinds(cleo, other) == [kind]
    home = "/today/" if by_client else "/portal/"
    page = f"/goals/{goal.pk}/" if by_client else f"/portal/goals/{goal.pk}/"
    browser, said = sign_in(other), to_thea if by_client else to_cleo
    assert said in browser.get(home).content.decode()
    assert browser.get(page).status_code == 200
    assert kinds(cleo, other) == []
    assert said not in browser.get(home).content.decode()


def test_the_first_agreement_to_a_goal_notifies_its_proposer(sign_in, cleo, thea):
    goal = propose(cleo, thea)
    assert kinds(cleo, thea) == []
    act(cleo.user, goal, lambda found: found.latest.agree(by=cleo.user))
    assert kinds(cleo, cleo.user) == []
    page = sign_in(thea).get("/today/").content.decode()
    assert "The client agreed to the wording of a goal. It is in effect." in page
    assert f'href="/goals/{goal.pk}/"' in page


def test_starting_a_review_does_not_notify_that_another_person_did(
    goal, sign_in, cleo, thea
):
    act(cleo.user, goal, lambda found: Review.begin(found, by=cleo.user))
    page = sign_in(cleo.user).get("/portal/").content.decode()
    assert "You started a goal review: add your answers" in page
    page = sign_in(thea).get("/today/").content.decode()
    assert "The client started a goal review. Add your answers." in page


def test_cleo_is_told_that_her_therapist_started_a_review(goal, sign_in, cleo, thea):
    act(thea, goal, lambda found: Review.begin(found, by=thea))
    page = sign_in(cleo.user).get("/portal/").content.decode()
    assert "Your therapist started a goal review: add your answers" in page
    page = sign_in(thea).get("/today/").content.decode()
    assert "Goal review: your answers are missing." in page
    assert "started a goal review" not in page


def test_an_agreement_given_again_settles_a_withdrawal(goal, cleo, thea):
    with acting_as(cleo.user.pk), transaction.atomic():
        mine = Goal.objects.select_related("client__user", "in_force").get(pk=goal.pk)
        withdraw(mine, cleo.user)
        mine.latest.goal = mine
        mine.latest.agree(by=cleo.user)
    assert kinds(cleo, thea) == ["agreed"]


@pytest.mark.parametrize(("style", "asked"), [("talk", ["reached"]), ("nobody", [])])
def test_a_reached_goal_is_mentioned_only_as_cleo_chose(goal, cleo, thea, style, asked):
    set_marking(cleo, style)
    set_goal(goal, closed_at=timezone.now(), ended_as="reached")
    assert kinds(cleo, thea) == asked


def test_both_are_reminded_to_talk_about_a_reached_goal(goal, sign_in, cleo, thea):
    set_marking(cleo, "talk")
    set_goal(goal, closed_at=timezone.now(), ended_as="reached")
    for person, url, said in (
        (cleo.user, "/portal/", "Goal reached: to talk about at your next session"),
        (thea, "/today/", "Goal reached. The client prefers to talk about it."),
    ):
        answer = sign_in(person).get(url)
        assert answer.status_code == 200
        assert said in answer.content.decode()


def test_every_kind_of_signal_has_a_text_on_both_pages():
    every = {kind for rule in signals.RULES for kind in rule.kinds}
    assert {"talk", "reached", "still", "flat", "strength"} <= every
    assert every == set(WATCHED)
    clients_own = {"strength", "correction"}  # these are for the client only
    assert every - clients_own == set(TO_THERAPIST)


def test_a_kind_without_text_breaks_neither_page(
    goal, sign_in, cleo, thea, monkeypatch
):
    set_goal(goal, review_on=thea.today())
    for words in (WATCHED, TO_THERAPIST):
        monkeypatch.delitem(words, "review")
    for person, url in ((cleo.user, "/portal/"), (thea, "/today/")):
        answer = sign_in(person).get(url)
        assert answer.status_code == 200
        assert "A goal needs your attention" in answer.content.decode()


def test_a_strength_waiting_for_cleos_answer_is_on_her_home_only(sign_in, cleo, thea):
    strength(cleo, by=thea)
    assert kinds(cleo, cleo.user) == ["strength"]
    assert kinds(cleo, thea) == []
    assert (
        "A strength was noticed" in sign_in(cleo.user).get("/portal/").content.decode()
    )


def test_on_today_a_stalled_goal_is_asked_about_only_before_a_session(
    goal, sign_in, cleo, thea
):
    rate(goal, thea, 5, 5, 5, 5, 5)
    browser = sign_in(thea)
    asked = "last five ratings of a goal are the same"
    assert asked not in browser.get("/today/").content.decode()
    book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    assert asked in browser.get("/today/").content.decode()


def test_by_sql_each_reads_only_their_own_sides_signals(
    goal, cleo, carl, thea, theo, ada
):
    set_goal(goal, review_on=thea.today())
    sides = {thea: ["therapist"], cleo.user: ["client"]}
    for person in (thea, cleo.user, theo, carl.user, ada):
        with acting_as(person.pk), transaction.atomic():
            found = Signal.objects.open().values_list("side", flat=True)
            assert list(found) == sides.get(person, [])


def test_resuming_a_goal_notifies_the_other_side(cleo, thea):
    goal = agreed_goal(cleo, thea)
    for person in (thea, cleo.user):
        answer(goal, person, choice="aside")
    assert kinds(cleo, thea) == ["decided-aside"]
    act(cleo.user, goal, lambda found: found.take_up(by=cleo.user))
    assert "taken-up" in kinds(cleo, thea)
    assert "taken-up" not in kinds(cleo, cleo.user)
