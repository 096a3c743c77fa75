"""What this release's migrations make, and what a database has of it.

`release.json` names each role, policy, trigger, function, right and migration with a
digest.  It is written from a database that was migrated from nothing
(`manage.py write_release`), and a test fails where it is not up to date.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.db import connection, transaction

from therapy import schema

FILE = Path(__file__).with_name("release.json")
ROLES = """
SELECT format('%s login=%s superuser=%s bypassrls=%s createrole=%s replication=%s %s',
  rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolreplication,
  rolconfig) FROM pg_roles WHERE rolname LIKE 'cairn\\_%'
"""
MIGRATIONS = "SELECT format('%s %s', app, name) FROM public.django_migrations"
KINDS = ("roles", "migrations", "owners", "row security", "policies", "triggers",
         "functions", "rights")  # fmt: skip
# How the thing that a line describes is called; elsewhere the line is its own name.
NAMES = {
    "policies": re.compile(r"(?P<table>\S+) (?P<name>\S+)"),
    "triggers": re.compile(
        r". CREATE (?:CONSTRAINT )?TRIGGER (?P<name>\S+) .*? ON (?P<table>\S+)", re.S
    ),
    "functions": re.compile(r".*?FUNCTION (?P<name>\w+\.\w+\([^)]*\))", re.S),
    "roles": re.compile(r"(?P<name>\S+)"),
}
# PostgreSQL 17 and newer give an owner one right more.
NOT_OF_A_RELEASE = re.compile(r"\bMAINTAIN\b")


def current() -> dict[str, dict[str, str]]:
    """Of the connected database: for each kind, name -> digest."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        [before] = cursor.fetchone()
        cursor.execute("SET LOCAL search_path = pg_catalog")
        try:
            return {kind: _named(kind, _lines(cursor, kind)) for kind in KINDS}
        finally:  # where this is not the outermost transaction
            cursor.execute("SELECT set_config('search_path', %s, true)", [before])


def _lines(cursor, kind: str) -> list[str]:
    own = {"roles": ROLES, "migrations": MIGRATIONS}
    if kind not in own:
        found = schema.lines(cursor, kind)
        return [line for line in found if not NOT_OF_A_RELEASE.search(line)]
    cursor.execute(own[kind])
    return [line for (line,) in cursor.fetchall()]


def _named(kind: str, lines: list[str]) -> dict[str, str]:
    return {_name(kind, line): _digest(kind, line) for line in sorted(lines)}


def _name(kind: str, line: str) -> str:
    found = NAMES[kind].match(line) if kind in NAMES else None
    if found is None:
        return line
    table = found.groupdict().get("table")
    return f"{found['name']} on {table}" if table else found["name"]


def _digest(kind: str, line: str) -> str:
    """Of what every supported version of PostgreSQL writes alike: without white space,
    brackets and casts.  Empty where the name says it all."""
    if kind not in NAMES:
        return ""
    [text] = schema.comparable(kind, [line])
    return hashlib.sha256("".join(text.split()).encode()).hexdigest()[:16]


@cache
def _released() -> dict[str, dict[str, str]]:
    return json.loads(FILE.read_text())


def differences() -> Iterator[str]:
    """A sentence for each thing that is not as this release makes it."""
    found = current()
    for kind in KINDS:
        was, now = _released()[kind], found[kind]
        for name in sorted(was.keys() | now.keys()):
            if name not in now:
                yield f"{kind}: {name} is missing"
            elif name not in was:
                yield f"{kind}: {name} is not part of this release"
            elif was[name] != now[name]:
                yield f"{kind}: {name} differs from this release"


def is_older() -> bool:
    """Whether this release would migrate the database further."""
    found, wanted = current()["migrations"].keys(), _released()["migrations"].keys()
    return found < wanted


def write() -> None:
    text = json.dumps(current(), indent=1, sort_keys=True, ensure_ascii=False)
    FILE.write_text(f"{text}\n")
