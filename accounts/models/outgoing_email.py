from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import celery_kick
from accounts.models.people import User
from accounts.models.practice import Practice
from database.ids import uuid7


class NotSent(ValidationError):
    """Raised if a required email could not be queued; the action changes nothing."""

    def __init__(self):
        super().__init__(_("The email could not be sent. Nothing was changed."))


class OutgoingEmailQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The user's own emails; an admin sees that the practice's emails were sent."""
        if user.is_admin:
            return self.filter(practice_id=user.practice_id)
        return self.filter(recipient=user)


class OutgoingEmail(models.Model):
    """The outbox: any room queues an email in its own transaction, digests sends it.

    Contains no text. The email is rendered when it is sent, as its recipient.
    """

    retention = "audit"

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        HELD = "held"  # by contact preferences, or because there was nothing to say
        DROPPED = "dropped"  # too late to be useful, or no longer true
        FAILED = "failed"  # permanently rejected by the mail server

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    practice = models.ForeignKey(Practice, models.PROTECT)
    recipient = models.ForeignKey(User, models.PROTECT, related_name="emails")
    kind = models.CharField(max_length=30)
    period = models.CharField(max_length=80)
    about = models.UUIDField(null=True)  # id of the row it is about
    # Overrides the user's current address: a former one, or one to be confirmed.
    address = models.EmailField(blank=True)
    due_at = models.DateTimeField()
    not_after = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.WAITING
    )
    reason = models.CharField(max_length=40, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    claim = models.UUIDField(null=True)
    message_id = models.CharField(max_length=120, blank=True)
    sent_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = OutgoingEmailQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "kind", "period"], name="email_once_per_period"
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["waiting", "sending"]),
                name="email_open_by_due_at",
            ),
            models.Index(fields=["practice", "-created_at"], name="email_recent"),
        ]

    @classmethod
    def queue(
        cls,
        recipient: User,
        kind: str,
        period: str,
        *,
        due_at: datetime,
        not_after: datetime,
        about=None,
        address: str = "",
    ) -> bool:
        """Queue an email; False if one for the same period is already queued."""
        email = cls(
            practice_id=recipient.practice_id,
            recipient=recipient,
            kind=kind,
            period=period,
            due_at=due_at,
            not_after=not_after,
            about=about,
            address=address,
        )
        written = _written(email)
        transaction.on_commit(celery_kick.the_sender, robust=True)
        return written


def _written(email: OutgoingEmail) -> bool:
    """Whether the insert added a row; the sender has no right to read the outbox."""
    insert = InsertQuery(OutgoingEmail, on_conflict=OnConflict.IGNORE)
    insert.insert_values(OutgoingEmail._meta.concrete_fields, [email])
    [(sql, values)] = insert.get_compiler(connection=connection).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount == 1
