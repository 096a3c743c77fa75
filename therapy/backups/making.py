"""Makes one sealed file of everything, as cairn_backup, while Cairn runs."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from django.db import connection, transaction

from therapy.backups import Refused, manifest, sealed, tools

ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
LENGTH = 8  # bytes that say how long the manifest is


def make(file: Path) -> dict:
    """Write `file`, whole or not at all; its manifest."""
    if file.exists():
        raise Refused(f"{file} exists already: a backup overwrites nothing.")
    half_done = file.with_name(f"{file.name}.part")
    half_done.unlink(missing_ok=True)
    program, major = tools.find("pg_dump", server=tools.server_version())
    try:
        with os.fdopen(
            os.open(half_done, os.O_CREAT | os.O_WRONLY, 0o600), "wb"
        ) as out:
            taken = _write(out, program, major)
            out.flush()
            os.fsync(out.fileno())
        half_done.rename(file)
    finally:
        half_done.unlink(missing_ok=True)
    return taken


def _write(out, program: Path, major: int) -> dict:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ONE_MOMENT)
        cursor.execute("SELECT pg_export_snapshot()")
        [snapshot] = cursor.fetchone()
        taken = manifest.take() | {"pg_dump": major}
        put(out, taken, _dumped(program, snapshot))
    return taken


def put(out, taken: dict, parts) -> None:
    """The manifest, then the archive, sealed as one stream."""
    writer = sealed.Writer(out)
    head = json.dumps(taken).encode()
    writer.write(len(head).to_bytes(LENGTH, "big") + head)
    for part in parts:
        writer.write(part)
    writer.close()


def _dumped(program: Path, snapshot: str):
    """pg_dump's archive, part by part, from the moment that `snapshot` names."""
    # fmt: off
    command = [program, "--format=custom", "--compress=6", f"--snapshot={snapshot}",
               "--schema=public", "--schema=app", "--no-password"]
    # fmt: on
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=said, env=tools.environment()
        ) as process,
    ):
        while part := process.stdout.read(sealed.CHUNK):
            yield part
        if process.wait():
            said.seek(0)
            words = said.read().decode(errors="replace").strip().splitlines()
            raise Refused(f"pg_dump failed: {(words or ['it said nothing'])[-1]}")
