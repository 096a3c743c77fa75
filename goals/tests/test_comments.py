"""Comments with receipts, order of steps, scores, links, comments on ratings."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from pypdf import PdfReader

from conftest import in_care
from database.identity import acting_as
from goals.models import Comment, Goal, GoalLink, GoalRating, GoalScore, Step
from tests.cast import agreed_goal, hold
from transfer.export.pdf import draw
from transfer.export.read import read_record


@pytest.fixture
def goal(cleo, thea):
    return agreed_goal(cleo, thea, ratings=[3])


def shown(browser, goal, portal=False):
    start = "/portal" if portal else ""
    return strip_tags(browser.get(f"{start}/goals/{goal.pk}/").content.decode())


# -- comments -------------------------------------------------------------------------


def test_cleos_comment_is_marked_seen_discussed_and_changed(goal, sign_in, cleo, thea):
    hers, theas = sign_in(cleo.user), sign_in(thea)
    form = hers.get(reverse("portal-goal-comment", args=[goal.pk])).content.decode()
    assert "Both of you can read it with the goal" in form
    said = {"words": "Could ten just be “boring”?", "once": ""}
    hers.post(reverse("portal-goal-comment", args=[goal.pk]), said)
    assert "Not seen yet" in shown(hers, goal, portal=True)
    assert said["words"] in shown(theas, goal)
    page = shown(hers, goal, portal=True)
    assert "Seen today" in page
    assert "Not discussed yet" in page
    talked = reverse("comment-talked", args=[Comment.objects.get().pk])
    theas.post(talked, {"discussed_on": thea.today(), "changed": "Ten is boring now"})
    page = shown(hers, goal, portal=True)
    assert "Discussed today" in page and said["words"] in page  # it stays there
    assert "Ten is boring now" in page


def test_a_supervisors_opening_does_not_mark_it_as_seen(
    goal, sign_in, cleo, thea, theo
):
    in_care(cleo, theo, "supervisor")
    with acting_as(cleo.user.pk), transaction.atomic():
        Comment.say(goal, "Hm", by=cleo.user)
    shown(sign_in(theo), goal)
    assert "Not seen yet" in shown(sign_in(cleo.user), goal, portal=True)


def test_cleos_own_opening_does_not_count_as_seen(goal, sign_in, cleo):
    hers = sign_in(cleo.user)
    said = {"words": "Hm", "once": ""}
    hers.post(reverse("portal-goal-comment", args=[goal.pk]), said)
    shown(hers, goal, portal=True)
    assert "Not seen yet" in shown(hers, goal, portal=True)


def test_theas_own_opening_does_not_count_as_seen_by_cleo(goal, sign_in, cleo, thea):
    with acting_as(thea.pk), transaction.atomic():
        Comment.say(goal, "How was it?", by=thea)
    theas = sign_in(thea)
    shown(theas, goal)
    assert "Not seen yet" in shown(theas, goal)
    shown(sign_in(cleo.user), goal, portal=True)
    assert "Seen today" in shown(theas, goal)


def test_it_cannot_be_marked_as_discussed_in_the_future(goal, sign_in, thea):
    with acting_as(thea.pk), transaction.atomic():
        said = Comment.say(goal, "Hm", by=thea)
    url = reverse("comment-talked", args=[said.pk])
    page = sign_in(thea).post(url, {"discussed_on": "2999-01-01"}).content.decode()
    assert "between the comment and today" in page


def test_nobody_writes_a_receipt_in_another_name(goal, cleo, thea):
    with acting_as(cleo.user.pk), transaction.atomic():
        Comment.say(goal, "Hm", by=cleo.user)
    with pytest.raises(DatabaseError), acting_as(thea.pk), transaction.atomic():
        Comment.objects.update(discussed_on=thea.today(), discussed_by=cleo.user)


# -- steps ----------------------------------------------------------------------------


@pytest.fixture
def steps(goal, thea):
    with acting_as(thea.pk), transaction.atomic():
        return [Step.add(goal, words, by=thea) for words in ("One", "Two", "Three")]


def order(goal):
    return [step.position for step in goal.steps.not_dropped()], [
        step.pk for step in goal.steps.not_dropped()
    ]


def test_a_step_is_moved_without_dragging(goal, steps, sign_in, cleo):
    one, two, three = steps
    hers = sign_in(cleo.user)
    hers.post(reverse("portal-step-up", args=[one.pk]))
    assert order(goal)[1] == [two.pk, one.pk, three.pk]
    hers.post(reverse("portal-step-down", args=[three.pk]))
    assert order(goal)[1] == [two.pk, three.pk, one.pk]
    hers.post(reverse("portal-step-up", args=[one.pk]))  # it is already the last
    assert order(goal)[1] == [two.pk, three.pk, one.pk]


def test_a_reached_step_cannot_be_moved_or_removed(goal, steps, sign_in, thea):
    one, two, _three = steps
    browser = sign_in(thea)
    browser.post(reverse("step-reach", args=[one.pk]))
    browser.post(reverse("step-up", args=[one.pk]))
    browser.post(reverse("step-drop", args=[one.pk]))
    assert order(goal)[1][0] == one.pk
    browser.post(reverse("step-drop", args=[two.pk]))
    assert two.pk not in order(goal)[1]
    assert browser.post(reverse("step-reach", args=[two.pk])).status_code == 404


def test_a_plan_needs_both_an_if_and_a_then(goal, sign_in, thea):
    url = reverse("step-add", args=[goal.pk])
    half = {"words": "One stop", "cue": "it comes", "plan": ""}
    page = sign_in(thea).post(url, half, follow=True).content.decode()
    assert "A plan needs both" in page
    done = sign_in(thea).post(url, half | {"plan": "I stay"}, follow=True)
    assert "Step added." in done.content.decode()
    page = shown(sign_in(thea), goal)
    assert "it comes" in page
    assert "I stay" in page


# -- ratings and scores ---------------------------------------------------------------


def test_a_comment_on_a_rating_is_read_by_the_other_side(goal, sign_in, cleo, thea):
    url = reverse("portal-goal-rate", args=[goal.pk])
    said = {"value": "5", "word": "wobbly", "context": "It rained"}
    sign_in(cleo.user).post(url, said)
    page = shown(sign_in(thea), goal)
    assert "wobbly" in page
    assert "It rained" in page


def test_only_a_therapist_can_say_that_both_chose_it(goal, sign_in, cleo, thea):
    said = {"value": "5", "together": "on"}
    sign_in(cleo.user).post(reverse("portal-goal-rate", args=[goal.pk]), said)
    assert not GoalRating.objects.filter(together=True).exists()
    sign_in(thea).post(reverse("goal-rate", args=[goal.pk]), said)
    assert GoalRating.objects.get(together=True).by == thea


def test_a_rating_chosen_together_says_so_wherever_its_author_is_named(
    goal, sign_in, cleo, thea
):
    session = hold(cleo, thea, at=timezone.now() - timedelta(days=7))
    theas, hers = sign_in(thea), sign_in(cleo.user)
    with acting_as(thea.pk), transaction.atomic():
        goal.rate(7, by=thea, session=session, together=True)
    for browser, portal in ((theas, False), (hers, True)):
        assert "Thea, chosen together" in shown(browser, goal, portal=portal)
    pages = [
        (theas, session.get_absolute_url()),
        (hers, reverse("portal-session", args=[session.pk])),
    ]
    for browser, url in pages:
        page = strip_tags(browser.get(url).content.decode())
        assert page.count("chosen together") == 1, url
    with acting_as(cleo.user.pk), transaction.atomic():
        pdf = draw(read_record(cleo, cleo.user))
    words = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    assert "Thea, 2 ratings" in words
    assert "1 of them chosen together" in words


def test_importance_and_confidence_have_their_questions(goal, sign_in, cleo, thea):
    url = reverse("portal-goal-numbers", args=[goal.pk])
    said = {"importance": "8", "importance_why": "It is my town", "confidence": ""}
    page = sign_in(cleo.user).post(url, {"confidence_why": "x"}).content.decode()
    assert "Choose a number." in page
    sign_in(cleo.user).post(url, said)
    page = shown(sign_in(thea), goal)
    assert "How important: 8" in page
    assert "It is my town" in page


def test_the_database_rejects_a_score_outside_its_scale(goal, thea):
    for kind, value in (("attainment", 3), ("importance", 11), ("confidence", -1)):
        with pytest.raises(DatabaseError), acting_as(thea.pk), transaction.atomic():
            GoalScore.give(goal, kind, value, by=thea)


# -- links between goals --------------------------------------------------------------


def test_two_goals_are_linked_once_and_never_with_themselves(goal, cleo, thea):
    with acting_as(thea.pk), transaction.atomic():
        other = Goal.propose(cleo, {"own_words": "Sleep"}, by=thea)
        GoalLink.make(goal, other, "helps", by=thea)
    for second in (other, goal):
        with pytest.raises(DatabaseError), acting_as(thea.pk), transaction.atomic():
            GoalLink.make(goal, second, "hinders", by=thea)


def test_a_link_is_shown_on_both_goals(goal, sign_in, cleo, thea):
    with acting_as(thea.pk), transaction.atomic():
        other = Goal.propose(cleo, {"own_words": "Sleep all night"}, by=thea)
        GoalLink.make(goal, other, "hinders", by=thea)
    browser = sign_in(thea)
    assert "Sleep all night" in shown(browser, goal)
    assert "It gets in the way of this" in shown(browser, other)


def test_carls_goal_cannot_be_linked_to_cleos(goal, sign_in, carl, theo, thea):
    theirs = agreed_goal(carl, theo)
    url = reverse("goal-link", args=[goal.pk])
    said = {"kind": "helps", "other": str(theirs.pk)}
    assert sign_in(thea).post(url, said).status_code == 200
    assert not GoalLink.objects.exists()


def test_a_closed_goal_cannot_be_rated_or_given_steps(goal, sign_in, cleo):
    Goal.objects.filter(pk=goal.pk).update(closed_at=goal.created_at, ended_as="aside")
    hers = sign_in(cleo.user)
    before = goal.ratings.count()
    hers.post(reverse("portal-goal-rate", args=[goal.pk]), {"value": "5"})
    hers.post(reverse("portal-step-add", args=[goal.pk]), {"words": "One stop"})
    assert goal.ratings.count() == before
    assert not goal.steps.exists()
