"""May this email go?  Asked right before it is sent, as its recipient.

Plans are hours or days old by then: people leave, pause and move, and so do
appointments.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import models
from django.db.models import UUIDField

from accounts import addresses
from accounts.models import AddressChange, Invitation, OutgoingEmail, User
from appointments.models import TherapySession
from clients.models import CareRoleRequest, Client
from clients.prepared import prepared_for_user
from database.prepared import first
from digests import schedule
from digests.models import Digest
from digests.plan import reminder_period
from digests.week_page import week_page

WAITING = OutgoingEmail.State.WAITING
HELD, DROPPED = OutgoingEmail.State.HELD, OutgoingEmail.State.DROPPED
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Stopped(Exception):
    """The email does not go: for good, or (waiting) not before `until`."""

    def __init__(self, state: str, reason: str, until: datetime | None = None):
        super().__init__(reason)
        self.state, self.reason, self.until = state, reason, until


def may_go(email: OutgoingEmail, person: User, now: datetime) -> models.Model | None:
    """The row that `email` is about; raise Stopped where it must not go (now)."""
    if not person.is_active:
        raise Stopped(DROPPED, "inactive")
    if now >= email.not_after:
        raise Stopped(DROPPED, "too late")
    rule = RULES.get(email.kind)
    if rule is None:
        raise Stopped(DROPPED, "unknown kind")
    return rule(email, person, now)


# -- emails that somebody waits for: at once, at any hour -----------------------------


def _invitation(email, person, now) -> Invitation:
    if person.joined_at:
        raise Stopped(DROPPED, "joined already")
    invitation = Invitation.objects.filter(pk=email.about, user=person).first()
    if invitation is None or not invitation.is_open:
        raise Stopped(DROPPED, "link closed")
    return invitation


def _account(email, person, now) -> None:
    _require_joined(person)


def _address(email, person, now) -> AddressChange:
    changes = AddressChange.objects.visible_to(person).open()
    change = changes.filter(pk=email.about, email=email.address).first()
    if change is None:
        raise Stopped(DROPPED, "link closed")
    owner = addresses.owner_of(email.address, person)
    if owner and not owner.is_active:
        raise Stopped(DROPPED, "inactive")
    if owner:
        _require_joined(owner)
    return change


def _require_joined(person: User) -> None:
    """Who has not accepted gets the invitation and nothing else."""
    if person.joined_at is None:
        raise Stopped(HELD, "not joined")


def _staff(email, person, now) -> None:
    """Something that whoever is responsible has to know, whatever the hour."""
    _require_joined(person)
    if not person.is_staff_member:
        raise Stopped(DROPPED, "inactive")


def _question(email, person, now) -> None:
    """A care role that waits for this person's confirmation, and still does."""
    _staff(email, person, now)
    waits = CareRoleRequest.objects.decidable_by(person).filter(pk=email.about)
    if not waits.exists():
        raise Stopped(DROPPED, "decided")


# -- emails on a schedule: only what the recipient agreed to, and never at night ------


def _reminder(email, person, now) -> TherapySession:
    _require_joined(person)
    wish = _client_of(person, also_discharged=True).wishes["reminder"]
    if not wish.allowed:
        raise Stopped(HELD, "reminders off")
    session = _still_true(email, person, now)
    due = schedule.lead(session.starts_at, wish.lead_hours, person.zone)
    _at_its_time(email, person, now, due)
    return session


def _still_true(email, person, now) -> TherapySession:
    sessions = TherapySession.objects.visible_to(person).defer("take_away")
    session = sessions.filter(pk=email.about).first()
    if session is None or session.state != TherapySession.State.PLANNED:
        raise Stopped(DROPPED, "cancelled")
    if email.period != reminder_period(session.pk, session.schedule_version):
        raise Stopped(DROPPED, "moved")
    if session.starts_at <= now:
        raise Stopped(DROPPED, "started")
    return session


def _therapist_digest(email, person, now) -> Digest:
    _require_joined(person)
    if not person.is_therapist:
        raise Stopped(DROPPED, "inactive")
    return _digest(email, person, now)


def _client_digest(email, person, now) -> Digest:
    _require_joined(person)
    if not _client_of(person).wishes["client-digest"].allowed:
        raise Stopped(HELD, "digest off")
    return _digest(email, person, now)


def _digest(email, person, now) -> Digest:
    due = schedule.due_in_period(email.kind, email.period, person.zone)
    _at_its_time(email, person, now, due)
    digest = first(_page(person, page=email.about))
    if digest is None:
        raise Stopped(DROPPED, "no page")
    if week_page(person, digest, now).is_empty:
        raise Stopped(HELD, "nothing to say")
    return digest


@prepared_for_user()
def _own(person):
    rows = Client.objects.visible_to(person).filter(user=person)
    return rows.select_related("preferences").with_wishes().order_by("pk")


@prepared_for_user(page=UUIDField())
def _page(person, page):
    return Digest.objects.visible_to(person).filter(pk=page)


def _client_of(person: User, *, also_discharged: bool = False) -> Client:
    """With their wishes; who must be in care here and not want a pause.

    `also_discharged`: for a session that was kept, while the portal can be read.
    """
    client = first(_own(person))
    gone = client is None or client.is_discharged
    if client is None or (gone and not also_discharged):
        raise Stopped(DROPPED, "inactive")
    preferences = getattr(client, "preferences", None)
    until = preferences and preferences.paused_until
    if until and person.today() < until:
        raise Stopped(HELD, "paused")
    return client


def _at_its_time(email, person, now, due) -> None:
    """Their zone or wishes may have changed since the email was planned."""
    due = schedule.outside_quiet(
        due, person.zone, not_before=LONG_AGO, not_after=email.not_after
    )
    if now < due:
        raise Stopped(WAITING, "not yet", until=due)
    if schedule.is_quiet(now, person.zone):
        morning = schedule.morning_after(now, person.zone)
        if morning >= email.not_after:
            raise Stopped(DROPPED, "quiet hours")
        raise Stopped(WAITING, "quiet hours", until=morning)


RULES = {
    "invitation": _invitation,
    "password-reset": _account,
    "sign-in-reset": _account,
    "account-exists": _account,
    "address-confirm": _address,
    "account-changed": _account,
    "new-device": _account,
    "emergency-access": _staff,
    "emergency-client": _account,
    "care-team": _account,
    "care-role-question": _question,
    "reminder": _reminder,
    "therapist-digest": _therapist_digest,
    "client-digest": _client_digest,
}
