"""The database's guards compared with those of this release, one by one.

`release.txt` holds a digest of every policy, trigger, function and right, and every
migration, as a database has them that was migrated from nothing.  After a migration:

    WRITE_RELEASE=1 ./test tests/test_doctor.py -k of_this
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from django.db import connection, transaction

from therapy.backups import manifest
from therapy.doctor.finding import Finding, ok, unseen, wrong

FILE = Path(__file__).with_name("release.txt")
KINDS = ("row security", "policies", "triggers", "functions", "rights")
# Whoever migrates owns what it made; its rights are its own.
OWNER = re.compile(r"\b(postgres|cairn_owner)\b")
# Made by createcachetable, not by a migration.
NO_MIGRATION = re.compile(r"cairn_cache|django_migrations")
MOST = 5  # differences that are named


def guards() -> dict[str, str]:
    """What there is by its digest: "kind<TAB>digest" to its name."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = pg_catalog")
        found = {}
        for kind in KINDS:
            for line in manifest._comparable(kind, manifest._lines(cursor, kind)):
                if NO_MIGRATION.search(line) or (
                    kind == "rights" and OWNER.search(line)
                ):
                    continue
                line = OWNER.sub("owner", line)
                digest = hashlib.sha256(line.encode()).hexdigest()[:16]
                found[f"{kind}\t{digest}"] = _name(kind, line)
        cursor.execute("SELECT app, name FROM public.django_migrations")
        found |= {f"migrations\t{app}.{name}": "" for app, name in cursor.fetchall()}
    return found


def _name(kind: str, line: str) -> str:
    if kind == "functions":
        return re.search(r"FUNCTION ([\w.]+)", line)[1]
    if kind == "triggers":
        return " ".join(re.search(r"TRIGGER (\w+) .*?ON ([\w.]+)", line, re.S).groups())
    if kind == "policies":
        return " ".join(line.split()[:2])
    return " ".join(line.split())


def write() -> None:
    lines = [f"PostgreSQL {_major()}"]
    lines += [f"{key}\t{name}" for key, name in sorted(guards().items())]
    FILE.write_text("\n".join(lines) + "\n")


def _major() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        return cursor.fetchone()[0]


def wanted() -> tuple[str, dict[str, str]]:
    head, *lines = FILE.read_text().splitlines()
    split = [line.split("\t") for line in lines]
    return head, {f"{kind}\t{digest}": name for kind, digest, name in split}


def release() -> Iterator[Finding]:
    head, expected = wanted()
    found = guards()
    if head != f"PostgreSQL {_major()}":  # each writes an expression in its own way
        expected = _of_any_server(expected)
        found = _of_any_server(found)
        yield unseen("release", f"policies are compared on {head} alone")
    missing = [(key, expected[key]) for key in expected.keys() - found.keys()]
    surplus = [(key, found[key]) for key in found.keys() - expected.keys()]
    for words, rows in (("lacks", missing), ("has, unlike the release,", surplus)):
        for key, name in sorted(rows)[:MOST]:
            kind, digest = key.split("\t")
            yield wrong("release", f"{kind}: {words} {name or digest}")
    if len(missing) > MOST or len(surplus) > MOST:
        yield wrong(
            "release", f"in all {len(missing)} are missing, {len(surplus)} too many"
        )
    if not missing and not surplus:
        yield ok("release", f"all {len(expected)} guards are those of this release")


def _of_any_server(lines: dict[str, str]) -> dict[str, str]:
    return {
        key: name
        for key, name in lines.items()
        if key.startswith(("rights", "row security", "migrations"))
    }
