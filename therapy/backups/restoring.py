"""Restores a backup into an empty database, and lets nothing leave it.

From before the first table until everything is compared and held, neither web nor
worker may connect: whatever dies in between, no email goes.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from database.generation import GENERATION
from digests import restore_hold
from therapy.backups import Refused, making, manifest, sealed, tools

VARIABLES = {
    "web": "DATABASE_URL",
    "owner": "MIGRATE_DATABASE_URL",
    "worker": "WORKER_DATABASE_URL",
    "backup": "BACKUP_DATABASE_URL",
}
# What a server-made extension put there is nobody's data.
HOLDS_SOMETHING = """
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend d
      WHERE d.objid = c.oid AND d.deptype IN ('e', 'i') AND d.refclassid IN (
        'pg_extension'::regclass, 'pg_class'::regclass)))
"""
LOCK = """
REVOKE ALL ON DATABASE {0} FROM PUBLIC, cairn_web, cairn_worker;
GRANT CONNECT ON DATABASE {0} TO cairn_owner, cairn_backup;
CREATE SCHEMA IF NOT EXISTS app AUTHORIZATION cairn_owner;
GRANT CREATE ON SCHEMA app TO cairn_acl;
"""
UNLOCK = "GRANT CONNECT ON DATABASE {0} TO cairn_web, cairn_worker"
# Two schemas are there already.
MADE_BEFORE = ("SCHEMA - app ", "SCHEMA - public ", "COMMENT - SCHEMA public ")


def urls(database: str = "") -> dict[str, str]:
    """Each role's URL, in another database of the same server where one is named."""
    found = settings.DATABASE_URLS
    for role, url in found.items():
        if not url:
            raise Refused(f"{VARIABLES[role]} is not set. See .env.example.")
    if not database:
        return dict(found)
    return {role: _elsewhere(url, database) for role, url in found.items()}


def _elsewhere(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@contextmanager
def opened(file: Path):
    """The backup's manifest, and a reader that stands where the archive begins."""
    try:
        source = file.open("rb")
    except OSError as error:
        raise Refused(f"Cannot read {file}: {error.strerror}.") from None
    with source:
        reader = sealed.SealedReader(source)
        size = int.from_bytes(reader.take(making.LENGTH), "big")
        yield json.loads(reader.take(size)), reader


def restore(file: Path, where: dict[str, str]) -> dict:
    """All of it: load, compare, hold; the manifest."""
    taken = load(file, where)
    faults = compare(taken, where)
    if faults:
        raise Refused(
            f"The restored database is not what was backed up: {'; '.join(faults)}. "
            "It stays locked. Drop it, and take another backup."
        )
    settle(where)
    return taken


def load(file: Path, where: dict[str, str]) -> dict:
    """Into an empty database, in one transaction; afterwards it is still locked."""
    with tools.connected(where["owner"]):
        _refuse_what_is_not_empty()
        server = tools.server_version()
        with opened(file) as (taken, reader):
            _refuse_other_versions(taken, server)
            program, _major = tools.find(
                "pg_restore", server=server, oldest=taken["pg_dump"]
            )
            wanted = _contents(program, reader)  # reads, and proves, all of the file
        _execute(LOCK)
        with opened(file) as (_taken, reader):
            _fill(program, wanted, reader)
        _execute("REVOKE CREATE ON SCHEMA app FROM cairn_acl")
    return taken


def _execute(statements: str) -> None:
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements.format(name))


def _refuse_what_is_not_empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(HOLDS_SOMETHING)
        if cursor.fetchone()[0]:
            raise Refused(
                f"The database {connection.settings_dict['NAME']} is not empty: a "
                "backup is restored into an empty one alone. See docs/operate.md."
            )


def _refuse_other_versions(taken: dict, server: int) -> None:
    if taken["server"] // 10000 > server // 10000:
        raise Refused(
            f"The backup is of PostgreSQL {taken['server'] // 10000}, this server is "
            f"of version {server // 10000}: restore into the same or a newer one."
        )
    if taken.get("generation", 1) < GENERATION:
        raise Refused(
            "The backup is of a development version of Cairn whose tables were"
            " rewritten since: only the build that made it"
            f" ({taken['build']}) can restore it."
        )
    known = set(MigrationLoader(None).disk_migrations)
    unknown = sorted({tuple(each) for each in taken["migrations"]} - known)
    if unknown:
        app, name = unknown[0]
        raise Refused(
            f"The backup is of a newer Cairn (build {taken['build']}): this one does "
            f"not know {len(unknown)} of its migrations, {app} {name} first. Install "
            "the build that made it."
        )


def _contents(program: Path, reader) -> str:
    """The archive's table of contents, without what is there already.

    pg_restore has enough after the beginning; we go on to the end, which proves that
    all of it is what was written.
    """
    with tempfile.TemporaryFile() as listed, tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [program, "--list"], stdin=subprocess.PIPE, stdout=listed, stderr=said
        )
        _feed(process, reader)
        if process.returncode:
            raise Refused(f"pg_restore cannot read the archive: {_last(said)}")
        listed.seek(0)
        lines = listed.read().decode().splitlines()
    kept = [line for line in lines if not any(word in line for word in MADE_BEFORE)]
    return "\n".join(kept) + "\n"


def _fill(program: Path, wanted: str, reader) -> None:
    with (
        tempfile.NamedTemporaryFile("w", suffix=".list") as contents,
        tempfile.TemporaryFile() as said,
    ):
        contents.write(wanted)
        contents.flush()
        # fmt: off
        command = [program, "--exit-on-error", "--single-transaction", "--no-password",
                   f"--use-list={contents.name}",
                   f"--dbname={connection.settings_dict['NAME']}"]
        # fmt: on
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stderr=said, env=tools.environment()
        )
        _feed(process, reader)
        if process.returncode:
            raise Refused(
                f"pg_restore failed, and nothing was restored: {_last(said)}. The "
                "database stays locked: drop it, and make an empty one."
            )


def _feed(process, reader) -> None:
    """All of the file, also where the program has heard enough; then wait for it."""
    open_ = True
    try:
        for part in reader:
            try:
                if open_:
                    process.stdin.write(part)
            except BrokenPipeError:
                open_ = False
    except BaseException:
        process.kill()  # before it takes the end of its input for the end of the file
        raise
    finally:
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.wait()


def _last(said) -> str:
    said.seek(0)
    lines = said.read().decode(errors="replace").strip().splitlines()
    telling = [line for line in lines if "error:" in line] or lines
    return (telling or ["it said nothing"])[0]


def compare(taken: dict, where: dict[str, str]) -> list[str]:
    with tools.connected(where["backup"]), transaction.atomic():
        return [*manifest.differences(taken, manifest.take())]


def settle(where: dict[str, str]) -> None:
    """Hold the emails, end the sign-ins, and let web and worker in, all at once."""
    with tools.connected(where["owner"]):
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        with transaction.atomic(), connection.cursor() as cursor:
            restore_hold.begin(cursor)
            # Somebody may have ended theirs since the backup was made.
            cursor.execute("DELETE FROM accounts_signin")
            cursor.execute(UNLOCK.format(name))
