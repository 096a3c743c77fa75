"""The only place that tells PostgreSQL who the user is.

Whatever role a process logs in as (web, worker, owner, or the superuser in tests),
inside acting_as() it is cairn_web with that user's identity, and row-level security
applies to that user. Both end with the transaction.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from psycopg2.extensions import TRANSACTION_STATUS_INERROR


class Identity(NamedTuple):
    role: str = "none"  # the process's login role
    user_id: str | None = None
    coming: str | None = None  # signing in: may read the rows of that account only


NOBODY = Identity()
_current: ContextVar[Identity] = ContextVar("identity", default=NOBODY)
_memory: ContextVar[dict | None] = ContextVar("memory", default=None)


def is_set() -> bool:
    return _current.get() != NOBODY


def user_id() -> str | None:
    """The user whose rows row-level security shows now; None for a visitor."""
    return _current.get().user_id


def memory() -> dict:
    """Decrypted keys cached for this identity; dropped when it ends, never shared."""
    found = _memory.get()
    return {} if found is None else found


def tell(wrapper) -> None:
    """Send the current identity in an open transaction, in one round trip.

    Called again after care roles changed: whom the user can see was read before.
    """
    # psycopg2's own cursor, so that assertNumQueries counts only the page's queries.
    with wrapper.wrap_database_errors, wrapper.connection.cursor() as cursor:
        # set_config('role', ..., true) is SET LOCAL ROLE with a parameter.
        cursor.execute(
            "SELECT set_config('role', %s, true), app.login(%s::uuid, %s::uuid)",
            _current.get(),
        )


def coming_in(user_id: UUID | str) -> None:
    """From now on the request is that of a person signing in to this account, who may
    read and verify only the account's own rows.

    Ends with the enclosing acting_as(). Does nothing if someone is signed in.
    """
    now = _current.get()
    if not now.user_id:
        _become(now._replace(coming=str(user_id)))


def leave() -> None:
    """From now on the request is a visitor's: the user has signed out."""
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
    """For requests (by the middleware), tasks and commands. None is a visitor, or with
    `coming` a person signing in to that account."""
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
        # In a failed transaction the rollback restores the previous identity.
        if connection.in_atomic_block and not _is_broken(connection):
            tell(connection)


def _text(key: UUID | str | None) -> str | None:
    return str(key) if key else None


def _is_broken(wrapper) -> bool:
    if wrapper.needs_rollback or wrapper.connection is None:
        return True
    return wrapper.connection.get_transaction_status() == TRANSACTION_STATUS_INERROR
