"""What a database holds, in numbers: rows and their digests, and its whole catalogue.

Two databases with the same manifest hold the same rows behind the same locks.  Read as
cairn_backup, to whom row security shows everything.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from django.utils import timezone

from database import generation
from therapy import schema
from therapy.backups import Refused, tools
from therapy.monitoring import pulse

TABLES = """
SELECT n.nspname::text, c.relname::text FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname IN ('public', 'app') ORDER BY 1, 2
"""
# A sum does not depend on the order of the rows, and two of the same count twice.
DIGEST = """
SELECT count(*), coalesce(sum(('x' || substr(encode(
  sha256(convert_to(t::text, 'UTF8')), 'hex'), 1, 16)
)::bit(64)::bigint::numeric), 0)::text FROM {} t
"""


def take() -> dict:
    """Within the caller's transaction, so that all of it is of one moment."""
    with connection.cursor() as cursor:
        cursor.execute(schema.PLAIN)
        cursor.execute(_ALL_ROWS)
        if not cursor.fetchone()[0]:
            raise Refused(
                "Whoever makes a backup must read every row: log in as cairn_backup "
                "(BACKUP_DATABASE_URL)."
            )
        return {
            "made_at": timezone.now().isoformat(timespec="seconds"),
            "build": pulse.build(),
            "server": tools.server_version(),
            "generation": generation.found(),
            "migrations": _migrations(cursor),
            "tables": {name: _digest(cursor, name) for name in _tables(cursor)},
            "catalogue": {
                kind: schema.lines(cursor, kind) for kind in schema.CATALOGUE
            },
        }


_ALL_ROWS = """
SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user
"""


def _migrations(cursor) -> list[list[str]]:
    cursor.execute("SELECT to_regclass('public.django_migrations')")
    if cursor.fetchone()[0] is None:
        raise Refused("There is nothing to back up yet: nobody has migrated.")
    cursor.execute("SELECT app, name FROM public.django_migrations ORDER BY 1, 2")
    return [list(row) for row in cursor.fetchall()]


def _tables(cursor) -> list[str]:
    cursor.execute(TABLES)
    quote = connection.ops.quote_name
    return [f"{quote(schema)}.{quote(name)}" for schema, name in cursor.fetchall()]


def _digest(cursor, table: str) -> list:
    cursor.execute(DIGEST.format(table))
    return list(cursor.fetchone())


def rows_in(manifest: dict) -> int:
    return sum(number for number, _digest in manifest["tables"].values())


def differences(wanted: dict, found: dict) -> Iterator[str]:
    """What is not as it was, one sentence each; none where all is."""
    for table in sorted(wanted["tables"].keys() | found["tables"].keys()):
        was, now = wanted["tables"].get(table), found["tables"].get(table)
        if now is None:
            yield f"{table} is missing"
        elif was is None:
            yield f"{table} was not there"
        elif was[0] != now[0]:
            yield f"{table} has {now[0]} rows, not {was[0]}"
        elif was != now:
            yield f"{table} has other rows than it had"
    if wanted["server"] // 10000 == found["server"] // 10000:
        yield from _other_locks(wanted["catalogue"], found["catalogue"])


def _other_locks(wanted: dict, found: dict) -> Iterator[str]:
    """Words of the catalogue may differ between versions of PostgreSQL, so they are
    compared within one."""
    for kind in wanted:
        was, now = (
            schema.comparable(kind, each.get(kind, [])) for each in (wanted, found)
        )
        for line in sorted(was - now)[:3]:
            yield f"{kind}: lacks {_short(line)}"
        for line in sorted(now - was)[:3]:
            yield f"{kind}: has {_short(line)}"


def _short(line: str) -> str:
    return " ".join(line.split())[:120]
