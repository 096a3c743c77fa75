"""Sets up and runs all of Cairn with demo data; Ctrl-C stops everything.

DATABASE_URL (with MIGRATE_DATABASE_URL and WORKER_DATABASE_URL), REDIS_URL and
EMAIL_URL are for your own services.  Services that are not set start here, in var/.
"""

from __future__ import annotations

import argparse
import errno
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import traceback

from ops import place
from ops.joining import Joined, Lock
from ops.place import VAR
from ops.stack import Stack, fetch


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./start",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--prepare", action="store_true", help="set up, then stop")
    only.add_argument(
        "--check",
        action="store_true",
        help="set up, start and check everything, then stop",
    )
    only.add_argument(
        "--run",
        nargs=argparse.REMAINDER,
        metavar="COMMAND",
        help="run COMMAND with PostgreSQL, Redis and test mailbox: those of a running "
        "./start, else new ones that stop when COMMAND ends",
    )
    options = parser.parse_args()
    if options.run == []:
        parser.error(
            "--run needs a command, as in: ./start --run python manage.py shell"
        )
    return options


def start(options) -> int:
    lock = Lock()
    if not lock.take():
        raise SystemExit(
            f"Cairn is already running{lock.where()}. Stop it there with Ctrl-C, "
            "or use ./start --run COMMAND with it."
        )
    stack = Stack()
    if options.check:
        stack.env.setdefault("TICK_SECONDS", "1")
    try:
        stack.address()
        stack.services()
        stack.prepare()
        if options.prepare:
            return 0
        stack.web()
        stack.tasks()
        if options.check:
            return check(stack)
        lock.publish(stack.command_environment())
        greet(stack)
        tend(stack)
    finally:
        lock.withdraw()
        stack.stop()
    return 0


def check(stack: Stack) -> int:
    """The sign-in page, then a tick: beat, Redis, worker, database, web."""
    began = time.time()
    with fetch(stack.site, timeout=10) as answer:  # "/" leads a visitor to it
        if "csrfmiddlewaretoken" not in answer.read().decode():
            raise SystemExit(f"{answer.url} has no sign-in form. See var/log/web.log.")
    stack.say("the sign-in page works")
    place.wait_until(
        lambda: ((stack.health() or {}).get("tick") or 0) > began,
        60,
        "the worker",
        log=stack.log("worker"),
    )
    stack.say("CHECK OK: web, database, Redis, worker and beat work together")
    return 0


def greet(stack: Stack) -> None:
    from therapy.demo.people import (  # imports Celery, which is too slow for --prepare
        ACCOUNTS,
        PASSWORD,
    )

    mail = stack.env.get("MAIL_PAGE", "sent by your EMAIL_URL")
    stack.say(f"READY  {stack.site}   mail: {mail}")
    for email, who in ACCOUNTS:
        print(f"          {email:22} {PASSWORD}   {who}", flush=True)
    print("          Ctrl-C stops everything; the data stays in var/", flush=True)


def tend(stack: Stack) -> None:
    stop = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: stop.append(number))
    while not stop:
        stack.revive()
        time.sleep(0.3)


def run(command: list[str]) -> int:
    """The command's exit code; only the command writes to standard output."""
    lock = Lock()
    if not lock.take():
        with Joined(lock) as env:
            return finish(command, env)
    stack = Stack(file=sys.stderr)
    try:
        stack.services()
        stack.prepare()
        lock.publish(stack.command_environment())
        code = finish(command, {**stack.env, **stack.command_environment()}, stack)
        lock.wait_for_the_joined()
        return code
    finally:
        lock.withdraw()
        stack.stop()


def finish(command: list[str], env: dict, stack: Stack | None = None) -> int:
    folder = os.path.dirname(sys.executable)
    env = {**env, "PATH": f"{folder}{os.pathsep}{env.get('PATH', os.defpath)}"}
    # Ctrl-C reaches the command by itself; what it makes of it is its own affair.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        process = subprocess.Popen(command, env=env, preexec_fn=place.die_with_parent())
    except OSError as error:
        reason = f"cannot run {shlex.join(command)}: {error.strerror}"
        print(reason, file=sys.stderr)
        return 127
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: process.send_signal(number))
    while True:
        try:
            code = process.wait(0.2)
            return 128 - code if code < 0 else code
        except subprocess.TimeoutExpired:
            if stack:
                stack.revive()


DISK_FULL = f"The disk is full: free some space for {VAR}, then try again."
LEAST_SPACE = 4 * 1024**2  # stopping may have freed a little


def disk_is_full() -> bool:
    """On a full disk, programs cannot log why they failed."""
    return VAR.exists() and shutil.disk_usage(VAR).free < LEAST_SPACE


def sentence(error: Exception) -> str:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    said = (getattr(error, "stderr", None) or b"").decode(errors="replace")
    if full or os.strerror(errno.ENOSPC) in said:
        return DISK_FULL
    if isinstance(error, OSError) and error.filename:
        return (
            f"Cannot use {error.filename}: {error.strerror}. Make {VAR} writable, or "
            "choose another folder: APP_VAR=/some/folder ./start"
        )
    if isinstance(error, subprocess.CalledProcessError):
        program = os.path.basename(str(error.cmd[0]))
        return f"{program} failed: {place.telling_line(said)}"
    try:
        log = VAR / "log" / "start.log"
        with place.open_log(log, "w") as file:
            traceback.print_exception(error, file=file)
    except OSError as another:
        return sentence(another)
    return f"Unexpected error: {error!r}. The traceback is in {log}."


def main() -> int:
    options = arguments()
    # Before READY, Ctrl-C and SIGTERM stop the parts that have started, like an error.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    try:
        return run(options.run) if options.run else start(options)
    except KeyboardInterrupt:
        return 130
    except SystemExit as error:
        if isinstance(error.code, str) and disk_is_full():
            error.code = DISK_FULL
        raise
    except Exception as error:
        raise SystemExit(sentence(error)) from None


if __name__ == "__main__":
    sys.exit(main())
