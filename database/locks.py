"""Taking turns: locks of PostgreSQL that are held until the transaction ends."""

from __future__ import annotations

from django.db import connection

# `select_for_update()` would silently lock nothing where row security forbids the
# update; these locks belong to no row.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
SHARED = "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))"


def lock(kind: str, key: object, *, shared: bool = False) -> None:
    """Wait until nobody else works on the one thing that `kind` and `key` name.

    `kind` is "client", "goal", "care roles", "import" or "keys"; `key` is an id.  Those
    who take it `shared` do not wait for each other, only for who has it alone.  Read
    what you decide on after the lock: it may have changed while you waited.
    """
    with connection.cursor() as cursor:
        cursor.execute(SHARED if shared else LOCK, [f"{kind}:{key}"])
