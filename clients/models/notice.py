"""Notices on a person's first page: a change of who may open a record."""

from __future__ import annotations

from datetime import timedelta

from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import OutgoingEmail, Practice, User
from clients.models.care import CareRole
from database.ids import uuid7

USEFUL = timedelta(days=7)  # a later email would say nothing new


class NoticeQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(recipient_id=user.pk)

    def unseen(self):
        return self.filter(seen_at=None)


class Notice(models.Model):
    """For one recipient, shown until they mark it as read.

    Holds ids, a kind and a time; the text is rendered when it is shown.
    """

    retention = "audit"
    not_exported = "it says what is in care, or under who looked"
    frozen = {
        "recipient",
        "kind",
        "at",
        "by",
        "person",
        "care_role",
        "opens_at",
        "request",
    }

    class Kind(models.TextChoices):
        ROLE_ASKED = "role-asked", _("A care role needs confirmation")
        ROLE_GIVEN = "role-given", _("A care role was given")
        ROLE_ENDED = "role-ended", _("A care role ended")
        THERAPIST_CHANGED = "therapist-changed", _("New primary therapist")
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
        "clients.Client",
        models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
    )
    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    care_role = models.CharField(
        max_length=12, choices=CareRole.Kind.choices, blank=True
    )
    opens_at = models.DateTimeField(null=True)
    request = models.ForeignKey(
        "clients.CareRoleRequest",
        models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
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
        """Hide it from now on; no audit row, since nothing about a record changes."""
        rows = Notice.objects.visible_to(by).filter(pk=self.pk).unseen()
        return bool(rows.update(seen_at=Now()))

    @classmethod
    def tell_client(cls, client, kind: str, *, by: User, **about) -> None:
        """On their home page and by email; a client without portal is not notified."""
        if not cls.can_tell(client):
            return
        notice = cls.write(client.user, kind, by=by, client=client, **about)
        is_emergency = kind == cls.Kind.EMERGENCY
        notice.email("emergency-client" if is_emergency else "care-team")

    @staticmethod
    def can_tell(client) -> bool:
        """Whether `tell_client` reaches them: joined, and account not closed."""
        reader = client.user
        return bool(reader and reader.joined_at and reader.is_active)

    @classmethod
    def tell_staff(cls, reader: User, kind: str, *, by: User, client=None, **about):
        """On Today and by email, to these people except the one who acted."""
        if reader.pk != by.pk:
            cls.write(reader, kind, by=by, client=client, **about)

    @classmethod
    def tell_of_reset(cls, person: User, *, by: User) -> None:
        """On their first page after the next sign-in; the reset has its own emails."""
        cls.write(person, cls.Kind.SIGN_IN_RESET, by=by)

    @classmethod
    def write(cls, recipient: User, kind: str, *, by: User, **about) -> Notice:
        notice = cls(
            practice_id=recipient.practice_id, recipient=recipient, kind=kind, by=by,
            **about,
        )  # fmt: skip
        cls.objects.bulk_create([notice])
        return notice

    def email(self, kind: str) -> None:
        """Queue an email that there is something to read, without details."""
        now = timezone.now()
        OutgoingEmail.queue(
            self.recipient, kind, str(self.pk), due_at=now, not_after=now + USEFUL
        )
