"""Work that one worker at a time does: claimed with a lease, renewed, or given up.

Such a row has `state`, `claim`, `lease_until`, `attempts` and `by`, the user who asked.
The claim is committed before the work starts, so an attempt that kills its worker is
counted and no two workers do the same. The transaction that completes the work requires
a valid claim. If a worker is killed, the row is claimed again after its lease; after
some attempts it is given up.

Leases use the database clock, so a worker with a wrong clock steals nothing. The outbox
claims many rows at once, by due time, with its own code in digests/send.py. An export
is one transaction that locks its row (transfer/export/job.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.db import models, transaction
from django.db.models import F, Func, Q, Value

log = logging.getLogger(__name__)
ATTEMPTS = 3


class TakenAway(Exception):
    """It was stopped, or another worker has claimed it: none of the work is saved."""


class Moment(Func):
    """The time of the statement; now() is the start of its transaction."""

    function = "clock_timestamp"
    output_field = models.DateTimeField()


@dataclass(frozen=True)
class Claim:
    """A claimed row, ours for as long as `rows` finds it."""

    pk: UUID
    rows: models.QuerySet
    token: UUID
    by_id: UUID
    attempts: int

    def renew(self, lease: timedelta, **values) -> bool:
        """Renew the lease; False if the row is no longer ours."""
        with transaction.atomic():
            return bool(self.rows.update(lease_until=Moment() + Value(lease), **values))

    def end(self, state: str, **values) -> bool:
        """Complete or give up; False if the row is no longer ours."""
        free = {"claim": None, "lease_until": None}
        with transaction.atomic():
            return bool(self.rows.update(state=state, **free, **values))


def claim(
    model, pk, *, waits: str, works: str, lease: timedelta, **values
) -> Claim | None:
    """Claim the row in state `waits` and set it to `works` (may be the same); None if
    it no longer waits or is claimed."""
    token = uuid4()
    is_free = Q(state=waits, claim=None)
    is_left = Q(state__in=[waits, works], lease_until__lt=Moment())
    with transaction.atomic(durable=True):
        done = model.objects.filter(is_free | is_left, pk=pk).update(
            state=works,
            claim=token,
            lease_until=Moment() + Value(lease),
            attempts=F("attempts") + 1,
            **values,
        )
        if not done:
            return None
        ours = model.objects.filter(pk=pk, claim=token, state=works)
        by_id, attempts = ours.values_list("by_id", "attempts").get()
    return Claim(pk, ours, token, by_id, attempts)


def work_on(claimed: Claim, work: Callable[[Claim], str], *, otherwise: dict) -> str:
    """The result of `work`, "taken away", or "failed".

    If it fails or has been tried too often, the row is set as `otherwise` says: a state
    and values.
    """
    try:
        if claimed.attempts > ATTEMPTS:
            raise RuntimeError("tried too often")
        return work(claimed)
    except TakenAway:
        return "taken away"
    except Exception as error:
        # The message might contain clinical text: only the error class is stored.
        what, kind = claimed.rows.model._meta.model_name, type(error).__name__
        log.error("%s %s failed (%s)", what, claimed.pk, kind)
        claimed.end(**otherwise)
        return "failed"
