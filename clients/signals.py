"""Keeps `clients.Signal` true: rules say what should be open, verbs say what changed.

A room declares the rule of its own kinds, and which topics the rule follows:

    @signals.rule("strength", follows={"strengths", "clients"})
    def of_strengths(client_ids: list[UUID]) -> list[Signal]: ...

A verb of that room, or of one below it that knows no rule, names its topic:

    @signals.changes("strengths")
    def answer(self, yes, *, by): ...

It then runs alone among the verbs of its client, in one transaction with the signals
that it opens and closes: three statements more, for however many rows.  Verbs inside
another, or inside `together(client_id)`, are counted as one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import NamedTuple
from uuid import UUID

from django.apps import apps  # the models import this module
from django.db import connection, transaction
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.db.models.functions import Now

from database.locks import lock

CLOSE = "SELECT app.close_signals(%s::uuid[], %s, %s::jsonb)"
COLUMNS = (
    "id", "practice_id", "client_id", "side", "kind", "about", "since", "due_on",
    "until", "until_opened",
)  # fmt: skip
# What is over is closed before the first row is written; what is open already stays.
CLOSE_AND_OPEN = f"""
WITH closed AS ({CLOSE})
INSERT INTO clients_signal ({", ".join(COLUMNS)}) SELECT {", ".join(COLUMNS)}
FROM closed, jsonb_populate_recordset(NULL::clients_signal, %s::jsonb)
ON CONFLICT DO NOTHING
"""


class Rule(NamedTuple):
    kinds: tuple[str, ...]
    follows: frozenset[str]
    wanted: Callable[[list[UUID]], list[Model]]  # of Signal, not saved


RULES: list[Rule] = []
# Clients of whom a verb is at work, and what it changed so far.
_changing: ContextVar[dict[UUID, set[str]]] = ContextVar("changing")


def rule(*kinds: str, follows: set[str]):
    """For a function that gives every signal of these kinds that should be open now,
    of the clients whose ids it is given."""

    def declare(wanted):
        RULES.append(Rule(kinds, frozenset(follows), wanted))
        return wanted

    return declare


def changes(topic: str):
    """For a verb on a row of a client (or a class method whose first value is one)."""

    def decorate(verb):
        @wraps(verb)
        def run(*args, **kwargs):
            row = args[1] if isinstance(args[0], type) else args[0]
            with together(row.client_id, topic):
                return verb(*args, **kwargs)

        return run

    return decorate


@contextmanager
def together(client_id: UUID, *topics: str) -> Iterator[None]:
    """One transaction for verbs about one client; the signals follow at its end."""
    at_work = _changing.get({})
    if client_id in at_work:
        at_work[client_id].update(topics)
        with transaction.atomic():
            yield
        return
    changed = set(topics)
    with transaction.atomic():
        # Before any row is locked: each verb reads what the one before it wrote.
        lock("client", client_id)
        token = _changing.set({**at_work, client_id: changed})
        try:
            yield
        finally:
            _changing.reset(token)
        refresh([client_id], changed)


def refresh(client_ids: list[UUID], topics: Iterable[str] | None = None) -> None:
    """Open and close what the rules say that follow these topics, or all rules.

    Within a transaction that has the clients' locks, or where nobody else writes.
    """
    rules = [
        one for one in RULES if topics is None or not one.follows.isdisjoint(topics)
    ]
    if not rules or not client_ids:
        return
    kinds = [kind for one in rules for kind in one.kinds]
    wanted = [signal for one in rules for signal in one.wanted(client_ids)]
    rows = [{name: getattr(one, name) for name in COLUMNS} for one in wanted]
    said = json.dumps(rows, default=str)
    values = [[str(pk) for pk in client_ids], kinds, said]
    with connection.cursor() as cursor:
        if rows:
            cursor.execute(CLOSE_AND_OPEN, [*values, said])
        else:
            cursor.execute(CLOSE, values)


def _told(user) -> QuerySet:
    """What this person's side is told until somebody opens the row."""
    signals = apps.get_model("clients", "Signal").objects
    return signals.editable_by(user).open().filter(until_opened=True)


def with_told(rows: QuerySet, user) -> QuerySet:
    """With `is_told`: whether `was_opened` has something to close."""
    told = _told(user).filter(client_id=OuterRef("client_id"), about=OuterRef("pk"))
    return rows.annotate(is_told=Exists(told))


def was_opened(row, user) -> None:
    told = _told(user).filter(client_id=row.client_id, about=row.pk)
    told.update(closed_at=Now())


def recompute(client_ids: Iterable[UUID]) -> None:
    """All signals of these clients anew, as somebody who may write for each of them."""
    in_order = sorted(client_ids)  # nobody waits in a circle
    with transaction.atomic():
        for client_id in in_order:
            lock("client", client_id)
        refresh(in_order)
