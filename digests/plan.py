"""Queue emails that are due soon. Idempotent, and may run late.

Runs as the worker, who reads no name and no text: only time, recipient and kind.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from digests import crash, kinds

BATCH = 1000
BUDGET = 45  # seconds; the next run continues

logger = logging.getLogger(__name__)


def plan(now: datetime | None = None) -> int:
    """Queue what is due within 48 hours; return how many emails were new.

    Limited in time: the next call finds the rest. Inside a caller's transaction it runs
    to the end, so that the transaction is complete.
    """
    now = now or timezone.now()
    until = math.inf if connection.in_atomic_block else time.monotonic() + BUDGET
    count = 0
    for kind in kinds.PLANNED:
        count += plan_kind(kind, now, until)
    crash.here("after_plan")
    return count


def plan_kind(kind: kinds.PlannedKind, now: datetime, until: float = math.inf) -> int:
    count = 0
    for rows, write in kind.batches(now):
        count += _by_batches(rows, write, until)
    return count


def _by_batches(rows: QuerySet, write: Callable, until: float) -> int:
    """Insert in id order, each batch in its own transaction; always at least one, so
    that no kind waits for those before it."""
    count, batch = 0, []
    while True:
        after = rows.filter(pk__gt=batch[-1][0]) if batch else rows
        with transaction.atomic():
            batch = list(after.order_by("pk")[:BATCH])
            count += write(batch)
            crash.here("in_plan")
        if len(batch) < BATCH:
            return count
        if time.monotonic() > until:
            logger.info("planning goes on in the next tick")
            return count
