"""The worker's short steps beside the import itself: reading a file, undoing an import.

Each is claimed with a lease before it begins, so that two workers never do it twice,
and ends in one transaction that holds only while the claim does.  A step whose worker
was killed is found by the tick when its lease ends; after some attempts it is given up,
in words.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import UUID, uuid4

from django.db import IntegrityError, InternalError, connection, transaction
from django.utils import timezone, translation

from accounts import audit
from accounts.models import User
from database.identity import acting_as
from transfer.imports import crash, reading
from transfer.imports.columns import Field, matched
from transfer.imports.files import lines_to_mend
from transfer.imports.job import ATTEMPTS, TakenAway
from transfer.imports.review import Review
from transfer.imports.sheet import CannotRead, Sheet
from transfer.imports.summary import Summary
from transfer.models import CaseloadImport, ImportSheet

log = logging.getLogger(__name__)
State, Part = CaseloadImport.State, ImportSheet.Part
LEASE = 120  # seconds: longer than reading.WALL and all that follows it

CLAIM = """
UPDATE transfer_caseloadimport SET claim = %(claim)s, attempts = attempts + 1,
  lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
WHERE id = %(id)s AND state = %(state)s
  AND (claim IS NULL OR lease_until < clock_timestamp())
RETURNING by_id, attempts
"""
GIVE_UP = """
UPDATE transfer_caseloadimport SET state = %(then)s, claim = NULL, lease_until = NULL,
  refusal = '{"failed": true}'
WHERE id = %(id)s AND claim = %(claim)s AND state = %(state)s
"""


def read_file(import_id: UUID | str) -> str:
    """Read what was uploaded, or the same lines in other columns; what became of it."""
    return _step(import_id, State.READING, _read, otherwise=State.REFUSED)


def undo(import_id: UUID | str) -> str:
    """Remove all that an import made, if nothing of it has changed since."""
    return _step(import_id, State.UNDOING, _undo, otherwise=State.DONE)


def _step(import_id, state: str, step: Callable, *, otherwise: str) -> str:
    said = {"id": str(import_id), "claim": str(uuid4()), "state": state}
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(CLAIM, said | {"lease": LEASE})
        found = cursor.fetchone()
    if found is None:
        return "not now"
    by_id, attempts = found
    crash.here("file_claimed" if state == State.READING else "undo_claimed")
    try:
        if attempts > ATTEMPTS:
            raise RuntimeError("tried too often")
        return step(import_id, said["claim"], by_id)
    except TakenAway:
        return "taken away"
    except Exception as error:
        # Its words might be somebody's: the kind of error alone is kept.
        kind = type(error).__name__
        log.error("import %s was not done: %s (%s)", import_id, state, kind)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(GIVE_UP, said | {"then": otherwise})
        return "failed"


def _mine(by: User, import_id, claim, state: str) -> CaseloadImport:
    """The import while the claim is ours, locked until the transaction ends."""
    rows = CaseloadImport.objects.editable_by(by).filter(
        pk=import_id, claim=claim, state=state
    )
    found = rows.select_related("therapist", "practice")
    locked = found.select_for_update(of=["self"]).first()
    if locked is None:
        raise TakenAway
    return locked


def _end(imported: CaseloadImport, state: str, **refusal) -> None:
    imported.state, imported.refusal = state, refusal
    imported.claim = imported.lease_until = None
    imported.save(update_fields=["state", "refusal", "claim", "lease_until"])


# -- reading --------------------------------------------------------------------------


def _read(import_id, claim, by_id) -> str:
    raw = _uploaded(import_id, claim, by_id)
    sheet, refused = None, {}
    if raw is not None:
        try:
            sheet = reading.read(raw)  # meanwhile no transaction is open
        except CannotRead as error:
            refused = {"code": error.code, "params": error.numbers}
    with acting_as(by_id), transaction.atomic(durable=True):
        by = User.objects.select_related("practice").get(pk=by_id)
        imported = _mine(by, import_id, claim, State.READING)
        if sheet is not None:
            refused = _take(imported, sheet)
        if raw is not None:
            with acting_as(imported.therapist_id):
                ImportSheet.objects.filter(
                    caseload_import=imported, part=Part.UPLOAD
                ).delete()
        if not refused:
            _look_through(imported, by)
        _end(imported, State.REFUSED if refused else State.READY, **refused)
        crash.here("file_read")
    return "refused" if refused else "done"


def _uploaded(import_id, claim, by_id) -> bytes | None:
    """The file; None where it was read before, and only its columns were changed."""
    with acting_as(by_id), transaction.atomic(durable=True):
        by = User.objects.get(pk=by_id)
        imported = _mine(by, import_id, claim, State.READING)
        with acting_as(imported.therapist_id):
            rows = ImportSheet.objects.filter(caseload_import_id=imported.pk)
            found = rows.filter(part=Part.UPLOAD).first()
            return found.raw if found else None


def _take(imported: CaseloadImport, sheet: Sheet) -> dict:
    """Store its lines; or why not."""
    if not imported.is_own and Field.NAME not in matched(sheet.heads):
        # Who may look at what is sealed is not who could say what it is.
        return {"code": "no_name", "params": {}}
    imported.keep(sheet)
    return {}


def _look_through(imported: CaseloadImport, by: User) -> None:
    """What the page will show, in the language of who will read it."""
    with translation.override(by.language), timezone.override(by.zone):
        review = Review(imported, by=by)
        summary = Summary.of(review).to_json()
        mend = lines_to_mend(review)
    ImportSheet.put(imported, Part.REVIEW, summary)
    ImportSheet.put(imported, Part.MEND, mend)


# -- undoing --------------------------------------------------------------------------

CHANGED = "SELECT actor, verb, many FROM app.changed_since_import(%s)"
REMOVE = "SELECT app.undo_import(%s)"


def _undo(import_id, claim, by_id) -> str:
    try:
        with acting_as(by_id), transaction.atomic(durable=True):
            by = User.objects.select_related("practice").get(pk=by_id)
            imported = _mine(by, import_id, claim, State.UNDOING)
            changed = _changed_since(imported)
            if changed:
                _end(imported, State.DONE, changed=changed)
                audit.record("import undo refused", about=imported)
                return "refused"
            with connection.cursor() as cursor:
                cursor.execute(REMOVE, [str(imported.pk)])
            _end(imported, State.UNDONE)
            said = {"clients": imported.people, "therapist": imported.therapist_id}
            audit.record("import undone", about=imported, **said)
            crash.here("undone")
    except (IntegrityError, InternalError):
        # Something refers to what it made, or is missing, that the audit log does not
        # name; the function says so (InternalError is RAISE's), or a foreign key.
        with acting_as(by_id), transaction.atomic(durable=True):
            by = User.objects.get(pk=by_id)
            imported = _mine(by, import_id, claim, State.UNDOING)
            _end(imported, State.DONE, changed=[])
        return "refused"
    return "done"


def _changed_since(imported: CaseloadImport) -> list[list]:
    """Who did what to these clients since, and how often: ids, verbs and numbers."""
    with connection.cursor() as cursor:
        cursor.execute(CHANGED, [str(imported.pk)])
        return [[str(actor), verb, many] for actor, verb, many in cursor.fetchall()]
