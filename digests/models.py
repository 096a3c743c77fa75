from __future__ import annotations

from datetime import datetime

from django.db import models
from django.urls import reverse
from django.utils import timezone

from accounts.models import Practice, User
from database.ids import uuid7


class DigestQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(recipient=user)

    def ready(self, now: datetime | None = None):
        """Visible ones: planned ones exist a day or two early."""
        return self.filter(made_at__lte=now or timezone.now()).order_by(
            "-starts_at", "-pk"
        )

    def with_week_before(self):
        """Annotate the id of the recipient's previous digest."""
        earlier = Digest.objects.filter(
            recipient=models.OuterRef("recipient"),
            starts_at__lt=models.OuterRef("starts_at"),
        )
        before = earlier.order_by("-starts_at", "-pk").values("pk")[:1]
        return self.annotate(week_before=models.Subquery(before))


class Digest(models.Model):
    """One person's week, as a page in the app; the email only links to it."""

    retention = "account"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    recipient = models.ForeignKey(User, models.PROTECT, related_name="digests")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    period = models.CharField(max_length=20)  # ISO week in the recipient's time zone
    made_at = models.DateTimeField(default=timezone.now)  # when it is due

    objects = DigestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "period"], name="digest_once_a_week"
            ),
        ]

    def get_absolute_url(self):
        return reverse("digest", args=[self.pk])


class Halt(models.Model):
    """While one exists, nothing is planned or sent: see restore_hold.py."""

    retention = "transient"
    retention_days = 1

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(default=timezone.now)
    why = models.CharField(max_length=40)
