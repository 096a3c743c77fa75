"""Exports are made by a worker, as the user who asked, and deleted after a day."""

from __future__ import annotations

import logging
from uuid import UUID

from django.db import connection, transaction

from accounts.models import User
from database.claims import ATTEMPTS
from database.identity import acting_as
from transfer.export.files import packed
from transfer.export.read import read_record
from transfer.models import RecordExport
from transfer.models.record_export import KEPT_FOR

log = logging.getLogger(__name__)
State = RecordExport.State
# Incremented and committed before each attempt: an export that kills its worker is not
# retried forever.
TRY = """
UPDATE transfer_recordexport SET attempts = attempts + 1,
  state = CASE WHEN attempts < %(most)s THEN state ELSE 'failed' END
WHERE id = %(id)s AND state = 'waiting' RETURNING by_id, state
"""
FAIL = """
UPDATE transfer_recordexport SET state = 'failed' WHERE id = %s AND state = 'waiting'
"""
# By the database clock; the content is deleted, the row stays for the audit log.
SWEEP = """
UPDATE transfer_recordexport SET state = 'gone', archive = ''
WHERE state = 'ready' AND ready_at < clock_timestamp() - %s
"""


def waits() -> bool:
    return RecordExport.objects.filter(state=State.WAITING).exists()


def make_waiting() -> int:
    """Make every pending export, oldest first; return how many were made."""
    waiting = RecordExport.objects.filter(state=State.WAITING).order_by(
        "asked_at", "pk"
    )
    return sum(make(pk) for pk in waiting.values_list("pk", flat=True))


def make(export_id: UUID) -> bool:
    """False if another worker is making it, or it failed."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TRY, {"id": str(export_id), "most": ATTEMPTS})
        found = cursor.fetchone()
    if found is None or found[1] != State.WAITING:
        return False
    try:
        return _write(export_id, found[0])
    except Exception as error:
        # The message might contain clinical text: only the error class is stored.
        log.error("copy %s was not made (%s)", export_id, type(error).__name__)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FAIL, [str(export_id)])
        return False


def _write(export_id: UUID, by_id: UUID) -> bool:
    with acting_as(by_id), transaction.atomic(durable=True):
        by = User.objects.select_related("practice").get(pk=by_id)
        rows = RecordExport.objects.visible_to(by).filter(state=State.WAITING)
        rows = rows.select_for_update(of=["self"], skip_locked=True)
        export = rows.filter(pk=export_id).select_related("client").first()
        if export is None:
            if RecordExport.objects.visible_to(by).filter(pk=export_id).exists():
                return False  # another worker is making it
            raise LookupError("the record is no longer theirs")
        with by.reading():
            export.keep(packed(read_record(export.client, by)))
    return True


def sweep() -> int:
    """Delete the content of exports older than a day."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SWEEP, [KEPT_FOR])
        return cursor.rowcount
