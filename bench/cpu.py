"""Processor time of processes, in seconds, from /proc.

By process, since the sum over those that run goes down when one of them ends, which
backends do whenever Django lets its connection to them go.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    return [
        int(child)
        for file in Path(f"/proc/{pid}/task").glob("*/children")
        for child in file.read_text().split()
    ]


def _used(pid: int) -> float:
    """By thread to the nanosecond; or in ticks, with the threads that ended."""
    threads = ticks = 0.0
    with suppress(OSError):
        for file in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            threads += int(file.read_text().split()[0]) / 1e9
    with suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks = (int(stat[11]) + int(stat[12])) / TICK
    return max(threads, ticks)  # neither says too much


def of_servers(pid: int) -> dict[int, float]:
    return {each: _used(each) for each in [pid, *children(pid)]}


def of_backends(pid: int) -> dict[int, float]:
    """Of the backends that clients are connected to, not of the house-keeping."""
    used = {}
    for child in children(pid):
        with suppress(OSError):
            if b"cairn_" in Path(f"/proc/{child}/cmdline").read_bytes():
                used[child] = _used(child)
    return used


def between(before: dict[int, float], after: dict[int, float]) -> float | None:
    """What was used from one reading to the next; None where somebody ended meanwhile
    and took along what they had used."""
    if before.keys() - after.keys():
        return None
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())
