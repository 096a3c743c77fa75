"""Reads an uploaded file in its own process, with limits (child.py)."""

from __future__ import annotations

import signal
import subprocess
import sys

from django.conf import settings

from transfer.imports.limits import NotReadable
from transfer.imports.sheet import CannotRead, Sheet

WALL = 20  # seconds
# Signals with which the system ends a process that exceeds its limits.
USED_UP = (-signal.SIGXCPU, -signal.SIGKILL)


def read(raw: bytes) -> Sheet:
    """Raise CannotRead if it is not a list, or reading it takes too much."""
    command = [sys.executable, "-m", "transfer.imports.child"]
    try:
        done = subprocess.run(
            command,
            input=raw,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # might repeat file content
            cwd=settings.BASE,
            env={"PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"},
            timeout=WALL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CannotRead(NotReadable("too_much")) from None
    if done.returncode in USED_UP:
        raise CannotRead(NotReadable("too_much"))
    if done.returncode:
        raise CannotRead(NotReadable("broken"))
    return Sheet.from_child(done.stdout.splitlines())
