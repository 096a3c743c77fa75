"""One running Cairn per var/ folder, and commands that use its services."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from contextlib import suppress

from ops.place import VAR

# A joined command uses its own database if DATABASE_URL is set.
DATABASES = ("DATABASE_URL", "MIGRATE_DATABASE_URL", "WORKER_DATABASE_URL",
             "BACKUP_DATABASE_URL")  # fmt: skip


def try_flock(file, how) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Lock:
    """Held while the services run; a kill -9 of the holder frees it."""

    def __init__(self):
        VAR.mkdir(parents=True, exist_ok=True)
        self.file = open(VAR / "up.lock", "a+")
        # Shared by joined commands, so that services do not stop while one runs.
        self.joined = open(VAR / "joined.lock", "a+")
        self.state = VAR / "running.json"

    def take(self) -> bool:
        if not try_flock(self.file, fcntl.LOCK_EX):
            return False
        self.withdraw()
        return True

    def publish(self, env: dict[str, str]) -> None:
        """Store how joining commands reach the services; contains passwords."""
        half_done = self.state.with_suffix(".tmp")
        half_done.touch(0o600)
        half_done.write_text(json.dumps({"pid": os.getpid(), "env": env}))
        half_done.replace(self.state)

    def withdraw(self) -> None:
        self.state.unlink(missing_ok=True)

    def published(self) -> dict | None:
        with suppress(OSError, ValueError):
            return json.loads(self.state.read_text())

    def where(self) -> str:
        state = self.published()
        if not state:
            return " (it is starting or stopping)"
        return f" at {state['env']['SITE_URL']} (process {state['pid']})"

    def wait_for_the_joined(self) -> None:
        if not try_flock(self.joined, fcntl.LOCK_EX):
            print(
                "waiting for commands that still use these services",
                file=sys.stderr,
                flush=True,
            )
            fcntl.flock(self.joined, fcntl.LOCK_EX)


class Joined:
    """`with Joined(lock) as env:` the environment of the Cairn that holds the lock."""

    def __init__(self, lock: Lock, patience: float = 120):
        self.lock, self.patience = lock, patience

    def __enter__(self) -> dict[str, str]:
        deadline = time.monotonic() + self.patience
        while not (state := self.lock.published()):
            if time.monotonic() > deadline:
                raise SystemExit(
                    f"Another ./start uses {VAR} but is not ready. See its terminal."
                )
            time.sleep(0.2)
        fcntl.flock(self.lock.joined, fcntl.LOCK_SH)
        env = state["env"]
        if os.environ.get("DATABASE_URL"):
            env = {name: env[name] for name in env if name not in DATABASES}
        given = {name: value for name, value in os.environ.items() if value}
        return {**os.environ, **env, **{n: given[n] for n in env if n in given}}

    def __exit__(self, *error) -> None:
        fcntl.flock(self.lock.joined, fcntl.LOCK_UN)
