"""A form that is sent again under its key: the same words lead on, others come back."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from clients.models import Client, Correction, SupervisionComment
from conftest import in_care, person
from goals.models import Comment, Goal, Strength, Win
from notes.models import NoteAddition
from tests.cast import agreed_goal, hold

SENT = "This was already sent with different"
SECOND = "Words that were typed the second time"
CLIENT = {
    "preferred_name": "Nadia", "family_name": "Rahimi", "pronouns": "she/her",
    "email": "nadia@example.test", "phone": "07700 900418",
}  # fmt: skip
DETAILS = CLIENT | {
    "emergency_name": "Leila, sister", "emergency_phone": "07700 900263",
    "presenting_concern": "Wakes at four.", "portal": "invite",
}  # fmt: skip
GOAL = {
    "own_words": "Take the bus", "why": "My sister lives there",
    "first_step": "Look up the line", "cue": "", "plan": "", "today": "3",
}  # fmt: skip
STRENGTH = {"moment": "I rang her back", "name": "courage", "setting": "at home"}
BOTH_SIDES = {
    "a goal": (GOAL, Goal, ("own_words", "why", "first_step")),
    "a strength": (STRENGTH, Strength, ("moment", "name", "setting")),
    "a win": ({"words": "I took the bus"}, Win, ("words",)),
    "a comment": ({"words": "It moved"}, Comment, ("words",)),
}


@pytest.fixture
def places(thea, theo, ada, cleo, practice):
    """By what is sent: who, where, what, its table, and the fields with words."""
    goal = agreed_goal(cleo, thea)
    session = hold(cleo, thea, at=timezone.now() - timedelta(days=1))
    iris = person(practice, "Iris", is_therapist=True)
    in_care(cleo, iris, "supervisor")
    hers = {
        "a goal": f"/clients/{cleo.pk}/goals/add/",
        "a strength": f"/clients/{cleo.pk}/strengths/add/",
        "a win": f"/clients/{cleo.pk}/wins/",
        "a comment": f"/goals/{goal.pk}/comments/",
    }
    own = {
        "a goal": "/portal/goals/add/",
        "a strength": "/portal/strengths/add/",
        "a win": "/portal/wins/",
        "a comment": f"/portal/goals/{goal.pk}/comments/",
    }
    found = {f"{k}, therapist": (thea, hers[k], *v) for k, v in BOTH_SIDES.items()}
    found |= {f"{k}, client": (cleo.user, own[k], *v) for k, v in BOTH_SIDES.items()}
    asks = {"about": "A name", "words": "It is Leila"}
    adds = {"kind_of_addition": "late_entry", "text": "She rang.", "reason": "Forgot"}
    therapist = {"therapist": str(theo.pk)}
    names = ("preferred_name", "family_name")
    return found | {
        "a correction": (
            cleo.user, "/portal/corrections/", asks, Correction, ("about", "words")
        ),
        "an addition": (
            thea, f"/sessions/{session.pk}/add/", adds, NoteAddition,
            ("text", "reason"),
        ),
        "to the therapist": (
            iris, f"/clients/{cleo.pk}/comments/", {"words": "Well done"},
            SupervisionComment, ("words",),
        ),
        "a client": (
            thea, "/clients/add/", DETAILS, Client, (*names, "presenting_concern")
        ),
        "a client, admin": (
            ada, "/care-roles/bring/", CLIENT | therapist, Client, names
        ),
    }  # fmt: skip


KINDS = [
    *(f"{kind}, {side}" for kind in BOTH_SIDES for side in ("therapist", "client")),
    "a correction", "an addition", "to the therapist", "a client", "a client, admin",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_words_twice_are_kept_once_and_lead_on(sign_in, places, kind):
    who, url, said, model, _words = places[kind]
    browser, said = sign_in(who), said | {"once": str(uuid4())}
    first = browser.post(url, said)
    assert first.status_code == 302, first.content.decode()
    many = model.objects.count()
    assert browser.post(url, said).url == first.url
    assert model.objects.count() == many


@pytest.mark.parametrize("kind", KINDS)
def test_other_words_come_back_and_are_kept_when_sent_again(sign_in, places, kind):
    who, url, said, model, words = places[kind]
    browser = sign_in(who)
    for field in words:
        before, once = said | {"once": str(uuid4())}, {}
        assert browser.post(url, before).status_code == 302
        many = model.objects.count()
        other = before | {field: SECOND}
        answer = browser.post(url, other)
        page = answer.content.decode()
        assert answer.status_code == 200, (field, answer)
        assert SENT in page
        assert SECOND in page
        assert model.objects.count() == many
        form = next(
            each
            for context in answer.context
            for each in context.flatten().values()
            if getattr(each, "has_once", False) and each.is_bound
        )
        once = str(form["once"].value())
        assert once != before["once"]
        assert f'value="{once}"' in page
        for _press in range(2):
            assert browser.post(url, other | {"once": once}).status_code == 302
        assert model.objects.count() == many + 1, field


@pytest.mark.parametrize("field", ["today", "importance_why", "plan"])
def test_what_is_typed_beside_a_goals_words_counts_as_well(sign_in, places, field):
    who, url, said, *_rest = places["a goal, client"]
    said |= {"once": str(uuid4()), "cue": "it rains", "plan": "I take the umbrella"}
    said |= {"importance": "7", "importance_why": "I miss her", "importance_raise": ""}
    browser = sign_in(who)
    first = browser.post(url, said)
    assert browser.post(url, said).url == first.url
    other = said | {field: "9" if field == "today" else SECOND}
    assert SENT in browser.post(url, other).content.decode()
