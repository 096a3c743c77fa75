"""The signal rules of goals: each case of one goal, as plain facts."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from goals.signal_facts import Given, GoalFacts
from goals.signals import signals_of

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BOTH = {"client", "therapist"}


def ago(days):
    return NOW - timedelta(days=days)


AGREED = {
    "in_force_at": ago(90), "is_agreed": True, "is_open": True, "closed_at": None,
    "ended_as": "", "waits_for": "", "differs_since": None, "review_on": None,
    "created_at": ago(91), "agreed_last_by": "client",
    "celebrates": "quiet", "review_opened_at": None, "review_opened_by": "",
    "answered_at": {"client": None, "therapist": None}, "answers": [], "moves": [],
    "last_rated_at": None, "ratings": {"client": [], "therapist": []},
    "last_step_at": None, "last_comment_at": None, "comments": [],
    "unanswered_at": None, "held": [],
    "opened_at": {"client": None, "therapist": None},
}  # fmt: skip


def asked(**facts) -> dict[str, set[str]]:
    """Kinds, and the sides that are asked."""
    found = {}
    for one in signals_of(GoalFacts(**AGREED | facts), NOW):
        found.setdefault(one.kind, set()).update(one.sides)
    return found


def alike(many, value=4, newest=1):
    return [(value, ago(newest + 7 * n)) for n in range(many)]


def held(*days):
    return [ago(n) for n in days]


def test_an_agreed_goal_asks_nothing():
    assert asked() == {}


# -- no activity and flat ratings ------------------------------------------------------


def test_four_sessions_without_activity_are_asked_about():
    assert asked(held=held(1, 8, 15, 22)) == {"still": BOTH}
    assert asked(held=held(1, 8, 15)) == {}


@pytest.mark.parametrize("touch", ["last_rated_at", "last_step_at", "last_comment_at"])
def test_any_activity_since_then_counts(touch):
    assert asked(held=held(1, 8, 15, 22), **{touch: ago(20)}) == {}
    assert asked(held=held(1, 8, 15, 22), **{touch: ago(23)}) == {"still": BOTH}


def test_a_history_line_counts_as_activity():
    line = [Given("client", "", ago(20), "line")]
    assert asked(held=held(1, 8, 15, 22), moves=line) == {}


def test_five_equal_ratings_are_asked_about_instead():
    quiet = {"held": held(1, 8, 15, 22), "last_rated_at": ago(30)}
    ratings = {"client": alike(5, newest=30), "therapist": []}
    assert asked(**quiet, ratings=ratings) == {"flat": BOTH}
    ratings["client"][2] = (5, ago(44))
    assert asked(**quiet, ratings=ratings) == {"still": BOTH}


def test_the_therapists_ratings_count_if_the_client_gave_none():
    ratings = {"client": [], "therapist": alike(5)}
    assert asked(ratings=ratings) == {"flat-therapist": BOTH}
    assert asked(ratings=ratings | {"client": alike(1)}) == {}


def test_a_change_in_the_history_restarts_the_count():
    ratings = {"client": alike(5), "therapist": []}
    kept = [Given("client", "keep", ago(8), "next")]
    assert asked(ratings=ratings, moves=kept) == {}
    before = [Given("client", "keep", ago(80), "next")]
    assert asked(ratings=ratings, moves=before) == {"flat": BOTH}


BUSY = {
    "not agreed": {"is_agreed": False, "in_force_at": None},
    "in review": {"review_opened_at": ago(1)},
    "disagreement": {"differs_since": ago(1)},
    "closed": {"is_open": False, "closed_at": ago(1), "ended_as": "aside"},
}


@pytest.mark.parametrize("busy", BUSY.values(), ids=BUSY)
def test_a_goal_with_something_open_is_not_asked_about(busy):
    ratings = {"client": alike(5), "therapist": []}
    assert not {"flat", "still"} & set(asked(ratings=ratings, **busy))


# -- reviews ---------------------------------------------------------------------------


def test_a_review_is_due_from_its_date_on():
    day = date(2026, 5, 1)
    [review] = signals_of(GoalFacts(**AGREED | {"review_on": day}), NOW)
    assert (review.kind, review.due_on) == ("review", day)


def test_the_side_that_did_not_answer_is_asked_to():
    begun = {"review_opened_at": ago(3), "review_on": date(2026, 3, 1)}
    begun["review_opened_by"] = "client"
    assert asked(**begun) == {"answer-own": {"client"}, "answer": {"therapist"}}
    answered = {"client": ago(2), "therapist": None}
    assert asked(**begun, answered_at=answered) == {"answer": {"therapist"}}
    answered = {"client": None, "therapist": ago(2)}
    assert asked(**begun, answered_at=answered) == {"answer-own": {"client"}}


ANSWERED = {
    "review_opened_at": ago(3),
    "answered_at": {"client": ago(2), "therapist": ago(1)},
}


@pytest.mark.parametrize(
    ("clients", "theirs", "who"),
    [
        (("", 2), ("keep", 1), {"client"}),
        (("keep", 2), ("", 1), {"therapist"}),
        (("keep", 2), ("change", 1), {"client"}),
        (("keep", 1), ("change", 2), {"therapist"}),
        (("keep", 2), ("keep", 1), set()),
    ],
)
def test_the_side_that_chose_nothing_or_chose_first_decides_again(clients, theirs, who):
    answers = [
        Given(side, choice, ago(days))
        for side, (choice, days) in (("client", clients), ("therapist", theirs))
    ]
    found = asked(**ANSWERED, answers=answers)
    assert found == ({"decide": who} if who else {})


# -- one side's action notifies the other ----------------------------------------------


def did(kind, side, days, what=""):
    return Given(side, what, ago(days), kind)


DID = {
    "withdrawn": did("key_withdrawn", "client", 3, "agreed"),
    "taken-back": did("key_withdrawn", "client", 3),
    "declined": did("declined", "client", 3),
    "differs": did("differs", "client", 3),
    "taken-up": did("taken_up", "client", 3),
    "decided-keep": did("decided", "client", 3, "keep"),
}


@pytest.mark.parametrize("kind", DID)
def test_a_notification_lasts_until_it_is_opened_or_two_weeks(kind):
    facts = {"moves": [DID[kind]], "differs_since": ago(3)}
    assert asked(**facts)[kind] == {"therapist"}
    facts["opened_at"] = {"client": ago(1), "therapist": ago(4)}
    assert asked(**facts)[kind] == {"therapist"}
    facts["opened_at"] = {"client": None, "therapist": ago(2)}
    assert kind not in asked(**facts)
    old = [DID[kind]._replace(at=ago(14))]
    assert kind not in asked(moves=old, differs_since=ago(14))


def test_an_agreement_notifies_the_side_that_agreed_before():
    agreed = {"in_force_at": ago(3), "agreed_last_by": "client"}
    assert asked(**agreed) == {"agreed": {"therapist"}}
    assert asked(**agreed | {"agreed_last_by": "therapist"}) == {"agreed": {"client"}}
    assert asked(**agreed, opened_at={"client": ago(1), "therapist": ago(4)}) == {
        "agreed": {"therapist"}
    }
    assert asked(**agreed, opened_at={"client": None, "therapist": ago(2)}) == {}
    assert asked(**agreed | {"in_force_at": ago(14)}) == {}
    closed = {"is_open": False, "closed_at": ago(1), "ended_as": "aside"}
    assert asked(**agreed, **closed) == {}


def test_an_agreement_before_a_decision_notifies_no_more():
    agreed = {"in_force_at": ago(3), "agreed_last_by": "therapist"}
    moves = [did("decided", "therapist", 2, "keep")]
    assert asked(**agreed, moves=moves) == {"decided-keep": {"client"}}
    moves = [did("decided", "therapist", 4, "change")]
    assert asked(**agreed, moves=moves) == {
        "decided-change": {"client"}, "agreed": {"client"},
    }  # fmt: skip


def test_an_agreement_before_a_later_refusal_notifies_no_more():
    agreed = {"in_force_at": ago(3), "agreed_last_by": "client"}
    moves = [did("declined", "client", 2)]
    assert asked(**agreed, moves=moves) == {"declined": {"therapist"}}


def test_only_the_last_action_notifies():
    moves = [did("declined", "client", 3), did("differs", "therapist", 2)]
    assert set(asked(moves=moves, differs_since=ago(2))) == {"differs"}


def test_a_settled_action_notifies_no_more():
    withdrawn, differs, up = DID["withdrawn"], DID["differs"], DID["taken-up"]
    agreed = asked(moves=[withdrawn], in_force_at=ago(2))
    assert agreed == {"agreed": {"therapist"}}
    assert asked(moves=[differs], differs_since=None) == {}
    assert asked(moves=[differs], differs_since=ago(2)) == {}
    closed = {"is_open": False, "closed_at": ago(1), "ended_as": "aside"}
    assert asked(moves=[up], **closed) == {}


# -- to discuss ------------------------------------------------------------------------


@dataclass
class Wish:
    client: str = ""
    therapist: str = ""

    @property
    def moves(self):
        said = {"client": self.client, "therapist": self.therapist}
        return [did("next", side, 3, what) for side, what in said.items() if what]


@pytest.mark.parametrize(
    ("wish", "kind"),
    [
        (Wish("talk", "talk"), "talk"),
        (Wish("talk", ""), "talk-client"),
        (Wish("talk", "try"), "talk-client"),
        (Wish("", "talk"), "talk-therapist"),
        (Wish("try", "leave"), None),
        (Wish("talk", "leave"), "talk-client"),
    ],
)
def test_the_person_who_wants_to_talk_is_named_until_a_session_was_held(wish, kind):
    facts = {"differs_since": ago(5), "moves": wish.moves}

    def talks(**more):
        found = asked(**facts, **more)
        return {one: found[one] for one in found if one.startswith("talk")}

    assert talks() == ({kind: BOTH} if kind else {})
    assert talks(held=held(2)) == {}
    assert talks(held=held(4)) == ({kind: BOTH} if kind else {})


@pytest.mark.parametrize("way", ["try", "third", "leave"])
@pytest.mark.parametrize("one", ["client", "therapist"])
def test_a_suggestion_asks_the_other_side_until_it_makes_one_too(way, one):
    other = "therapist" if one == "client" else "client"
    mine = did("next", one, 3, way)
    assert asked(differs_since=ago(5), moves=[mine]) == {f"suggests-{way}": {other}}
    assert asked(differs_since=ago(2), moves=[mine]) == {}
    assert asked(differs_since=None, moves=[mine]) == {}
    theirs = did("next", other, 2, way)
    found = asked(differs_since=ago(5), moves=[mine, theirs])
    if way == "third":
        assert found == {"combine": BOTH}
    else:
        assert found == {f"chosen-{way}": {one}}
        opened = {"opened_at": {one: ago(1), other: None}}
        assert asked(differs_since=ago(5), moves=[mine, theirs], **opened) == {}


@pytest.mark.parametrize("both", [True, False])
def test_a_decided_review_ends_a_trial_or_a_half_agreed_one(both):
    moves = [did("next", "client", 4, "try"), did("decided", "therapist", 2, "keep")]
    moves += [did("next", "therapist", 3, "try")] if both else []
    assert asked(differs_since=ago(5), moves=moves) == {"decided-keep": {"client"}}
    moves.append(did("next", "therapist", 1, "leave"))
    found = asked(differs_since=ago(5), moves=moves[:2] + moves[-1:])
    assert found["suggests-leave"] == {"client"}


def test_of_two_different_suggestions_the_newer_one_is_asked_about():
    moves = [did("next", "client", 3, "try"), did("next", "therapist", 2, "leave")]
    found = asked(differs_since=ago(5), moves=moves)
    assert found == {"suggests-leave": {"client"}}


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({}, "declined"),
        ({"is_agreed": False, "waits_for": "client"}, "declined-back"),
        ({"is_agreed": False}, "declined-rests"),
        ({"is_open": False, "is_agreed": False}, "declined-closed"),
    ],
)
def test_a_refusal_notifies_with_what_is_left(facts, kind):
    moves = [did("declined", "client", 3)]
    assert asked(moves=moves, **facts) == {kind: {"therapist"}}


def test_a_second_withdrawal_sets_the_goal_aside_and_says_so():
    moves = [did("key_withdrawn", "client", 3, "agreed")]
    closed = {"is_open": False, "closed_at": ago(3), "ended_as": "aside"}
    assert asked(moves=moves, **closed) == {"withdrawn-too": {"therapist"}}


def test_a_suggestion_from_an_earlier_difference_is_over():
    assert asked(differs_since=ago(2), moves=Wish("talk").moves) == {}


def test_a_reached_goal_is_mentioned_as_the_client_chose():
    reached = {"is_open": False, "closed_at": ago(3), "ended_as": "reached"}
    assert asked(**reached, celebrates="talk") == {"reached": BOTH}
    assert asked(**reached, celebrates="talk", held=held(1)) == {}
    assert asked(**reached, celebrates="nobody") == {}


def test_a_comment_not_discussed_for_two_sessions_is_asked_about():
    assert asked(unanswered_at=ago(9), held=held(1, 8)) == {"said": BOTH}
    assert asked(unanswered_at=ago(7), held=held(1, 8)) == {}
