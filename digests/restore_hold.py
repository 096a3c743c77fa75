"""After a restore nothing is sent until a person lifts the halt.

The original may already have sent what became due since the backup. So everything
queued in the backup is held; lifting the halt releases what is due in the future, and
overdue emails stay held permanently.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import OutgoingEmail
from digests import kinds, plan
from digests.models import Halt

State = OutgoingEmail.State
RESTORED = "restored"  # a reason shown in the email log
HELD_KINDS = [kind.name for kind in kinds.EVERY if kind.held_by_restore]
# Runs as the tables' owner, who sees no email under forced row security: it is not
# forced within this one transaction.
HOLD = """
ALTER TABLE accounts_outgoingemail NO FORCE ROW LEVEL SECURITY;
UPDATE accounts_outgoingemail SET state = 'held', reason = 'restored', claim = NULL,
  lease_until = NULL WHERE state IN ('waiting', 'sending');
ALTER TABLE accounts_outgoingemail FORCE ROW LEVEL SECURITY;
INSERT INTO digests_halt (at, why) VALUES (clock_timestamp(), 'restored');
"""


class Lifted(NamedTuple):
    free: int  # due in the future, to be sent then
    held: int  # overdue, never sent


def stands() -> bool:
    return Halt.objects.exists()


def begin(cursor) -> None:
    """Hold queued emails and halt; in the caller's transaction, as the tables'
    owner."""
    cursor.execute(HOLD)


@transaction.atomic
def lift() -> Lifted:
    """Runs as the worker. Also holds what is only planned now but was due before: the
    original may have sent it."""
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
