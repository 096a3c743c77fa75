"""How the parts are: the database, the queue, the tick, the emails.  Numbers alone.

Read by /healthz, /metrics and `manage.py doctor`; nothing here waits for long, and
nothing names a person.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import redis
from django.conf import settings
from django.db import connection, transaction

LATE = 180  # seconds without a tick, after which nobody works
REMEMBERED = 5  # seconds: however often somebody asks, Redis is asked seldom
# On the tick's table alone, and by an index of open emails: the same with a million.
PULSE = """
SELECT (SELECT max(at) FROM accounts_heartbeat), app.oldest_unsent(), clock_timestamp(),
  EXISTS (SELECT FROM digests_halt)
"""


@dataclass(frozen=True)
class Pulse:
    """What the database says of itself and of the worker."""

    tick: datetime | None
    oldest_unsent: datetime | None
    now: datetime
    halted: bool  # nothing is sent until somebody says so
    seconds: float  # how long it took to say so

    def age(self, at: datetime | None) -> float | None:
        return None if at is None else max(0.0, (self.now - at).total_seconds())

    @property
    def is_ticking(self) -> bool:
        age = self.age(self.tick)
        return age is not None and age < LATE


def pulse() -> Pulse:
    """One query, in a transaction of its own; raises where there is no database."""
    connection.ensure_connection()  # as a rule it is open
    began = time.perf_counter()
    [row] = rows(PULSE)
    return Pulse(*row, seconds=time.perf_counter() - began)


def rows(statement: str) -> list[tuple]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


class Queue:
    """Redis, asked at most every few seconds: it may be slow to say nothing."""

    def __init__(self):
        self.asked_at, self.length = float("-inf"), None

    def waiting(self) -> int | None:
        """How many tasks nobody has taken; None where Redis does not answer."""
        if time.monotonic() - self.asked_at > REMEMBERED:
            self.length, self.asked_at = self._ask(), time.monotonic()
        return self.length

    def _ask(self) -> int | None:
        try:
            with redis_client() as client:
                return client.llen("celery")
        except (redis.RedisError, OSError):
            return None


def redis_client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5
    )


queue = Queue()


@cache
def build() -> str:
    """BUILD, else the commit of a git checkout, else "unknown"."""
    if os.environ.get("BUILD"):
        return os.environ["BUILD"]
    folder = settings.BASE / ".git"
    try:
        head = (folder / "HEAD").read_text().strip()
        if head.startswith("ref: "):
            head = _commit_of(folder, head.removeprefix("ref: "))
    except OSError:
        return "unknown"
    return head[:12] if re.fullmatch("[0-9a-f]{40,64}", head) else "unknown"


def _commit_of(folder, name: str) -> str:
    file = folder / name
    if file.exists():
        return file.read_text().strip()
    packed = (folder / "packed-refs").read_text().splitlines()
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")
