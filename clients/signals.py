"""Keeps `clients.Signal` current: rules say what should be open, methods what changed.

A room declares the rule for its kinds, and the topics that the rule depends on:

    @signals.rule("strength", follows={"strengths", "clients"})
    def of_strengths(client_ids: list[UUID]) -> list[Signal]: ...

A method of that room, or of a lower one that knows no rule, names its topic:

    @signals.changes("strengths")
    def answer(self, yes, *, by): ...

Such methods run one at a time per client, in one transaction with the signals that they
open and close: three more statements, for any number of rows. Nested calls, or those
inside `together(client_id)`, count as one.
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
# Close expired signals before inserting; those already open stay.
CLOSE_AND_OPEN = f"""
WITH closed AS ({CLOSE})
INSERT INTO clients_signal ({", ".join(COLUMNS)}) SELECT {", ".join(COLUMNS)}
FROM closed, jsonb_populate_recordset(NULL::clients_signal, %s::jsonb)
ON CONFLICT DO NOTHING
"""


class Rule(NamedTuple):
    kinds: tuple[str, ...]
    follows: frozenset[str]
    wanted: Callable[[list[UUID]], list[Model]]  # of unsaved Signal rows


RULES: list[Rule] = []
# Clients for which a method is running, and what it has changed so far.
_changing: ContextVar[dict[UUID, set[str]]] = ContextVar("changing")


def rule(*kinds: str, follows: set[str]):
    """Decorator: the function returns every signal of these kinds that should be open
    now for the given clients."""

    def declare(wanted):
        RULES.append(Rule(kinds, frozenset(follows), wanted))
        return wanted

    return declare


def changes(topic: str):
    """Decorator for a method on a client's row, or a classmethod that takes one."""

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
    """One transaction for several methods about a client; signals update at its end."""
    at_work = _changing.get({})
    if client_id in at_work:
        at_work[client_id].update(topics)
        with transaction.atomic():
            yield
        return
    changed = set(topics)
    with transaction.atomic():
        # Lock before any row is locked, so that each call reads what the previous one
        # wrote.
        lock("client", client_id)
        token = _changing.set({**at_work, client_id: changed})
        try:
            yield
        finally:
            _changing.reset(token)
        refresh([client_id], changed)


def refresh(client_ids: list[UUID], topics: Iterable[str] | None = None) -> None:
    """Update the signals of the rules that follow these topics, or of all rules.

    Needs a transaction with the clients' locks, or no concurrent writers.
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
    """What this user's side is notified of until someone opens the row."""
    signals = apps.get_model("clients", "Signal").objects
    return signals.editable_by(user).open().filter(until_opened=True)


def with_told(rows: QuerySet, user) -> QuerySet:
    """Annotate `is_told`: whether `was_opened` has something to close."""
    told = _told(user).filter(client_id=OuterRef("client_id"), about=OuterRef("pk"))
    return rows.annotate(is_told=Exists(told))


def was_opened(row, user) -> None:
    told = _told(user).filter(client_id=row.client_id, about=row.pk)
    told.update(closed_at=Now())


def recompute(client_ids: Iterable[UUID]) -> None:
    """Recreate all signals of these clients; the user must have write access."""
    in_order = sorted(client_ids)  # avoids deadlocks
    with transaction.atomic():
        for client_id in in_order:
            lock("client", client_id)
        refresh(in_order)
