"""The one place where PostgreSQL is told who is asking.

Whatever a process logs in as (web, worker, owner, or the superuser of the tests),
inside acting_as() it is cairn_web with that person's identity, and row security shows
it that person's rows.  Both end with the transaction.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from psycopg2.extensions import TRANSACTION_STATUS_INERROR


class Identity(NamedTuple):
    role: str = "none"  # whatever the process logged in as
    user_id: str | None = None
    coming: str | None = None  # on the way in: reads the rows of that account alone


NOBODY = Identity()
_current: ContextVar[Identity] = ContextVar("identity", default=NOBODY)
_memory: ContextVar[dict | None] = ContextVar("memory", default=None)


def is_set() -> bool:
    return _current.get() != NOBODY


def user_id() -> str | None:
    """Whose rows row security shows now; None is a visitor."""
    return _current.get().user_id


def memory() -> dict:
    """What was unwrapped for this identity; gone when it ends, never shared."""
    found = _memory.get()
    return {} if found is None else found


def tell(wrapper) -> None:
    """Send the current identity over an open transaction, in one round trip.

    Called again after a verb wrote a care role: whom one may see was read before.
    """
    # psycopg2's own cursor, so that assertNumQueries counts only the page's queries.
    with wrapper.wrap_database_errors, wrapper.connection.cursor() as cursor:
        # set_config('role', ..., true) is SET LOCAL ROLE with a parameter.
        cursor.execute(
            "SELECT set_config('role', %s, true), app.login(%s::uuid, %s::uuid)",
            _current.get(),
        )


def coming_in(user_id: UUID | str) -> None:
    """From now on the request is that of somebody on the way in to this account: it
    reads and proves what belongs to that account itself, and nothing else.

    Ends with the acting_as() around it.  Nothing changes where somebody is signed in.
    """
    now = _current.get()
    if not now.user_id:
        _become(now._replace(coming=str(user_id)))


def leave() -> None:
    """From now on the request is a visitor's: who asked has signed out."""
    _become(_current.get()._replace(user_id=None, coming=None))


def _become(identity: Identity) -> None:
    _current.set(identity)
    if connection.in_atomic_block:
        tell(connection)


@contextmanager
def acting_as(
    user_id: UUID | str | None,
    *,
    role: str = "cairn_web",
    coming: UUID | str | None = None,
):
    """For requests (by the middleware), tasks, commands.  None is a visitor, or with
    `coming` whoever is on the way in to that account."""
    token = _current.set(
        Identity(role, _text(user_id), None if user_id else _text(coming))
    )
    kept = _memory.set({})
    if connection.in_atomic_block:
        tell(connection)
    try:
        yield
    finally:
        _current.reset(token)
        _memory.reset(kept)
        # In a broken transaction the rollback brings the old identity back by itself.
        if connection.in_atomic_block and not _is_broken(connection):
            tell(connection)


def _text(key: UUID | str | None) -> str | None:
    return str(key) if key else None


def _is_broken(wrapper) -> bool:
    if wrapper.needs_rollback or wrapper.connection is None:
        return True
    return wrapper.connection.get_transaction_status() == TRANSACTION_STATUS_INERROR
