"""What a database holds, in numbers: rows and their digests, and its whole catalogue.

Two databases with the same manifest hold the same rows behind the same locks.  Read as
cairn_backup, to whom row security shows everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.db import connection
from django.utils import timezone

from therapy import vitals
from therapy.backups import Refused, tools

NOISE = re.compile(r"::[a-z ]+(?:\[\])?|[()]")
# A row as text, the same wherever it is read.
PLAIN = """
SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD';
SET LOCAL IntervalStyle = 'postgres'; SET LOCAL bytea_output = 'hex';
SET LOCAL extra_float_digits = 1; SET LOCAL search_path = pg_catalog;
"""
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
# Each kind as lines of text.  Who granted what does not matter, only what was granted.
CATALOGUE = {
    "row security": """
      SELECT format('%s %s %s', c.oid::regclass, relrowsecurity, relforcerowsecurity)
      FROM pg_class c WHERE relkind = 'r'
        AND relnamespace IN ('public'::regnamespace, 'app'::regnamespace)""",
    "policies": """
      SELECT format('%s.%s %s %s %s %s %s %s', schemaname, tablename, policyname,
        permissive, roles, cmd, qual, with_check) FROM pg_policies""",
    "triggers": """
      SELECT format('%s %s', tgenabled, pg_get_triggerdef(oid)) FROM pg_trigger
      WHERE NOT tgisinternal""",
    "functions": """
      SELECT format('%s %s %s', proowner::regrole, array_to_string(proconfig, ','),
        pg_get_functiondef(oid)) FROM pg_proc
      WHERE pronamespace IN ('public'::regnamespace, 'app'::regnamespace)
        AND prokind = 'f' AND NOT EXISTS (SELECT FROM pg_depend d
          WHERE d.objid = pg_proc.oid AND d.deptype = 'e')""",
    "constraints": """
      SELECT format('%s %s %s', conrelid::regclass, conname,
        pg_get_constraintdef(oid)) FROM pg_constraint
      WHERE connamespace = 'public'::regnamespace AND contype <> 'n'""",
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "rights": """
      SELECT format('%s %s %s %s', relkind, c.oid::regclass, a.grantee::regrole,
        a.privilege_type) FROM pg_class c, aclexplode(c.relacl) a
      WHERE relnamespace = 'public'::regnamespace
      UNION ALL SELECT format('column %s.%s %s %s', attrelid::regclass, attname,
        a.grantee::regrole, a.privilege_type)
      FROM pg_attribute, aclexplode(attacl) a WHERE attacl IS NOT NULL
        AND attrelid >= 16384
      UNION ALL SELECT format('function %s %s', p.oid::regprocedure, a.grantee::regrole)
      FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
      WHERE pronamespace = 'app'::regnamespace
      UNION ALL SELECT format('schema %s %s %s', nspname, a.grantee::regrole,
        a.privilege_type) FROM pg_namespace, aclexplode(nspacl) a
      WHERE nspname = 'app'""",
    "owners": """
      SELECT format('%s %s', c.oid::regclass, relowner::regrole) FROM pg_class c
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'v')""",
}


def take() -> dict:
    """Within the caller's transaction, so that all of it is of one moment."""
    with connection.cursor() as cursor:
        cursor.execute(PLAIN)
        cursor.execute(_ALL_ROWS)
        if not cursor.fetchone()[0]:
            raise Refused(
                "Whoever makes a backup must read every row: log in as cairn_backup "
                "(BACKUP_DATABASE_URL)."
            )
        return {
            "made_at": timezone.now().isoformat(timespec="seconds"),
            "build": vitals.build(),
            "server": tools.server_version(),
            "migrations": _migrations(cursor),
            "tables": {name: _digest(cursor, name) for name in _tables(cursor)},
            "catalogue": {kind: _lines(cursor, kind) for kind in CATALOGUE},
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


def _lines(cursor, kind: str) -> list[str]:
    cursor.execute(CATALOGUE[kind])
    return sorted(line for (line,) in cursor.fetchall())


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
        was, now = (_comparable(kind, each.get(kind, [])) for each in (wanted, found))
        for line in sorted(was - now)[:3]:
            yield f"{kind}: lacks {_short(line)}"
        for line in sorted(now - was)[:3]:
            yield f"{kind}: has {_short(line)}"


def _comparable(kind: str, lines: list[str]) -> set[str]:
    """PostgreSQL writes an expression that it read from its own writing with casts in
    other places; a function's text it keeps as it is."""
    if kind not in ("policies", "constraints", "indexes"):
        return set(lines)
    return {NOISE.sub("", line) for line in lines}


def _short(line: str) -> str:
    return " ".join(line.split())[:120]
