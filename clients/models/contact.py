from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Practice, User
from clients import access, signals

audit.verb(
    "contact preferences changed", audit.Sort.SETTINGS, _("Changed how to be reached")
)


class ContactPreferencesQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(access.rows_visible_to(user))

    def editable_by(self, user):
        """The client alone, whoever treats them."""
        return self.filter(client=access.reach(user).own)


class ContactPreferences(models.Model):
    """What may be sent to a client, and how a success is marked.  Theirs to set."""

    retention = "client-owned"
    frozen = ()

    class Lead(models.IntegerChoices):
        TWO_HOURS = 2, _("2 hours before")
        DAY = 24, _("the day before, at the same time")
        TWO_DAYS = 48, _("two days before, at the same time")

    class Celebrates(models.TextChoices):
        """How a success is marked, as the client wants it."""

        QUIET = "quiet", _("quietly, with a line and no more")
        TALK = "talk", _("by talking about it in the session")
        NOBODY = "nobody", _("privately, and nobody brings it up")
        RITUAL = "ritual", _("with a small ritual, one sentence and the last stone")

    client = models.OneToOneField(
        "clients.Client",
        models.PROTECT,
        primary_key=True,
        related_name="preferences",
        db_constraint=False,
    )
    practice = models.ForeignKey(
        Practice, models.PROTECT, related_name="+", db_constraint=False
    )
    reminders = models.BooleanField(default=True)
    reminder_lead_hours = models.PositiveSmallIntegerField(
        choices=Lead.choices, default=Lead.DAY
    )
    weekly_digest = models.BooleanField(default=True)
    paused_until = models.DateField(null=True, blank=True)
    celebrates = models.CharField(
        max_length=8,
        choices=Celebrates.choices,
        default=Celebrates.QUIET,
    )

    objects = ContactPreferencesQuerySet.as_manager()

    @signals.changes("preferences")
    def set(self, *, by: User, **wanted) -> bool:
        """Keep what the client wants; False for anybody else."""
        own = ContactPreferences.objects.editable_by(by).filter(pk=self.pk)
        changed = {n: v for n, v in wanted.items() if getattr(self, n) != v}
        if not own.update(**wanted):
            return False
        for name, value in wanted.items():
            setattr(self, name, value)
        if changed:
            audit.record(
                "contact preferences changed", about=self, fields=sorted(changed)
            )
        return True
