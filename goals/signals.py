"""Signal rules for goals and strengths.

`signals_of` is a pure function of the facts of one goal.

A goal is still after four sessions without activity, and flat if the client's last five
ratings are equal (the therapist's if the client gave none). A comment is unanswered
after two sessions in which nobody marked it as discussed. If the two chose differently
in a review, the one who chose first is asked again. A decision, agreement, withdrawal,
refusal, resumption or comment of one side notifies the other until it opens the goal,
the matter is settled, or two weeks have passed. It never notifies the side that acted;
whoever started a review gets a different text. A suggestion for two wordings asks the
other side until it makes one too; if both want a combined wording, both are asked for
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from clients import signals
from clients.models import Client, Signal
from goals.models import (
    Goal,
    GoalMove,
    Review,
    Strength,
)
from goals.models.content import Side
from goals.signal_facts import FLAT, UNTOUCHED, Given, GoalFacts, facts_of, goal_facts
from goals.voices import BOTH

UNANSWERED = 2  # sessions
TOLD_FOR = timedelta(days=14)
TOLD = ("agreed", "key_withdrawn", "declined", "differs", "taken_up")
# The notification for each move: what it means for the goal (`_told_as`).
WITHDRAWN = ("withdrawn", "withdrawn-too", "taken-back")
DECLINED = (
    "declined", "declined-back", "declined-rests", "declined-closed", "declined-aside",
)  # fmt: skip
SUGGESTS = ("suggests-try", "suggests-third", "suggests-leave")
CHOSEN = ("chosen-try", "chosen-leave")
TALK = ("talk", "talk-client", "talk-therapist")
QUIET = ("flat", "flat-therapist", "still")  # asked only if nothing is due
DECIDED = {choice: f"decided-{choice}" for choice in Review.Choice.values}
GOAL_KINDS = (
    *TALK, "agreed", *WITHDRAWN, *DECLINED, "differs", "taken-up", *SUGGESTS, *CHOSEN,
    "combine", "reached", "answer", "answer-own", "decide", *DECIDED.values(),
    "review", "said", "comment", *QUIET,
)  # fmt: skip


class Wanted(NamedTuple):
    """A signal that should be open, and for which sides."""

    kind: str
    sides: tuple[str, ...]
    since: datetime
    due_on: date | None = None
    until: datetime | None = None
    until_opened: bool = False


def signals_of(goal: GoalFacts, now: datetime) -> Iterator[Wanted]:
    """Every signal about one goal that should be open now."""
    yield from _told(goal, now)
    yield from _talk(goal)
    yield from _ways(goal, now)
    yield from _reached(goal)
    if goal.is_open:
        yield from _review(goal)
        yield from _said(goal)
        yield from _quiet(goal)


def _told(goal: GoalFacts, now: datetime) -> Iterator[Wanted]:
    """What the other side did last, until it is opened."""
    did = goal.newest(*TOLD)
    if did and not _is_settled(goal, did):
        yield from _tell(goal, _told_as(goal, did), did, now)
    decided = goal.newest("decided")
    if decided:
        yield from _tell(goal, DECIDED[decided.what], decided, now)
    for comment in goal.comments:
        yield from _tell(goal, "comment", comment, now)


def _told_as(goal: GoalFacts, did: Given) -> str:
    """Tell a withdrawn agreement from a withdrawn proposal, and say what a declined
    wording leaves in effect."""
    if did.kind == "key_withdrawn":
        if did.what != "agreed":
            return "taken-back"
        return "withdrawn" if goal.is_open else "withdrawn-too"
    if did.kind == "declined":
        if not goal.is_open:
            is_aside = goal.ended_as == Goal.Ended.ASIDE
            return "declined-aside" if is_aside else "declined-closed"
        if goal.is_agreed:
            return "declined"
        return "declined-back" if goal.waits_for else "declined-rests"
    return {"taken_up": "taken-up"}.get(did.kind, did.kind)


def _is_settled(goal: GoalFacts, did: Given) -> bool:
    if did.kind == "differs":
        return goal.differs_since is None or did.at < goal.differs_since
    if did.kind == "taken_up":
        return not goal.is_open
    if did.kind == "agreed":
        decided = goal.newest("decided")  # a review is about what was agreed before it
        return not goal.is_open or bool(decided and decided.at > did.at)
    if did.kind == "key_withdrawn":
        return goal.in_force_at is not None and goal.in_force_at >= did.at
    return False


def _tell(goal, kind: str, did: Given, now: datetime) -> Iterator[Wanted]:
    other, until = Side(did.side).other, did.at + TOLD_FOR
    opened = goal.opened_at[other]
    if until > now and not (opened and opened > did.at):
        yield Wanted(kind, (other,), did.at, until=until, until_opened=True)


def _talk(goal: GoalFacts) -> Iterator[Wanted]:
    """Who wants to talk about a goal seen differently, until a session is held."""
    if not (goal.is_open and goal.differs_since):
        return
    talk = [move for move in _suggested(goal).values() if move.what == "talk"]
    if not talk:
        return
    since = max(move.at for move in talk)
    if not goal.sessions_since(since):
        kind = "talk" if len(talk) == 2 else f"talk-{talk[0].side}"
        yield Wanted(kind, BOTH, since)


def _suggested(goal: GoalFacts) -> dict[str, Given]:
    """Each side's last suggestion for two wordings; not from a trial that ended."""
    if not (goal.is_open and goal.differs_since):
        return {}
    moves = [move for move in goal.moves if move.kind == "next"]
    moves = [move for move in moves if move.at >= goal.differs_since]
    decided = goal.newest("decided")
    if decided:
        is_over = [m.what == GoalMove.Next.TRY and m.at < decided.at for m in moves]
        moves = [move for move, over in zip(moves, is_over, strict=True) if not over]
    return {move.side: move for move in moves}


def _ways(goal: GoalFacts, now: datetime) -> Iterator[Wanted]:
    """A suggestion that waits for the other side, and what both chose."""
    by_side = _suggested(goal)
    last = max(by_side.values(), key=lambda move: move.at, default=None)
    if len(by_side) == 2 and len({move.what for move in by_side.values()}) == 1:
        if last.what == GoalMove.Next.THIRD:
            yield Wanted("combine", BOTH, last.at)
        elif f"chosen-{last.what}" in CHOSEN:
            yield from _tell(goal, f"chosen-{last.what}", last, now)
    elif last and f"suggests-{last.what}" in SUGGESTS:
        yield Wanted(f"suggests-{last.what}", (Side(last.side).other,), last.at)


def _reached(goal: GoalFacts) -> Iterator[Wanted]:
    wanted = goal.ended_as == Goal.Ended.REACHED and goal.celebrates == "talk"
    if wanted and not goal.sessions_since(goal.closed_at):
        yield Wanted("reached", BOTH, goal.closed_at)


def _review(goal: GoalFacts) -> Iterator[Wanted]:
    """A due review; for an open one, the side whose answer or choice is missing."""
    if goal.review_opened_at is None:
        if goal.review_on:
            since = goal.in_force_at or goal.created_at
            yield Wanted("review", BOTH, since, due_on=goal.review_on)
        return
    for side in BOTH:
        if goal.answered_at[side] is None:
            kind = "answer-own" if side == goal.review_opened_by else "answer"
            yield Wanted(kind, (side,), goal.review_opened_at)
    if all(goal.answered_at.values()):
        since = max(goal.answered_at.values())
        for side in BOTH:
            if _must_choose(goal, side):
                yield Wanted("decide", (side,), since)


def _must_choose(goal: GoalFacts, side: str) -> bool:
    """Whether this side has not chosen, or chose before the other chose differently."""
    by_side = {answer.side: answer for answer in goal.answers}
    mine, theirs = by_side.get(side), by_side.get(Side(side).other)
    if not (mine and mine.what):
        return True
    differs = theirs and theirs.what and theirs.what != mine.what
    return bool(differs and theirs.at > mine.at)


def _said(goal: GoalFacts) -> Iterator[Wanted]:
    said_at = goal.unanswered_at
    if said_at and goal.sessions_since(said_at) >= UNANSWERED:
        yield Wanted("said", BOTH, said_at)


def _quiet(goal: GoalFacts) -> Iterator[Wanted]:
    """A question about an agreed goal without activity, if nothing else is open."""
    if not goal.is_agreed or goal.review_opened_at or goal.differs_since:
        return
    moved_at = max((move.at for move in goal.moves), default=None)
    touches = (
        goal.in_force_at, goal.last_rated_at, goal.last_step_at, goal.last_comment_at,
        moved_at,
    )  # fmt: skip
    touched_at = max(filter(None, touches))
    side = Side.CLIENT if goal.ratings[Side.CLIENT] else Side.THERAPIST
    if _is_flat(goal.ratings[side], moved_at):
        kind = "flat" if side == Side.CLIENT else "flat-therapist"
        yield Wanted(kind, BOTH, touched_at)
    elif goal.sessions_since(touched_at) >= UNTOUCHED:
        yield Wanted("still", BOTH, touched_at)


def _is_flat(ratings: list[tuple[int, datetime]], moved_at: datetime | None) -> bool:
    """Five equal ratings, all since the last change in the goal's history."""
    if len(ratings) < FLAT or len({value for value, _at in ratings}) > 1:
        return False
    return moved_at is None or min(at for _value, at in ratings) > moved_at


@signals.rule(*GOAL_KINDS, follows={"goals", "sessions", "preferences", "clients"})
def of_goals(client_ids: list[UUID]) -> list[Signal]:
    now = timezone.now()
    return [
        _signal(goal, wanted, side)
        for goal in goal_facts(clients=client_ids, since=now - TOLD_FOR)
        for wanted in signals_of(facts_of(goal), now)
        for side in wanted.sides
    ]


def _signal(row: Goal | Strength, wanted: Wanted, side: str) -> Signal:
    return Signal(
        practice_id=row.practice_id,
        client_id=row.client_id,
        kind=wanted.kind,
        about=row.pk,
        side=side,
        since=wanted.since,
        due_on=wanted.due_on,
        until=wanted.until,
        until_opened=wanted.until_opened,
    )


@signals.rule("strength", follows={"strengths", "clients"})
def of_strengths(client_ids: list[UUID]) -> list[Signal]:
    """The client alone decides whether it is a strength."""
    waiting = Strength.State.PROPOSED
    rows = Strength.objects.filter(client_id__in=client_ids, state=waiting)
    rows = rows.exclude(client__state=Client.State.DISCHARGED)
    return [
        _signal(row, Wanted("strength", (Side.CLIENT,), row.at), Side.CLIENT)
        for row in rows.only("practice_id", "client_id", "at").order_by()
    ]
