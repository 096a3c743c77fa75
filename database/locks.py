"""Advisory locks of PostgreSQL, held until the transaction ends."""

from __future__ import annotations

from django.db import connection

# `select_for_update()` silently locks nothing if row-level security forbids the update;
# these locks belong to no row.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
SHARED = "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))"


def lock(kind: str, key: object, *, shared: bool = False) -> None:
    """Wait until nobody else holds the lock that `kind` and `key` name.

    `kind` is "client", "goal", "care roles", "import" or "keys"; `key` is an id.
    `shared` locks do not exclude each other, only an exclusive one. Read the data you
    decide on after taking the lock: it may have changed while you waited.
    """
    with connection.cursor() as cursor:
        cursor.execute(SHARED if shared else LOCK, [f"{kind}:{key}"])
