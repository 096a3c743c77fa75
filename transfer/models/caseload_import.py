from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit, celery_kick, encryption
from accounts.encryption import EncryptedTextField
from accounts.models import Practice, User
from database.ids import uuid7
from transfer.imports.columns import CLINICAL, DIRECTORY, LEFT_OUT, matched
from transfer.imports.days import Order
from transfer.imports.sheet import Sheet

audit.verb("import begun", audit.Sort.ROLE, _("Uploaded a list to import"))
audit.verb("import started", audit.Sort.ROLE, _("Started an import"))
audit.verb("import stopped", audit.Sort.ROLE, _("Stopped an import"))
audit.verb("import dropped", audit.Sort.ROLE, _("Discarded an import"))
audit.verb("caseload imported", audit.Sort.ROLE, _("Imported a list"))
audit.verb("import undo asked", audit.Sort.ROLE, _("Asked to undo an import"))
audit.verb("import undo refused", audit.Sort.ROLE, _("Failed to undo an import"))
audit.verb("import undone", audit.Sort.ROLE, _("Undid an import"))
audit.verb("client imported", audit.Sort.ROLE, _("Imported a client"))

KEPT_FOR = timedelta(days=1)
UNDONE_WITHIN = timedelta(days=1)
# Tasks by name, since transfer.tasks imports this module.
TASK, READ, UNDO = (
    f"transfer.tasks.{name}" for name in ("bring_in", "read_file", "undo_import")
)


class CaseloadImportQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The therapist whose caseload it is, and the importing admin."""
        mine = Q(pk=None)
        if user.is_therapist:
            mine |= Q(therapist_id=user.pk)
        if user.is_admin:
            mine |= Q(by_id=user.pk)
        return self.filter(mine)

    def editable_by(self, user):
        return self.visible_to(user).filter(by_id=user.pk)

    def open(self):
        return self.filter(state__in=CaseloadImport.OPEN)

    def unstarted(self):
        """Not started yet: can be dropped."""
        reading = CaseloadImport.State.READING, CaseloadImport.State.REFUSED
        return self.filter(state__in=[*CaseloadImport.OPEN, *reading])

    def done(self):
        return self.filter(state=CaseloadImport.State.DONE)


class CaseloadImport(models.Model):
    """A file to be imported into a therapist's caseload, and its state.

    Contains no content: the lines are in ImportSheet while they are needed.
    """

    retention = "audit"

    class State(models.TextChoices):
        READING = "reading", _("Reading")
        REFUSED = "refused", _("Can’t be read")
        READY = "ready", _("Ready to check")
        WAITING = "waiting", _("Queued")
        RUNNING = "running", _("Importing")
        FAILED = "failed", _("Not imported")
        DONE = "done", _("Imported")
        DROPPED = "dropped", _("Discarded")
        UNDOING = "undoing", _("Undoing")
        UNDONE = "undone", _("Undone")

    OPEN = (State.READY, State.FAILED)  # can be changed and started
    STARTED = (State.WAITING, State.RUNNING)
    UNDER_WAY = (*STARTED, State.READING, State.UNDOING)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    therapist = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=8, choices=State.choices, default="reading")
    # The field of each column, by position; our names, none of the file's.
    columns = models.JSONField(default=list)
    date_order = models.CharField(max_length=5, choices=Order.choices, blank=True)
    leaves_out = models.BooleanField(default=False)
    # Why it could not be read or undone: codes, ids and numbers.
    refusal = models.JSONField(default=dict, db_default={})
    # Set by the worker while it runs.
    claim = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    percent = models.PositiveSmallIntegerField(default=0)
    # What was imported.
    people = models.PositiveIntegerField(default=0)
    sessions = models.PositiveIntegerField(default=0)
    goals = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    objects = CaseloadImportQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["therapist", "-made_at"], name="import_by_therapist"),
            models.Index(
                fields=["made_at"],
                condition=Q(state__in=["waiting", "running", "reading", "undoing"]),
                name="import_under_way",
            ),
        ]

    @property
    def is_own(self) -> bool:
        """Whether a therapist imports their own; else it is an admin's, who sees
        less."""
        return self.by_id == self.therapist_id

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_under_way(self) -> bool:
        return self.state in self.UNDER_WAY

    def key_of(self, number: int) -> UUID:
        """The id of the client of line `number`, deterministic, so that a second import
        of it is rejected."""
        noise = hashlib.sha256(f"{self.pk}:{number}".encode()).digest()
        value = (self.pk.int >> 80 << 80) | int.from_bytes(noise[:10])
        value = value & ~(0xF << 76) | (7 << 76)
        return UUID(int=value & ~(3 << 62) | (2 << 62))

    def brought(self, clients):
        """Of these clients, those it created: their ids start with its own."""
        first = self.pk.int >> 80 << 80
        last = first + (1 << 80) - 1
        return clients.filter(pk__range=(UUID(int=first), UUID(int=last)))

    @property
    def undone_until(self):
        return self.finished_at + UNDONE_WITHIN

    def may_undo(self, user: User) -> bool:
        """For a day; whether anything has changed since is found out by trying."""
        is_early = self.state == self.State.DONE and timezone.now() < self.undone_until
        return is_early and self.by_id == user.pk

    # -- verbs -------------------------------------------------------------------

    @classmethod
    @transaction.atomic
    def receive(cls, raw: bytes, *, by: User, therapist: User) -> CaseloadImport:
        """Store the file encrypted until the worker has read it. A new file replaces
        one that waits."""
        for earlier in cls.objects.editable_by(by).unstarted():
            earlier.drop(by=by)
        found = cls(practice_id=by.practice_id, by=by, therapist=therapist)
        found.save(force_insert=True)
        body = base64.b64encode(raw).decode()
        ImportSheet.put(found, ImportSheet.Part.UPLOAD, body)
        audit.record("import begun", about=found, therapist=therapist.pk)
        found._tell_the_worker(READ)
        return found

    def keep(self, sheet: Sheet) -> None:
        """By the worker: store the parsed lines and delete the file."""
        self.columns = matched(sheet.heads)
        self.save(update_fields=["columns"])
        known = {at for at, said in enumerate(self.columns) if said in DIRECTORY}
        open_part = set() if self.is_own else known
        rest = set(range(len(sheet.heads))) - open_part
        parts = [(ImportSheet.Part.SEALED, rest)]
        if open_part:
            parts.append((ImportSheet.Part.DIRECTORY, open_part))
        for part, columns in parts:
            ImportSheet.put(self, part, sheet.part(columns).to_json())

    def _tell_the_worker(self, task: str) -> None:
        told = partial(celery_kick.the_worker, task, args=[str(self.pk)])
        transaction.on_commit(told, robust=True)

    def may_become(self, part_of: set[int], column: int) -> tuple[str, ...]:
        """The fields that this column may be set to.

        For an admin clinical and other columns never mix: else encrypted cells would be
        shown, or shown cells become clinical.
        """
        if self.is_own:
            return (*DIRECTORY, *CLINICAL, LEFT_OUT)
        return (*(DIRECTORY if column in part_of else CLINICAL), LEFT_OUT)

    @transaction.atomic
    def correct(
        self, *, by: User, columns, date_order: str, leaves_out: bool, again=False
    ) -> bool:
        """Save how it is to be read; False once it has started. `again`: the worker
        must reread it before it can be imported."""
        said = {"columns": columns, "date_order": date_order, "leaves_out": leaves_out}
        if again:
            said |= {"state": self.State.READING, "attempts": 0, "claim": None}
        mine = CaseloadImport.objects.editable_by(by).filter(pk=self.pk).open()
        done = mine.update(**said)
        if done:
            for name, value in said.items():
                setattr(self, name, value)
        if done and again:
            self._tell_the_worker(READ)
        return bool(done)

    @transaction.atomic
    def start(self, *, by: User) -> bool:
        """Queue it for the worker; False if it was started or is done."""
        mine = CaseloadImport.objects.editable_by(by).filter(pk=self.pk).open()
        done = mine.update(state=self.State.WAITING, attempts=0, percent=0)
        if done:
            audit.record("import started", about=self)
            self._tell_the_worker(TASK)
        return bool(done)

    @transaction.atomic
    def stop(self, *, by: User) -> bool:
        """The running worker loses its claim, and nothing is imported."""
        mine = CaseloadImport.objects.editable_by(by).filter(pk=self.pk)
        done = mine.filter(state__in=self.STARTED).update(
            state=self.State.READY, claim=None, lease_until=None
        )
        if done:
            audit.record("import stopped", about=self)
        return bool(done)

    @transaction.atomic
    def drop(self, *, by: User) -> bool:
        """Delete its lines at once, those that `by` cannot see within a minute."""
        mine = CaseloadImport.objects.editable_by(by).filter(pk=self.pk).unstarted()
        done = mine.update(state=self.State.DROPPED, claim=None, lease_until=None)
        if done:
            ImportSheet.objects.visible_to(by).filter(caseload_import=self).delete()
            audit.record("import dropped", about=self)
        return bool(done)

    @transaction.atomic
    def undo(self, *, by: User) -> bool:
        """Queue the undo for the worker; False if it is too late."""
        mine = CaseloadImport.objects.editable_by(by).filter(pk=self.pk).done()
        mine = mine.filter(finished_at__gt=timezone.now() - UNDONE_WITHIN)
        done = mine.update(state=self.State.UNDOING, attempts=0, claim=None, refusal={})
        if done:
            audit.record("import undo asked", about=self)
            self._tell_the_worker(UNDO)
        return bool(done)


class ImportSheetQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The therapist's; for an admin's own file the names and contact data."""
        mine = Q(pk=None)
        if user.is_therapist:
            mine |= Q(caseload_import__therapist_id=user.pk)
        if user.is_admin:
            own = Q(caseload_import__by_id=user.pk)
            mine |= own & Q(part__in=ImportSheet.SHOWN)
        return self.filter(mine)


class ImportSheet(models.Model):
    """Lines of the file, encrypted with their own key, which is deleted with them."""

    retention = "transient"
    retention_days = 1

    class Part(models.TextChoices):
        UPLOAD = "upload", _("Original file")
        DIRECTORY = "directory", _("Names and contacts")
        SEALED = "sealed", _("Everything else")
        REVIEW = "review", _("Page content")
        MEND = "mend", _("Lines to fix, as a file")

    # The part of an admin's file that they may read; the rest is the therapist's.
    SHOWN = (Part.DIRECTORY, Part.REVIEW, Part.MEND)

    seal_as = "import_sheet"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    caseload_import = models.ForeignKey(
        CaseloadImport, models.PROTECT, related_name="sheets"
    )
    part = models.CharField(max_length=9, choices=Part.choices)
    body = EncryptedTextField()
    made_at = models.DateTimeField(default=timezone.now)

    objects = ImportSheetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["caseload_import", "part"], name="import_sheet_once"
            ),
        ]

    @property
    def client_id(self):
        """For encryption each sheet counts as a client of its own, with its own key."""
        return self.pk

    @classmethod
    def put(cls, caseload_import: CaseloadImport, part: str, body: str) -> None:
        """Replaces the stored lines; by the importing user."""
        cls.objects.filter(caseload_import=caseload_import, part=part).delete()
        row = cls(
            practice_id=caseload_import.practice_id,
            caseload_import=caseload_import,
            part=part,
            body=body,
        )
        encryption.make_client_key(row.practice_id, row.pk)
        row.save(force_insert=True)

    @property
    def sheet(self) -> Sheet:
        """Raise ValueError if its key is gone, as after a day."""
        return Sheet.from_json(self.body)

    @property
    def raw(self) -> bytes:
        return base64.b64decode(self.body, validate=True)
