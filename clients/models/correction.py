from __future__ import annotations

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit, row_limits
from accounts.encryption import EncryptedTextField
from accounts.models import User
from clients import signals
from clients.models.row import ClientRow, ClientRowQuerySet

audit.verb("correction asked", audit.Sort.WROTE, _("Asked for a correction"))
audit.verb("correction answered", audit.Sort.WROTE, _("Answered a correction request"))

MOST_A_DAY = 20
FULL = _(
    "You’ve reached the limit of %(most)d correction requests in 24 hours. Ask for "
    "this one tomorrow."
)


class CorrectionQuerySet(ClientRowQuerySet):
    def open(self):
        return self.filter(answered_at=None)


class Correction(ClientRow):
    """A client reports an error in their record, and gets an answer."""

    seal_as = "correction"
    # Whether a signal exists until the answer is read (`signals.with_told`).
    is_told = False
    retention = "record"
    frozen = {"by", "at", "about", "words"}

    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    about = EncryptedTextField(_("what it is about"))
    words = EncryptedTextField(_("what should be different"))
    answer = EncryptedTextField(_("answer"), blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["client", "-at"], name="correction_by_client")]

    @classmethod
    @transaction.atomic
    def ask(cls, client, about: str, words: str, *, by: User, key=None) -> Correction:
        mine = cls.objects.filter(client=client, by=by)
        row_limits.require_room_today(mine, MOST_A_DAY, FULL)
        correction = cls(
            practice_id=client.practice_id,
            client=client,
            by=by,
            about=about,
            words=words,
        )
        correction.pk = key or correction.pk
        correction.save(force_insert=True)
        audit.record("correction asked", about=correction)
        return correction

    @signals.changes("corrections")
    def reply(self, answer: str, *, by: User) -> bool:
        """Answer once; False if a colleague already did."""
        sealed = self._meta.get_field("answer").seal(self, answer)
        rows = Correction.objects.editable_by(by).filter(pk=self.pk).open()
        done = rows.update(answer=sealed, answered_at=timezone.now(), answered_by=by)
        if done:
            audit.record("correction answered", about=self)
        return bool(done)
