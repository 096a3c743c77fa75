"""Tamper-evident audit log: rows are sealed in batches by a hash chain.

PostgreSQL hashes each row as it is written, without any waiting, and once a minute
hashes the completed rows onto the previous seal. Each seal is also logged by
`cairn.seals`; ship that log to where the database superuser has no access.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection, transaction

from accounts.models import AuditSeal

log = logging.getLogger("cairn.seals")
LINE = "seal %s of events %s to %s, sha256 %s"
LOGGED = re.compile(r"\bseal (\d+) of events \d+ to \d+, sha256 ([0-9a-f]{64})\b")


class Fault(NamedTuple):
    """The first fault found, and the seal or row it concerns."""

    what: str
    seal: int | None
    event: int | None

    def __str__(self) -> str:
        return WORDS[self.what].format(seal=self.seal, event=self.event)


WORDS = {
    "row": "Row {event} was changed after it was written.",
    "missing seal": "Seal {seal} is missing.",
    "chain": "Seal {seal} does not follow from the seal before it.",
    "range": "Seal {seal} does not begin where the seal before it ended.",
    "count": "Rows of seal {seal} were removed or added.",
    "batch": "The rows of seal {seal} are not those that were sealed.",
    "cut": (
        "Seal {seal} was logged but is missing: the end of the audit log was cut off."
    ),
    "replaced": "Seal {seal} is not the one that was logged.",
}


def seal() -> int:
    """Seal the completed rows in a transaction of its own; return how many."""
    sealed = 0
    while batch := _seal_a_batch():
        sealed += batch
    return sealed


def _seal_a_batch() -> int:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SELECT number, first, last, rows, digest FROM app.seal()")
        made = cursor.fetchone()
    if not made or made[0] is None:
        return 0
    number, first, last, rows, digest = made
    if last >= first:
        log.info(LINE, number, first, last, bytes(digest).hex())
    return rows


def first_fault(anchor: Iterable[str] = ()) -> Fault | None:
    """The first fault of the log, judged by itself and the logged seals, or None."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT what, seal, event FROM app.audit_fault()")
        found = cursor.fetchone()
    if found and found[0]:
        return Fault(*found)
    return _against(anchor)


def _against(anchor: Iterable[str]) -> Fault | None:
    logged = {int(m[1]): m[2] for line in anchor if (m := LOGGED.search(line))}
    seals = AuditSeal.objects.filter(pk__in=logged).values_list("pk", "hash")
    kept = {pk: bytes(digest).hex() for pk, digest in seals}
    for number in sorted(logged):
        if number not in kept:
            return Fault("cut", number, None)
        if kept[number] != logged[number]:
            return Fault("replaced", number, None)
    return None
