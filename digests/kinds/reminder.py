"""Session reminder, planned in advance and checked against the session when sent."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import (
    CharField,
    Exists,
    OuterRef,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from accounts.models import OutgoingEmail
from appointments.models import TherapySession
from clients.models import ContactWish
from clients.models.contact_wish import USUAL
from digests import schedule
from digests.kinds.base import (
    DROPPED,
    PlannedKind,
    Stopped,
    moment,
    require_joined,
)
from digests.kinds.wishes import client_who_wants
from digests.schedule import HORIZON
from ui import time_zones

LONGEST_LEAD = timedelta(hours=max(ContactWish.Lead.values))
# Quiet hours may move a reminder forward by a night, and a day may have 25 hours.
LOOK_AHEAD = HORIZON + LONGEST_LEAD + timedelta(hours=14)


class Reminder(PlannedKind):
    """To a client: their next session, as long before it as they chose."""

    name = "reminder"
    subject = _("Your appointment: %(moment)s")
    label = _("Appointment reminder")
    wish = "reminder"
    unwanted = "reminders off"
    reasons = {
        "reminders off": _("The client wants no reminders"),
        "moved": _("The session was moved; a new reminder takes its place"),
        "cancelled": _("The session was canceled"),
        "started": _("The session had started"),
    }

    def may_go(self, email, person, now):
        require_joined(person)
        client = client_who_wants(self, person, also_discharged=True)
        session = _still_true(email, person, now)
        hours = client.wishes[self.wish].lead_hours
        due = schedule.lead(session.starts_at, hours, person.zone)
        self.wait_for(due, email, person, now)
        return session

    def words(self, email, person, about):
        return {"moment": moment(about.starts_at)}

    def rows(self, now):
        """Upcoming sessions of clients with an account, without an email yet.

        Including those kept after discharge.
        """
        period = Concat(
            Value("appt:"),
            Cast(OuterRef("pk"), CharField()),
            Value(":v"),
            Cast(OuterRef("schedule_version"), CharField()),
            output_field=CharField(),
        )
        queued = OutgoingEmail.objects.filter(
            recipient=OuterRef("client__user"), kind=self.name, period=period
        )
        said = ContactWish.objects.filter(client=OuterRef("client"), kind=self.wish)
        sessions = TherapySession.objects.planned().filter(
            ~Exists(queued),
            starts_at__gt=now,
            starts_at__lte=now + LOOK_AHEAD,
            client__user__is_active=True,
            client__user__joined_at__isnull=False,
        )
        return sessions.values_list(
            "pk",
            "practice_id",
            "client__user_id",
            "client__user__time_zone",
            "practice__time_zone",
            Subquery(said.values("lead_hours")),
            "starts_at",
            "booked_at",
            "schedule_version",
        )

    def email(
        self, now, session_id, practice_id, user_id, own, house, hours, starts_at,
        booked_at, version,
    ):  # fmt: skip
        zone = time_zones.resolve(own, house)
        hours = USUAL[self.wish].lead_hours if hours is None else hours
        due_at = schedule.reminder_due(starts_at, booked_at, hours, zone)
        if due_at is None or due_at > now + HORIZON:
            return None
        return OutgoingEmail(
            practice_id=practice_id,
            recipient_id=user_id,
            kind=self.name,
            period=period_of(session_id, version),
            about=session_id,
            due_at=due_at,
            not_after=starts_at,
        )


def period_of(session_id: UUID, schedule_version: int) -> str:
    """Moved away and back is a new version, hence another reminder."""
    return f"appt:{session_id}:v{schedule_version}"


def _still_true(email, person, now) -> TherapySession:
    sessions = TherapySession.objects.visible_to(person).defer("take_away")
    session = sessions.filter(pk=email.about).first()
    if session is None or session.state != TherapySession.State.PLANNED:
        raise Stopped(DROPPED, "cancelled")
    if email.period != period_of(session.pk, session.schedule_version):
        raise Stopped(DROPPED, "moved")
    if session.starts_at <= now:
        raise Stopped(DROPPED, "started")
    return session
