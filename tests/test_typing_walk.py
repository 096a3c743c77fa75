"""Every form that says "Saved" is found, typed into, loaded again, and compared.

Found by walking all addresses as those who use them: a form that is new is typed into
the day it is there.
"""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from clients import drafts
from conftest import in_care, person
from database.identity import acting_as
from goals.models import Comment, Goal, Review, Strength
from tests.cast import agreed_goal, book, hold
from tests.test_walk import ALL
from toolkit.models import Assignment

pytestmark = pytest.mark.browser
# What is in a form: every control a person can fill, by its name and value.
READ = """form => {
  const seen = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || /^(hidden|submit|button|fieldset)$/.test(field.type)) continue;
    const choice = /^(radio|checkbox)$/.test(field.type);
    const values = field.options ? [...field.selectedOptions].map(one => one.value) : [field.value];
    const held = choice && !field.checked ? [] : values;
    seen[field.name] = [...(seen[field.name] ?? []), ...held];
  }
  return seen;
}"""  # noqa: E501
# Fills all of it as a person does: opens what is closed, then types and chooses.
FILL = """form => {
  for (const one of form.querySelectorAll("details")) one.open = true;
  for (const one of form.querySelectorAll(".field[hidden]")) one.hidden = false;
  const tell = (field, kind) => field.dispatchEvent(new Event(kind, {bubbles: true}));
  const done = new Set();
  let number = 0;
  for (const field of form.elements) {
    if (!field.name || field.disabled || /^(hidden|submit|button|fieldset)$/.test(field.type)) continue;
    if (field.type === "checkbox") { field.checked = !field.checked; tell(field, "change"); continue; }
    if (field.type === "radio") {
      if (done.has(field.name)) continue;
      done.add(field.name);
      const group = [...form.elements].filter(one => one.name === field.name);
      const pick = group.findLast(one => !one.checked);
      pick.checked = true; tell(pick, "change"); continue;
    }
    if (field.options) { field.selectedIndex = field.options.length - 1; tell(field, "change"); continue; }
    const lines = field.tagName === "TEXTAREA" ? "\\nsecond line 🪨 é" : " 🪨 é";
    field.value = field.type === "date" ? "2026-11-20" : `Typed ${++number}${lines}`;
    tell(field, "input");
  }
}"""  # noqa: E501


@pytest.fixture
def world(thea, theo, cleo):
    """A goal with all that may be said about it, another proposed, one reached."""
    goal = agreed_goal(cleo, thea, ratings=[4, 5, 6])
    scale = {"attainment": "\x1e".join(["a", "b", "c", "d", "e"])}
    other = agreed_goal(cleo, thea, content={"own_words": "Sleep", **scale})
    reached = agreed_goal(cleo, thea, content={"own_words": "Eat"})
    Goal.objects.filter(pk=reached.pk).update(
        closed_at=timezone.now(), ended_as="reached"
    )
    with acting_as(thea.pk), transaction.atomic():
        Review.begin(Goal.objects.get(pk=goal.pk), by=thea)
        said = Comment.say(goal, "How was it?", by=thea)
        other.propose_version({"own_words": "Sleep longer"}, by=thea)
        offered = Strength.propose(
            cleo, moment="Four buses", name="Patience", setting="", happened_on=None,
            by=thea, key=None,
        )  # fmt: skip
        exercise = Assignment.agree(cleo, "Two stops", by=thea)
    signed = hold(cleo, thea, at=timezone.now() - timedelta(days=7))
    Assignment.objects.update(set_at=timezone.now() - timedelta(days=3))
    open_one = book(cleo, thea, at=timezone.now() - timedelta(minutes=40))
    later = book(cleo, thea, at=timezone.now() + timedelta(days=2))
    return {
        "client_id": [cleo.pk],
        "goal_id": [goal.pk, other.pk, reached.pk],
        "said_id": [said.pk],
        "session_id": [open_one.pk, later.pk, signed.pk],
        "strength_id": [offered.pk],
        "assignment_id": [exercise.pk],
    }


def addresses(world, portal):
    """Every address of one side that these rows can fill."""
    for pattern in ALL:
        wanted = pattern.pattern.converters
        if not set(wanted) <= set(world) or not pattern.name:
            continue
        if pattern.name.startswith("portal-") != portal or "account" in pattern.name:
            continue
        for row in world[next(iter(wanted))] if wanted else [None]:
            kwargs = {next(iter(wanted)): row} if wanted else {}
            yield reverse(pattern.name, kwargs=kwargs)
            if pattern.name.endswith("goal-reached"):
                yield reverse(pattern.name, kwargs=kwargs) + "?line"


def drafted(browser, world, portal):
    """Those whose page has a form that is a draft."""
    for address in dict.fromkeys(addresses(world, portal)):
        answer = browser.get(address)
        if answer.status_code == 200 and b"data-draft-url" in answer.content:
            yield address


def kind_of(form):
    url = form.get_attribute("data-draft-url")
    return "note" if url.endswith("/note/") else url.split("/")[3]


def typed_and_reloaded(page, address):
    """Each draft form of the page is filled, saved, and the same after a reload."""
    page.goto(address)
    kinds = set()
    for number in range(page.locator("form[data-draft]").count()):
        form = page.locator("form[data-draft]").nth(number)
        kinds.add(kind_of(form))
        before = form.evaluate(READ)
        form.evaluate(FILL)
        filled = form.evaluate(READ)
        assert filled != before, address
        saved = page.locator("[data-saved]").first
        expect(saved).to_have_attribute("data-state", "saved")
        expect(saved).to_contain_text(re.compile(r"^\s*Saved \d"))
        page.goto("/settings/" if "portal" not in address else "/portal/")
        page.goto(address)
        form = page.locator("form[data-draft]").nth(number)
        assert form.evaluate(READ) == filled, address
        expect(page.locator("[data-conflict]")).to_be_hidden()
    return kinds


def test_what_is_typed_into_any_form_that_says_saved_is_there_after_a_reload(
    at, sign_in, world, thea, cleo
):
    kinds = set()
    for who, portal in ((thea, False), (cleo.user, True)):
        found = list(drafted(sign_in(who), world, portal))
        page = at(who, phone=portal)
        for address in found:
            kinds |= typed_and_reloaded(page, address)
    assert kinds == {*drafts.KINDS, "note"}  # each is met at least once


def test_who_only_reads_is_offered_no_form_that_says_saved(sign_in, world, thea, cleo):
    supervisor = person(thea.practice, "Iris", is_therapist=True)
    in_care(cleo, supervisor, "supervisor")
    assert not list(drafted(sign_in(supervisor), world, False))
