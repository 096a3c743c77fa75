"""Paths, ports and child processes; children end when their parent dies."""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import psutil

BASE = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("APP_VAR") or BASE / "var").resolve()
ERROR = re.compile(
    r"^[\w.]*(Error|Exception|ImproperlyConfigured): |error:|FATAL|PANIC"
)
OTHER_GENERATION = 3  # exit code of ops.prepare if the tables are from older migrations
LONGEST_SOCKET_PATH = 100  # the kernel allows 107 bytes


def open_log(log: Path, mode="ab"):
    """Readable by the owner and group only, also if it existed with wider rights."""
    log.parent.mkdir(parents=True, exist_ok=True)
    file = open(log, mode, opener=lambda name, flags: os.open(name, flags, 0o640))
    if os.fstat(file.fileno()).st_mode & 0o027:
        os.fchmod(file.fileno(), 0o640)
    return file


def unused(path: Path) -> Path:
    """`path`, or the first of path-2, path-3, ... that does not exist."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def telling_line(text: str) -> str:
    """The last line that reports an error; programs often add hints below it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines[-30:] if ERROR.search(line)]
    return (telling or lines or ["no output."])[-1]


def last_line(log: Path) -> str:
    try:
        return telling_line(log.read_text(errors="replace"))
    except OSError:
        return ""


def die_with_parent(number=signal.SIGTERM):
    """For preexec_fn: the child gets this signal if we die, even by kill -9."""
    if sys.platform != "linux":
        return None
    prctl, set_death_signal = ctypes.CDLL(None).prctl, 1
    return lambda: prctl(set_death_signal, int(number))


def spawn(command, log: Path, *, dying=signal.SIGTERM, **kwargs) -> subprocess.Popen:
    with open_log(log) as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C reaches only us; we stop them in order
            preexec_fn=die_with_parent(dying),
            **kwargs,
        )


def end(process: subprocess.Popen, number=signal.SIGTERM, seconds=20) -> None:
    end_all([process], number, seconds)


def end_all(processes, number=signal.SIGTERM, seconds=20) -> None:
    """Signal all at once, then wait; kill those that do not end in time."""
    for process in processes:
        if process.poll() is None:
            process.send_signal(number)
    for process in processes:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


LONGEST = 15  # times `seconds` at most, while there is progress


def wait_until(ready, seconds: float, what: str, process=None, log=None) -> None:
    """Call ready() until it is true.

    Gives up after so many seconds without progress: the process has used no CPU time,
    its log has not grown, and the machine is not overloaded.  Stops at once when the
    process has ended.
    """
    began = seen_at = time.monotonic()
    seen = _progress_of(process, log)
    while not ready():
        ended = process is not None and process.poll() is not None
        now = time.monotonic()
        progress = _progress_of(process, log)
        if progress != seen or _is_overloaded():
            seen, seen_at = progress, now
        still = now - seen_at > seconds or now - began > LONGEST * seconds
        if (ended and not ready()) or still:
            raise SystemExit(
                f"{what} did not answer."
                + (f" Last log line: {last_line(log)} See {log}." if log else "")
            )
        time.sleep(0.05)


def _progress_of(process, log) -> tuple:
    """Values that change while a process or its children are working."""
    grown = Path(log).stat().st_size if log and Path(log).exists() else 0
    if process is None:
        return grown, 0
    spent = 0.0
    with suppress(psutil.Error):
        tree = psutil.Process(process.pid)
        for each in (tree, *tree.children(recursive=True)):
            with suppress(psutil.Error):
                used = each.cpu_times()
                spent += used.user + used.system
    return grown, int(spent * 10)


def _is_overloaded() -> bool:
    """Whether more processes want to run than can, so that all are slow."""
    return os.getloadavg()[0] > 2 * (os.cpu_count() or 1)


_reserved: dict[int, TextIO] = {}


def own_port(wanted: int) -> int:
    """A free port, reserved until this process ends, before anything listens on it.

    Another ./start that begins at the same moment takes the next, in any folder.
    """
    for port in range(wanted, wanted + 20):
        if _is_free(port) and _reserve(port):
            return port
    return free_port(0)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _reserve(port: int) -> bool:
    if port in _reserved:
        return False
    try:
        lock = (Path(tempfile.gettempdir()) / f"cairn-port-{port}.lock").open("a")
    except OSError:  # belongs to another user
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return False
    _reserved[port] = lock
    return True


def free_port(wanted: int) -> int:
    """The wanted port, else one of the next twenty, else any."""
    for port in [*range(wanted, wanted + 20), 0]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise SystemExit("No free port was found.")


def socket_directory(home: Path) -> Path:
    """`home`, or a short private folder if it is too long or has special characters."""
    text = str(home)
    plain = text.isascii() and not set(text) & set(" ,%?#'\"\\")
    if plain and len(text) + len("/.s.PGSQL.5432.lock") <= LONGEST_SOCKET_PATH:
        return home
    short = (
        Path(tempfile.gettempdir())
        / f"cairn-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    )
    short.mkdir(mode=0o700, exist_ok=True)
    if short.is_symlink() or short.stat().st_uid not in (
        os.geteuid(),
        home.stat().st_uid,
    ):
        raise SystemExit(f"{short} belongs to another user. Delete it or set TMPDIR.")
    return short
