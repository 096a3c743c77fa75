"""Memory of processes, in MB, from /proc."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from bench.cpu import children


class Memory(NamedTuple):
    """Pages that several processes share are in `rss` once for each; in `pss` once.

    `own` is without shared memory: PostgreSQL's cache, as large as it is set to be.
    """

    rss: float = 0.0
    pss: float = 0.0
    own: float = 0.0


def of_all(pid: int) -> Memory:
    """Of a process and its children together."""
    found = [_of(each) for each in [pid, *children(pid)]]
    return Memory(*map(sum, zip(*found, strict=True)))


def _of(pid: int) -> Memory:
    lines = ""
    with suppress(OSError):  # it ended
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text()
    said = dict(line.split()[:2] for line in lines.splitlines()[1:])
    rss, pss, shared = (
        int(said.get(name, 0)) / 1024 for name in ("Rss:", "Pss:", "Pss_Shmem:")
    )
    return Memory(rss, pss, pss - shared)
