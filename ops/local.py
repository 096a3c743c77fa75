"""The embedded services for one command: those of ./start, else PostgreSQL alone."""

from __future__ import annotations

from contextlib import contextmanager

from ops.joining import Lock
from ops.keys import secrets_of
from ops.pg import Cluster
from ops.place import VAR, wait_until

# For a command that needs more than one role: restore, drill.
OTHERS = {
    "owner": "MIGRATE_DATABASE_URL",
    "worker": "WORKER_DATABASE_URL",
    "backup": "BACKUP_DATABASE_URL",
}


@contextmanager
def environment(role: str, given):
    """The variables for the settings; given values win, except for the database."""
    cluster = Cluster(VAR / "pg")
    if cluster.try_lock():
        cluster.start()
        running = {}
    else:
        wait_until(cluster.answers, 60, "the PostgreSQL that ./start runs")
        running = (Lock().published() or {}).get("env", {})
    try:
        yield {
            **running,
            **given,
            **secrets_of(given),
            "DATABASE_URL": cluster.url(role),
            **{name: cluster.url(f"cairn_{who}") for who, name in OTHERS.items()},
            "DEMO": "1",
        }
    finally:
        cluster.stop()  # does nothing if another process started it
