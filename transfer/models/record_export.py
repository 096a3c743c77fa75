from __future__ import annotations

import base64
from datetime import timedelta

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit, celery_kick
from accounts.encryption import EncryptedTextField
from accounts.models import User
from clients import access
from clients.models import ClientRow
from clients.record_access import opened

audit.verb("copy fetched", audit.Sort.EXPORTED, _("Downloaded a copy of the record"))

KEPT_FOR = timedelta(days=1)
TASK = "transfer.tasks.copy_records"  # which imports this module


class RecordExportQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Only the user who asked for it, while they can read the record."""
        return self.filter(access.rows_visible_to(user), by=user)

    def ready(self):
        State = RecordExport.State
        since = timezone.now() - KEPT_FOR
        return self.filter(state=State.READY, ready_at__gt=since)


class RecordExport(ClientRow):
    """An export of a record that a user asked for; its files are stored for a day."""

    retention = "audit"
    field_retention = {"archive": "transient"}
    retention_days = 1
    not_exported = "who made a copy is under who looked"
    frozen = {"by", "asked_at", "attempts"}

    class State(models.TextChoices):
        WAITING = "waiting", _("Preparing")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Could not be prepared")
        GONE = "gone", _("Deleted after a day")

    seal_as = "record_export"

    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    ready_at = models.DateTimeField(null=True)
    archive = EncryptedTextField(blank=True)  # the ZIP in base64

    objects = RecordExportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["by", "client"],
                condition=models.Q(state="waiting"),
                name="record_export_one_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=models.Q(state__in=["waiting", "ready"]),
                name="record_export_open",
            ),
        ]

    @classmethod
    @transaction.atomic
    def ask(cls, client, *, by: User) -> None:
        """Ask for an export; a double click makes one."""
        row = cls(practice_id=client.practice_id, client=client, by=by)
        made = cls.objects.bulk_create([row], ignore_conflicts=True)
        mine = cls.objects.visible_to(by).filter(pk__in=[one.pk for one in made])
        if mine.exists():
            opened(row, by, "exported")
        transaction.on_commit(lambda: celery_kick.the_worker(TASK), robust=True)

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY and self.gone_at > timezone.now()

    @property
    def gone_at(self):
        return self.ready_at + KEPT_FOR

    def keep(self, archive: bytes) -> None:
        self.archive = base64.b64encode(archive).decode()
        self.state, self.ready_at = self.State.READY, timezone.now()
        self.save(update_fields=["archive", "state", "ready_at"])

    def fetched(self, *, by: User) -> bytes:
        """The ZIP, and an audit row that the user downloaded it."""
        audit.record("copy fetched", about=self)
        return base64.b64decode(self.archive)
