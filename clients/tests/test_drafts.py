"""A draft belongs to its author's target, fits a save, and lasts 30 days."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from clients.drafts import KINDS
from clients.models import Draft
from conftest import admit
from database.identity import acting_as
from goals.models import Comment, Goal
from tests.cast import agreed_goal, hold
from therapy import tasks

JSON = {"accept": "application/json"}


def draft(browser, client, kind, target, **typed):
    url = f"/drafts/{client.pk}/{kind}/{target}/"
    return browser.post(url, {"revision": 0, **typed}, headers=JSON)


def test_a_draft_belongs_to_a_target_that_exists(sign_in, thea, cleo):
    browser = sign_in(thea)
    browser.get("/today/")  # the first request loads the forms
    assert len(KINDS) >= 11
    for kind in KINDS:
        assert draft(browser, cleo, kind, uuid4(), words="x").status_code == 404, kind
    assert not Draft.objects.exists()


def test_a_draft_belongs_to_a_target_of_the_same_client(sign_in, thea, cleo):
    other = admit("Mina Berg", by=thea)
    goal = agreed_goal(other, thea)
    browser = sign_in(thea)
    for kind in KINDS:
        assert draft(browser, cleo, kind, goal.pk, words="x").status_code == 404, kind
    assert draft(browser, other, "comment", goal.pk, words="x").status_code == 200


def test_a_draft_belongs_to_a_target_that_its_author_may_edit(
    sign_in, theo, thea, cleo, carl
):
    goal = agreed_goal(cleo, thea)
    answer = draft(sign_in(theo), carl, "comment", goal.pk, words="x")
    assert answer.status_code == 404


def test_a_comments_draft_belongs_to_a_comment(sign_in, thea, cleo):
    goal = agreed_goal(cleo, thea)
    with acting_as(thea.pk), transaction.atomic():
        said = Comment.say(Goal.objects.get(), "How was it?", by=thea)
    browser = sign_in(thea)
    assert draft(browser, cleo, "talked", goal.pk, changed="x").status_code == 404
    assert draft(browser, cleo, "talked", said.pk, changed="x").status_code == 200


@pytest.mark.parametrize(
    ("kind", "field", "most"),
    [("comment", "words", 1000), ("goal", "own_words", 500), ("goal", "level_2", 500),
     ("review", "goal_words", 500), ("rating", "word", 40)],
)  # fmt: skip
def test_a_draft_has_the_same_length_limit_as_the_save(
    sign_in, thea, cleo, kind, field, most
):
    goal = agreed_goal(cleo, thea)
    browser = sign_in(thea)
    assert draft(browser, cleo, kind, goal.pk, **{field: "ä" * most}).status_code == 200
    longer = {field: "ä" * (most + 1), "revision": 1}
    answer = draft(browser, cleo, kind, goal.pk, **longer)
    assert answer.status_code == 422
    assert answer.json()["reason"] == "Too long by 1 character. Shorten it to save."
    assert "ä" * most in Draft.objects.get().body


def test_a_line_break_is_one_character_in_a_draft(sign_in, thea, cleo):
    goal = agreed_goal(cleo, thea)
    words = "a\r\n" * 500
    answer = draft(sign_in(thea), cleo, "comment", goal.pk, words=words)
    assert answer.status_code == 200


def test_a_draft_is_at_most_64_kb(sign_in, thea, cleo):
    goal = agreed_goal(cleo, thea)
    typed = {f"field{number}": "x" * 1000 for number in range(70)}
    answer = draft(sign_in(thea), cleo, "comment", goal.pk, **typed)
    assert answer.status_code == 422
    assert not Draft.objects.exists()


def test_every_field_of_a_form_is_restored(sign_in, thea, cleo):
    browser = sign_in(thea)
    typed = {"own_words": "Sleep", "today": "4", "importance": "9",
             "review_on": "2027-03-01", "weight_difficulty": "2"}  # fmt: skip
    assert draft(browser, cleo, "goal", cleo.pk, **typed).status_code == 200
    form = browser.get(f"/clients/{cleo.pk}/goals/add/").context["form"]
    assert {name: form[name].value() for name in typed} == typed


def test_a_draft_is_deleted_30_days_after_its_last_change(
    real_login, sign_in, thea, cleo
):
    goal = agreed_goal(cleo, thea)
    browser = sign_in(thea)
    draft(browser, cleo, "comment", goal.pk, words="Old")
    draft(browser, cleo, "step", goal.pk, words="New")
    now = timezone.now()
    rows = Draft.objects.filter(kind="comment")
    rows.update(saved_at=now - timedelta(days=30, minutes=1))
    Draft.objects.filter(kind="step").update(saved_at=now - timedelta(days=29))
    with real_login("cairn_worker"):
        tasks.tick()
    assert [row.kind for row in Draft.objects.all()] == ["step"]


def test_a_second_tab_is_told_who_wrote_the_saved_text_and_when(sign_in, thea, cleo):
    goal = agreed_goal(cleo, thea)
    browser = sign_in(thea)
    draft(browser, cleo, "comment", goal.pk, words="First tab")
    answer = draft(browser, cleo, "comment", goal.pk, words="Second tab")
    assert answer.status_code == 409
    assert answer.json()["text"] == "First tab"
    assert "you saved this in another tab at" in answer.json()["reason"]


@pytest.mark.parametrize(
    ("zone", "hour"), [("Asia/Tokyo", "11:02 pm"), ("America/Denver", "7:02 am")]
)
def test_the_time_saved_uses_the_accounts_time_zone(sign_in, thea, cleo, zone, hour):
    """The browser's own time zone may differ on a trip."""
    goal = agreed_goal(cleo, thea)
    thea.time_zone = zone
    thea.save(update_fields=["time_zone"])
    browser = sign_in(thea)
    draft(browser, cleo, "comment", goal.pk, words="First")
    winter = datetime(2026, 12, 1, 14, 2, tzinfo=UTC)
    Draft.objects.update(saved_at=winter)
    answer = draft(browser, cleo, "comment", goal.pk, words="Second tab")
    assert hour in answer.json()["reason"]


# By kind of draft: the form's URL, one of its text fields, other fields to send.
SAVES = {
    "comment": ("/goals/{goal}/comments/", "words", {}),
    "step": ("/goals/{goal}/steps/", "words", {}),
    "goal": ("/clients/{client}/goals/add/", "own_words", {}),
    "strength": ("/clients/{client}/strengths/add/", "moment", {"name": "Patience"}),
    "addition": ("/sessions/{session}/add/", "text", {"kind_of_addition": "addendum"}),
}


@pytest.fixture(params=SAVES)
def form(request, thea, cleo):
    """(kind, its target, its URL, one of its text fields, other fields to send)."""
    rows = {
        "goal": agreed_goal(cleo, thea).pk,
        "session": hold(cleo, thea, at=timezone.now() - timedelta(days=3)).pk,
        "client": cleo.pk,
    }
    address, field, more = SAVES[request.param]
    target = rows[re.search(r"{(\w+)}", address)[1]]
    return request.param, target, address.format(**rows), field, more


def test_a_save_keeps_the_draft_that_another_tab_wrote(sign_in, thea, cleo, form):
    kind, target, url, field, more = form
    browser = sign_in(thea)
    draft(browser, cleo, kind, target, **{field: "The first tab"})
    theirs = {field: "The second tab", "revision": 1}
    assert draft(browser, cleo, kind, target, **theirs).status_code == 200
    sent = {field: "The first tab", "once": uuid4(), "revision": 1, **more}
    assert browser.post(url, sent).status_code == 302
    assert "The second tab" in Draft.objects.get().body
    assert "The second tab" in browser.get(url).content.decode()


def test_a_save_deletes_the_draft_that_its_page_had(sign_in, thea, cleo, form):
    kind, target, url, field, more = form
    browser = sign_in(thea)
    draft(browser, cleo, kind, target, **{field: "Half a sen"})
    sent = {field: "A sentence.", "once": uuid4(), "revision": 1, **more}
    assert browser.post(url, sent).status_code == 302
    assert not Draft.objects.exists()


def test_a_save_of_the_same_text_deletes_the_draft(sign_in, thea, cleo, form):
    """The response to the last autosave arrived after the form was sent."""
    kind, target, url, field, more = form
    browser = sign_in(thea)
    words = {field: "One\r\ntwo", **more}
    draft(browser, cleo, kind, target, **words)
    sent = {"once": uuid4(), "revision": 0, **words}
    assert browser.post(url, sent).status_code == 302
    assert not Draft.objects.exists()
