from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit, encryption, nudge
from accounts.encryption import EncryptedTextField
from accounts.ids import uuid7
from accounts.models import Practice, User
from progress.imports.columns import CLINICAL, DIRECTORY, LEFT_OUT, matched
from progress.imports.days import Order
from progress.imports.sheet import Sheet

KEPT_FOR = timedelta(days=1)
TASK = "progress.tasks.bring_in"  # which imports this


class CaseloadImportQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Whose caseload it is, and the admin who brought it."""
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

    def done(self):
        return self.filter(state=CaseloadImport.State.DONE)


class CaseloadImport(models.Model):
    """A file that somebody wants on a therapist's caseload, and what became of it.

    Holds no word of it: the lines are in ImportSheet for as long as they are needed.
    """

    class State(models.TextChoices):
        READY = "ready", _("Waits to be looked at")
        WAITING = "waiting", _("Waits for its turn")
        RUNNING = "running", _("Is being brought in")
        FAILED = "failed", _("Did not come in")
        DONE = "done", _("Is in")
        DROPPED = "dropped", _("Left out")

    OPEN = (State.READY, State.FAILED)  # somebody may change and start it
    UNDER_WAY = (State.WAITING, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    therapist = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=8, choices=State.choices, default="ready")
    # What each column becomes, by its place; our names, none of the file's.
    columns = models.JSONField(default=list)
    date_order = models.CharField(max_length=5, choices=Order.choices, blank=True)
    leaves_out = models.BooleanField(default=False)
    # By the worker, while it is at it.
    claim = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    percent = models.PositiveSmallIntegerField(default=0)
    # What came in.
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
                condition=Q(state__in=["waiting", "running"]),
                name="import_under_way",
            ),
        ]

    @property
    def is_own(self) -> bool:
        """Whether a therapist brings their own; else it is an admin, who sees less."""
        return self.by_id == self.therapist_id

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_under_way(self) -> bool:
        return self.state in self.UNDER_WAY

    def key_of(self, number: int) -> UUID:
        """The key of the client of its line `number`, whoever writes it, whenever:
        twice the same, so that twice is refused."""
        noise = hashlib.sha256(f"{self.pk}:{number}".encode()).digest()
        value = (self.pk.int >> 80 << 80) | int.from_bytes(noise[:10])
        value = value & ~(0xF << 76) | (7 << 76)
        return UUID(int=value & ~(3 << 62) | (2 << 62))

    # -- verbs -------------------------------------------------------------------

    @classmethod
    @transaction.atomic
    def begin(cls, sheet: Sheet, *, by: User, therapist: User) -> CaseloadImport:
        """Keep what was read, sealed, to be looked at.  Of two files in the making the
        later counts."""
        for earlier in cls.objects.editable_by(by).open():
            earlier.drop(by=by)
        found = cls(practice_id=by.practice_id, by=by, therapist=therapist)
        found.columns = matched(sheet.heads)
        found.save(force_insert=True)
        known = {at for at, said in enumerate(found.columns) if said in DIRECTORY}
        open_part = set() if found.is_own else known
        rest = set(range(len(sheet.heads))) - open_part
        parts = [(ImportSheet.Part.SEALED, rest)]
        if open_part:
            parts.append((ImportSheet.Part.DIRECTORY, open_part))
        for part, columns in parts:
            ImportSheet.keep(found, part, sheet.part(columns))
        said = {"lines": len(sheet.lines), "therapist": therapist.pk}
        audit.record("import begun", about=found, **said)
        return found

    def may_become(self, part_of: set[int], column: int) -> tuple[str, ...]:
        """The fields that this column can be.  For an admin the two kinds never mix:
        else what is sealed would be shown, and what was shown would be clinical."""
        if self.is_own:
            return (*DIRECTORY, *CLINICAL, LEFT_OUT)
        return (*(DIRECTORY if column in part_of else CLINICAL), LEFT_OUT)

    @transaction.atomic
    def correct(self, *, by: User, columns, date_order: str, leaves_out: bool) -> bool:
        """Keep how it is to be read; False once it is under way."""
        done = (
            CaseloadImport.objects.editable_by(by)
            .filter(pk=self.pk)
            .open()
            .update(columns=columns, date_order=date_order, leaves_out=leaves_out)
        )
        if done:
            self.columns, self.date_order = columns, date_order
            self.leaves_out = leaves_out
        return bool(done)

    @transaction.atomic
    def start(self, *, by: User) -> bool:
        """Hand it to the worker; False where it was, or is done."""
        mine = CaseloadImport.objects.editable_by(by).filter(pk=self.pk).open()
        done = mine.update(state=self.State.WAITING, attempts=0, percent=0)
        if done:
            audit.record("import started", about=self)
            told = partial(nudge.the_worker, TASK, args=[str(self.pk)])
            transaction.on_commit(told, robust=True)
        return bool(done)

    @transaction.atomic
    def stop(self, *, by: User) -> bool:
        """Whoever is at it finds it taken away, and nothing came in."""
        mine = CaseloadImport.objects.editable_by(by).filter(pk=self.pk)
        done = mine.filter(state__in=self.UNDER_WAY).update(
            state=self.State.READY, claim=None, lease_until=None
        )
        if done:
            audit.record("import stopped", about=self)
        return bool(done)

    @transaction.atomic
    def drop(self, *, by: User) -> bool:
        """Its lines go at once, what `by` cannot see of them within a minute."""
        mine = CaseloadImport.objects.editable_by(by).filter(pk=self.pk).open()
        done = mine.update(state=self.State.DROPPED)
        if done:
            ImportSheet.objects.visible_to(by).filter(caseload_import=self).delete()
            audit.record("import dropped", about=self)
        return bool(done)


class ImportSheetQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The therapist's; of an admin's own file the names and contacts as well."""
        mine = Q(pk=None)
        if user.is_therapist:
            mine |= Q(caseload_import__therapist_id=user.pk)
        if user.is_admin:
            own = Q(caseload_import__by_id=user.pk)
            mine |= own & Q(part=ImportSheet.Part.DIRECTORY)
        return self.filter(mine)


class ImportSheet(models.Model):
    """Lines of the file, sealed with a key of their own, which goes with them."""

    class Part(models.TextChoices):
        DIRECTORY = "directory", _("Names and contacts")
        SEALED = "sealed", _("All else")

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
        """To encryption each sheet is somebody of its own, with a key of its own."""
        return self.pk

    @classmethod
    def keep(cls, caseload_import: CaseloadImport, part: str, sheet: Sheet) -> None:
        row = cls(
            practice_id=caseload_import.practice_id,
            caseload_import=caseload_import,
            part=part,
            body=sheet.to_json(),
        )
        encryption.make_client_key(row.practice_id, row.pk)
        row.save(force_insert=True)

    @property
    def sheet(self) -> Sheet:
        """Raise ValueError where its key is gone, as after a day."""
        return Sheet.from_json(self.body)
