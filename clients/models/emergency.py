"""Emergency access to the record of a client outside one's care, with a reason."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.encryption import EncryptedTextField
from accounts.models import OutgoingEmail, User
from clients.models.care import EMERGENCY_LASTS, CareRole, take_turns, tell_again
from clients.models.notice import Notice
from clients.models.row import ClientRow, ClientRowQuerySet
from ui import dates
from ui.email_addresses import normalize
from ui.names import name_key
from ui.templatetags.ui import day_words

audit.verb("emergency", audit.Sort.ROLE, gettext_lazy("Used emergency access"))
audit.verb(
    "emergency access seen",
    audit.Sort.ROLE,
    gettext_lazy("Marked emergency access as seen"),
)


class EmergencyReasonQuerySet(ClientRowQuerySet):
    def unseen(self):
        return self.filter(seen_at=None)


class EmergencyReason(ClientRow):
    """The reason; the client and the care team read it, admins cannot."""

    seal_as = "emergency_reason"
    retention = "audit"
    not_exported = "it is on the page under who looked"
    frozen = {"role", "by", "at", "words"}

    role = models.OneToOneField(
        CareRole, models.PROTECT, related_name="emergency", db_constraint=False
    )
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    words = EncryptedTextField(gettext_lazy("reason"))
    seen_at = models.DateTimeField(null=True)
    seen_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = EmergencyReasonQuerySet.as_manager()

    @transaction.atomic
    def see(self, *, by: User) -> bool:
        """Mark as seen by the care team; it then needs no more attention."""
        rows = EmergencyReason.objects.editable_by(by).filter(pk=self.pk).unseen()
        done = rows.update(seen_at=timezone.now(), seen_by=by)
        if done:
            audit.record("emergency access seen", about=self)
        return bool(done)


def clients_named(name: str) -> list[UUID]:
    """Clients of this practice with this name, ignoring accents and case.

    Bypasses the care roles.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM app.clients_named(%s)", [name_key(name)])
        return [pk for (pk,) in cursor.fetchall()]


def clients_named_with(name: str, contact: str) -> list[UUID]:
    """Of these, the clients with this email address or phone number."""
    email = normalize(contact) if "@" in contact else ""
    digits = "" if email else re.sub(r"\D", "", contact, flags=re.ASCII)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM app.clients_named(%s, %s, %s)",
            [name_key(name), email, digits],
        )
        return [pk for (pk,) in cursor.fetchall()]


def emergencies_from() -> datetime | None:
    """From when the current user may use emergency access; None means now.

    Someone made a therapist by an admin waits 30 days: otherwise an admin could read
    records through an invented person.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.emergencies_from()")
        return cursor.fetchone()[0]


def too_early(begins: datetime) -> str:
    local = timezone.localtime(begins)
    said = {"day": day_words(local.date(), False), "time": dates.clock(local)}
    return (
        _(
            "You can use emergency access from %(day)s, %(time)s. That is 30 days "
            "after an admin made you a therapist. Until then, call the client’s "
            "therapist, or ask a colleague who has worked here longer."
        )
        % said
    )


@transaction.atomic
def open_in_emergency(client_id: UUID, reason: str, *, by: User) -> CareRole:
    """Open read-only for four hours; the primary therapist and admins are notified at
    once.

    A second request finds the first one's access.
    """
    begins = emergencies_from()
    if begins:
        raise ValidationError(too_early(begins))
    take_turns(client_id)
    held = CareRole.objects.filter(user=by, client_id=client_id, kind="emergency")
    running = held.current().first()
    if running:
        return running
    row = CareRole(
        practice_id=by.practice_id,
        client_id=client_id,
        user=by,
        kind=CareRole.Kind.EMERGENCY,
        given_by=by,
        starts_at=Now(),
        ends_at=Now() + EMERGENCY_LASTS,
    )
    CareRole.objects.bulk_create([row])
    tell_again(by)
    role = CareRole.objects.get(pk=row.pk)
    EmergencyReason(
        practice_id=by.practice_id, client_id=client_id, role=role, by=by, words=reason
    ).save(force_insert=True)
    audit.record("emergency", about=role, role="emergency")
    _tell_the_practice(role, by)
    _tell_the_client(role, by)
    return role


def _tell_the_practice(role: CareRole, by: User) -> None:
    """An email that something needs attention, without details."""
    primary = CareRole.objects.filter(client_id=role.client_id).primary().current()
    responsible = models.Q(is_admin=True) | models.Q(
        pk__in=primary.values_list("user_id")
    )
    colleagues = User.objects.visible_to(by).filter(responsible, is_active=True)
    for person in colleagues.exclude(pk=by.pk):
        now = timezone.now()
        OutgoingEmail.queue(
            person,
            "emergency-access",
            str(role.pk),
            due_at=now,
            not_after=now + timezone.timedelta(days=2),
            about=role.pk,
        )


def _tell_the_client(role: CareRole, by: User) -> None:
    """On their home page and by email, at once; the reason is under Who looked."""
    client = role.client
    Notice.tell_client(client, "emergency", by=by, person=by, care_role=role.kind)
