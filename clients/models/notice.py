"""What somebody has to read on their first page: a change of who may open a record."""

from __future__ import annotations

from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Practice, User
from clients.models.care import CareRole
from clients.models.care_request import CareRoleRequest
from database.ids import uuid7


class NoticeQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(recipient_id=user.pk)

    def unseen(self):
        return self.filter(seen_at=None)


class Notice(models.Model):
    """For one recipient, shown until they say that they have read it.

    Holds ids, a kind and a moment; the words are made when it is shown.
    """

    class Kind(models.TextChoices):
        ROLE_ASKED = "role-asked", _("A care role waits for confirmation")
        ROLE_GIVEN = "role-given", _("A care role was given")
        ROLE_ENDED = "role-ended", _("A care role ended")
        THERAPIST_CHANGED = "therapist-changed", _("Another primary therapist")
        CLIENT_MOVED = "client-moved", _("A client moves to you")
        EMERGENCY = "emergency", _("Emergency access")
        SIGN_IN_RESET = "sign-in-reset", _("Sign-in reset")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    recipient = models.ForeignKey(User, models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    client = models.ForeignKey(
        "clients.Client", models.PROTECT, null=True, related_name="+"
    )
    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    care_role = models.CharField(
        max_length=12, choices=CareRole.Kind.choices, blank=True
    )
    opens_at = models.DateTimeField(null=True)
    request = models.ForeignKey(
        CareRoleRequest, models.PROTECT, null=True, related_name="+"
    )
    seen_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["recipient", "at"],
                condition=models.Q(seen_at=None),
                name="notice_unseen",
            )
        ]

    @transaction.atomic
    def see(self, *, by: User) -> bool:
        """It is not shown again; no audit row, since nothing about a record changes."""
        rows = Notice.objects.visible_to(by).filter(pk=self.pk).unseen()
        return bool(rows.update(seen_at=Now()))
