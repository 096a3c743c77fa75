"""The generation of the schema; the fourth is the last: migrations are only added now.

A database of an earlier generation dates from development and cannot be migrated,
because its tables had other names. `manage.py migrate` and `manage.py restore` then
stop with a message, and `./start` moves its demo data aside.
"""

from __future__ import annotations

from django.db import connection

GENERATION = 4  # 1 had no number
WHY = (
    "This database is of a development version of Cairn whose tables were rewritten"
    " since (generation {found}, this program has {wanted}). It cannot be upgraded."
    " Nothing was changed."
)


class OtherGeneration(Exception):
    """The database has another generation; the message says which."""


def found() -> int | None:
    """The generation of the connected database; None if it was never migrated."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.accounts_user') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return None
        cursor.execute("SELECT to_regprocedure('app.schema_generation()') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return 1
        cursor.execute("SELECT app.schema_generation()")
        return cursor.fetchone()[0]


def check() -> None:
    """Raise OtherGeneration unless the connected database has this generation."""
    generation = found()
    if generation not in (None, GENERATION):
        raise OtherGeneration(WHY.format(found=generation, wanted=GENERATION))
