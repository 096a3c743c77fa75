from __future__ import annotations

from datetime import date

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit, row_limits
from accounts.encryption import EncryptedTextField
from accounts.models import User
from clients.access import side_of
from clients.models import ClientRow, ClientRowQuerySet

audit.verb("win noted", audit.Sort.WROTE, _("Added a win"))
audit.verb("win taken back", audit.Sort.WROTE, _("Removed a win"))

MOST_A_DAY = 100  # by one person, in one record; withdrawn or not
FULL = _(
    "You’ve reached the limit of %(most)d wins in 24 hours. Add this one tomorrow."
)


class WinQuerySet(ClientRowQuerySet):
    def editable_by(self, user):
        """Only its author can withdraw it."""
        return super().editable_by(user).filter(by=user)

    def not_withdrawn(self):
        return self.filter(withdrawn_at=None)


class Win(ClientRow):
    """A win: something that went a little better than expected."""

    seal_as = "win"
    retention = "record"
    frozen = {"words", "by", "side", "at", "happened_on"}

    words = EncryptedTextField(_("win"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    side = models.CharField(max_length=10)
    at = models.DateTimeField(default=timezone.now)
    happened_on = models.DateField(_("date"))
    withdrawn_at = models.DateTimeField(null=True)

    objects = WinQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(side="therapist") | models.Q(side="client"),
                name="win_is_of_a_side",
            ),
        ]
        indexes = [models.Index(fields=["client", "happened_on"], name="win_by_client")]

    @property
    def is_own(self) -> bool:
        """Whether the client added it."""
        return self.side == "client"

    @classmethod
    @transaction.atomic
    def note(
        cls, client, words: str, *, by: User, happened_on: date | None = None, key=None
    ) -> Win:
        mine = cls.objects.filter(client=client, by=by)
        row_limits.require_room_today(mine, MOST_A_DAY, FULL)
        win = cls(
            practice_id=client.practice_id,
            client_id=client.pk,
            words=words,
            by=by,
            side=side_of(by),
            happened_on=happened_on or by.today(),
        )
        win.pk = key or win.pk
        win.save(force_insert=True)
        audit.record("win noted", about=win)
        return win

    @transaction.atomic
    def withdraw(self, *, by: User) -> bool:
        """Withdraw one's own win; False if another's or already withdrawn."""
        rows = Win.objects.editable_by(by).filter(pk=self.pk).not_withdrawn()
        done = rows.update(withdrawn_at=timezone.now())
        if done:
            audit.record("win taken back", about=self)
        return bool(done)

    @transaction.atomic
    def restore(self, *, by: User) -> bool:
        """Undo `withdraw`."""
        rows = Win.objects.editable_by(by).filter(pk=self.pk)
        done = rows.exclude(withdrawn_at=None).update(withdrawn_at=None)
        if done:
            audit.record("win noted", about=self)
        return bool(done)
