"""Work that one worker at a time does: claimed with a lease, renewed, or given up.

A row that is worked on has `state`, `claim`, `lease_until`, `attempts` and `by`, who
asked for it.  Making it ours is committed before the work begins: what kills a worker
is counted, and no two do the same.  The transaction that ends the work holds only while
the claim does.  A row whose worker was killed is claimed again when its lease ends;
after some attempts it is given up.

Leases run by the database's clock: a worker whose own is wrong steals nothing.  The
outbox claims many rows at once, by when they are due: digests/send.py has its own.  A
copy of a record is one transaction that locks its row (transfer/export/job.py).
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
    """Somebody stopped it, or another worker has it now: nothing of it is kept."""


class Moment(Func):
    """The moment of the statement, where now() is its transaction's beginning."""

    function = "clock_timestamp"
    output_field = models.DateTimeField()


@dataclass(frozen=True)
class Claim:
    """A row that is ours, for as long as `rows` finds it."""

    pk: UUID
    rows: models.QuerySet
    token: UUID
    by_id: UUID
    attempts: int

    def renew(self, lease: timedelta, **values) -> bool:
        """Work goes on; False where the row is no longer ours."""
        with transaction.atomic():
            return bool(self.rows.update(lease_until=Moment() + Value(lease), **values))

    def end(self, state: str, **values) -> bool:
        """It is done, or given up; False where the row is no longer ours."""
        free = {"claim": None, "lease_until": None}
        with transaction.atomic():
            return bool(self.rows.update(state=state, **free, **values))


def claim(
    model, pk, *, waits: str, works: str, lease: timedelta, **values
) -> Claim | None:
    """The row in state `waits`, ours and in state `works` (which may be the same); None
    where it waits no longer, or somebody is at it."""
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
    """What became of it: what `work` says, "taken away", or "failed".

    What fails, or was tried too often, is left as `otherwise` says: a state and values.
    """
    try:
        if claimed.attempts > ATTEMPTS:
            raise RuntimeError("tried too often")
        return work(claimed)
    except TakenAway:
        return "taken away"
    except Exception as error:
        # Its words might be somebody's: the kind of error alone is kept.
        what, kind = claimed.rows.model._meta.model_name, type(error).__name__
        log.error("%s %s failed (%s)", what, claimed.pk, kind)
        claimed.end(**otherwise)
        return "failed"
