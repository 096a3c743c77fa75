"""The generation of the tables; the fourth is the last: migrations are only added now.

A database of an older one is of the development and cannot be migrated, because its
tables had other names.  `manage.py migrate` and `manage.py restore` then stop and say
why, and `./start` moves its demo data aside.
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
    """The database is not of this program's generation; its message says which is."""


def found() -> int | None:
    """Of the connected database; None where nobody has migrated yet."""
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
    """Raises OtherGeneration where the connected database has another one."""
    generation = found()
    if generation not in (None, GENERATION):
        raise OtherGeneration(WHY.format(found=generation, wanted=GENERATION))
