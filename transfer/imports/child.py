"""Reads one uploaded file in its own process: from standard input to standard output.

Resource limits are set first, so that no file exceeds them. The process has no secrets,
no database and no Django.
"""

from __future__ import annotations

import json
import resource
import sys

from transfer.imports import limits, parse

MEMORY = 170 * 1024 * 1024  # bytes
CPU = 10  # seconds
LIMITS = (
    (resource.RLIMIT_AS, MEMORY),
    (resource.RLIMIT_CPU, CPU),
    (resource.RLIMIT_CORE, 0),  # no clinical text in a core dump
    (resource.RLIMIT_FSIZE, 0),
)


def main() -> None:
    for which, most in LIMITS:
        resource.setrlimit(which, (most, most))
    try:
        sheet = parse.read(sys.stdin.buffer.read(limits.MOST_BYTES + 1))
        say(vars(sheet) | {"lines": len(sheet.lines)})
        for line in sheet.lines:
            say([line.number, line.is_long, line.faults, *line.cells])
    except limits.NotReadable as refused:
        say({"refused": refused.code, "params": refused.params})
    except MemoryError:
        say({"refused": "too_much", "params": {}})


def say(what) -> None:
    json.dump(what, sys.stdout, ensure_ascii=False, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
