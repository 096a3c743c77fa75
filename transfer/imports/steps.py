"""The worker's short steps around an import: reading a file, undoing an import.

Each is claimed with a lease, so that two workers never do it twice, and ends in one
transaction that requires the claim. If its worker is killed, the periodic run retries
it after the lease; after some attempts it is given up with a message.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, InternalError, connection, transaction

from accounts import audit
from accounts.models import User
from database import claims
from database.claims import Claim, TakenAway
from database.identity import acting_as
from transfer.imports import crash, parser_process
from transfer.imports.columns import Field, matched
from transfer.imports.files import lines_to_mend
from transfer.imports.review import ImportReview
from transfer.imports.sheet import CannotRead, Sheet
from transfer.imports.summary import Summary
from transfer.models import CaseloadImport, ImportSheet

State, Part = CaseloadImport.State, ImportSheet.Part
FAILED = {"failed": True}  # stored like a rejection
# Longer than parser_process.WALL and all that follows it.
LEASE = timedelta(seconds=120)


def read_file(import_id: UUID | str) -> str:
    """Read the uploaded file, or the same lines with other columns; return the new
    state."""
    claim = _claim(import_id, State.READING)
    if claim is None:
        return "not now"
    otherwise = {"state": State.REFUSED, "refusal": FAILED}
    return claims.work_on(claim, _read, otherwise=otherwise)


def undo(import_id: UUID | str) -> str:
    """Remove all that an import created, if nothing of it has changed since."""
    claim = _claim(import_id, State.UNDOING)
    if claim is None:
        return "not now"
    otherwise = {"state": State.DONE, "refusal": FAILED}
    return claims.work_on(claim, _undo, otherwise=otherwise)


def _claim(import_id, state: str) -> Claim | None:
    """Claim it in the state in which it waits."""
    return claims.claim(
        CaseloadImport, import_id, waits=state, works=state, lease=LEASE
    )


def _mine(by: User, claim: Claim, state: str) -> CaseloadImport:
    """The import if the claim is still ours, locked until the transaction ends."""
    rows = CaseloadImport.objects.editable_by(by).filter(
        pk=claim.pk, claim=claim.token, state=state
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


def _read(claim: Claim) -> str:
    crash.here("file_claimed")
    raw = _uploaded(claim)
    sheet, refused = None, {}
    if raw is not None:
        try:
            sheet = parser_process.read(raw)  # no transaction is open meanwhile
        except CannotRead as error:
            refused = {"code": error.code, "params": error.numbers}
    with acting_as(claim.by_id), transaction.atomic(durable=True):
        by = User.objects.select_related("practice").get(pk=claim.by_id)
        imported = _mine(by, claim, State.READING)
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


def _uploaded(claim: Claim) -> bytes | None:
    """The file; None if it was already read and only its columns were changed."""
    with acting_as(claim.by_id), transaction.atomic(durable=True):
        by = User.objects.get(pk=claim.by_id)
        imported = _mine(by, claim, State.READING)
        with acting_as(imported.therapist_id):
            rows = ImportSheet.objects.filter(caseload_import_id=imported.pk)
            found = rows.filter(part=Part.UPLOAD).first()
            return found.raw if found else None


def _take(imported: CaseloadImport, sheet: Sheet) -> dict:
    """Store its lines, or the reason why not."""
    if not imported.is_own and Field.NAME not in matched(sheet.heads):
        # A user who may see clinical columns must not be the one who could relabel
        # them.
        return {"code": "no_name", "params": {}}
    imported.keep(sheet)
    return {}


def _look_through(imported: CaseloadImport, by: User) -> None:
    """Build what the page will show, in the reader's language."""
    with by.reading():
        review = ImportReview(imported, by=by)
        summary = Summary.of(review).to_json()
        mend = lines_to_mend(review)
    ImportSheet.put(imported, Part.REVIEW, summary)
    ImportSheet.put(imported, Part.MEND, mend)


# -- undoing --------------------------------------------------------------------------

CHANGED = "SELECT actor, verb, many FROM app.changed_since_import(%s)"
REMOVE = "SELECT app.undo_import(%s)"


def _undo(claim: Claim) -> str:
    crash.here("undo_claimed")
    try:
        with acting_as(claim.by_id), transaction.atomic(durable=True):
            by = User.objects.select_related("practice").get(pk=claim.by_id)
            imported = _mine(by, claim, State.UNDOING)
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
        # A row refers to what the import created, or is missing, without an audit row:
        # the function raises it (InternalError is RAISE's), or a foreign key does.
        with acting_as(claim.by_id), transaction.atomic(durable=True):
            by = User.objects.get(pk=claim.by_id)
            imported = _mine(by, claim, State.UNDOING)
            _end(imported, State.DONE, changed=[])
        return "refused"
    return "done"


def _changed_since(imported: CaseloadImport) -> list[list]:
    """Who did what to these clients since, and how often: ids, verbs and numbers."""
    with connection.cursor() as cursor:
        cursor.execute(CHANGED, [str(imported.pk)])
        return [[str(actor), verb, many] for actor, verb, many in cursor.fetchall()]
