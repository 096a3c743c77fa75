"""After a restore nothing leaves until a person says so.

What was due in between has been sent already by the original, as far as anybody knows.
So everything that waited in the backup is held; whoever lifts the halt sets free what
is due later, and what is overdue stays held for good.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import OutgoingEmail
from digests import kinds, plan
from digests.models import Halt

State = OutgoingEmail.State
RESTORED = "restored"  # the reason, which an admin reads under Deliveries
HELD_KINDS = [kind.name for kind in kinds.EVERY if kind.held_by_restore]
# By the owner of the tables, to whom row security shows no email: within this one
# transaction it is not forced.
HOLD = """
ALTER TABLE accounts_outgoingemail NO FORCE ROW LEVEL SECURITY;
UPDATE accounts_outgoingemail SET state = 'held', reason = 'restored', claim = NULL,
  lease_until = NULL WHERE state IN ('waiting', 'sending');
ALTER TABLE accounts_outgoingemail FORCE ROW LEVEL SECURITY;
INSERT INTO digests_halt (at, why) VALUES (clock_timestamp(), 'restored');
"""


class Lifted(NamedTuple):
    free: int  # due later, and sent then
    held: int  # overdue, and never sent


def stands() -> bool:
    return Halt.objects.exists()


def begin(cursor) -> None:
    """Hold what waits and halt; in the caller's transaction, as the tables' owner."""
    cursor.execute(HOLD)


@transaction.atomic
def lift() -> Lifted:
    """As the worker.  What is planned only now, and was due before, is held too: the
    original may have planned and sent it."""
    began = timezone.now()
    plan.plan()
    overdue = OutgoingEmail.objects.filter(due_at__lte=timezone.now())
    planned = overdue.filter(kind__in=HELD_KINDS, created_at__gte=began)
    planned.filter(state=State.WAITING).update(state=State.HELD, reason=RESTORED)
    held = OutgoingEmail.objects.filter(state=State.HELD, reason=RESTORED)
    later = held.filter(due_at__gt=timezone.now())
    free = later.update(state=State.WAITING, reason="")
    _delete_halts()
    return Lifted(free, held.count())


def _delete_halts() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM digests_halt")
