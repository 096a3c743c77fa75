"""Text typed about a goal is saved as a draft, in every form."""

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils.html import escape

from clients.models import Draft
from clients.sides import CLIENTS, THERAPISTS
from database.identity import acting_as
from goals.models import Comment, Goal, Review
from goals.tests.test_two_keys import propose
from tests.cast import agreed_goal

WORDS = "Half a sen"
# By kind of draft: the form's URL, one of its text fields, other fields to send.
FORMS = {
    "step": ("step_add", "words", {}),
    "comment": ("goal_comment", "words", {}),
    "talked": ("comment_talked", "changed", {}),
    "key-back": ("goal_key_back", "reason", {}),
    "differ": ("goal_differ", "words", {}),
    "review": ("goal_review", "goal_words", {"goal_fits": "yes"}),
    "numbers": ("goal_numbers", "importance_why", {"importance": "3"}),
}


@pytest.fixture(params=["thea", "cleo"])
def who(request, thea, cleo):
    return thea if request.param == "thea" else cleo.user


def address(way, name, goal, row=None):
    return reverse(way[name], args=[row or goal.pk])


@pytest.mark.parametrize("kind", FORMS)
def test_half_a_sentence_is_restored_and_deleted_with_the_save(
    kind, who, sign_in, cleo, thea
):
    way = THERAPISTS if who == thea else CLIENTS
    goal = propose(cleo, by=thea) if kind == "differ" else agreed_goal(cleo, thea)
    target = None
    with acting_as(who.pk), transaction.atomic():
        mine = Goal.objects.visible_to(who).select_related("client__user").get()
        if kind == "review":
            Review.begin(mine, by=who)
        if kind == "talked":
            target = Comment.say(mine, "How was it?", by=who).pk
    name, field, more = FORMS[kind]
    page = address(way, name, goal, target)
    browser = sign_in(who)
    keep = f"/drafts/{cleo.pk}/{kind}/{target or goal.pk}/"
    assert browser.post(keep, {field: WORDS, "revision": 0}).status_code == 200
    assert WORDS in browser.get(page).content.decode()

    other = sign_in(cleo.user if who == thea else thea)
    theirs = CLIENTS if who == thea else THERAPISTS
    if kind != "review":
        found = other.get(address(theirs, name, goal, target), follow=True)
        assert WORDS not in found.content.decode()

    if kind == "talked":
        more = {"discussed_on": who.today()}
    browser.post(page, {field: WORDS, "once": "", **more})
    assert not Draft.objects.exists()


def test_what_could_not_be_saved_stays_a_draft(sign_in, cleo, thea):
    goal = agreed_goal(cleo, thea)
    browser = sign_in(thea)
    keep = f"/drafts/{cleo.pk}/step/{goal.pk}/"
    browser.post(keep, {"words": "x", "cue": "it comes", "plan": "", "revision": 0})
    typed = {"words": " ", "revision": 1}
    page = browser.post(address(THERAPISTS, "step_add", goal), typed).content.decode()
    assert escape("Describe the step") in page
    assert 'name="revision" value="1"' in page  # the next autosave continues from it
    assert (
        "it comes"
        in browser.get(address(THERAPISTS, "step_add", goal)).content.decode()
    )


def test_the_line_for_a_harder_day_is_drafted_too(sign_in, cleo, thea):
    goal = agreed_goal(cleo, thea)
    Goal.objects.filter(pk=goal.pk).update(
        closed_at=goal.created_at, ended_as="reached"
    )
    hers = sign_in(cleo.user)
    hers.post(f"/drafts/{cleo.pk}/line/{goal.pk}/", {"line": WORDS, "revision": 0})
    page = address(CLIENTS, "goal_reached", goal)
    assert WORDS in hers.get(f"{page}?line").content.decode()
    hers.post(page, {"line": WORDS})
    assert not Draft.objects.exists()
