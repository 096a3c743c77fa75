"""Sessions on a calendar, and a sender that runs at any time of day."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail

from accounts.models import OutgoingEmail, User
from tests.cast import book, plan_and_send

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
TUESDAY = datetime(2026, 11, 24, 12, tzinfo=UTC)  # 13:00 in Berlin


def berlin(day, hour, minute=0):
    """In November 2026."""
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN)


def on_calendar(client, by, starts_at, *, booked_at=None, **fields):
    """A session booked three weeks before, or at `booked_at`."""
    booked_at = booked_at or starts_at - timedelta(days=21)
    return book(client, by, at=starts_at, booked_at=booked_at, **fields)


def move(session, starts_at):
    seen, session.starts_at = session.starts_at, starts_at
    session.ends_at = starts_at + HOUR
    session.move(by=session.therapist, seen=seen)


def send_at(*moments):
    for moment in moments:
        with time_machine.travel(moment, tick=False):
            plan_and_send()


def emails(kind="reminder"):
    """Their status and reason, oldest first."""
    found = OutgoingEmail.objects.filter(kind=kind).order_by("created_at", "period")
    return [(email.state, email.reason) for email in found]


@pytest.fixture
def in_berlin(db):
    """Move everyone's time zone to Berlin."""

    def move_there(*people, zone="Europe/Berlin"):
        since = datetime(2026, 1, 1, tzinfo=UTC)
        for person in people:
            person.time_zone, person.joined_at = zone, since
            User.objects.filter(pk=person.pk).update(time_zone=zone, joined_at=since)

    return move_there


@pytest.fixture
def thea(thea, in_berlin):
    in_berlin(thea)
    return thea


@pytest.fixture
def cleo(cleo, in_berlin):
    in_berlin(cleo.user)
    return cleo


@pytest.fixture
def session(thea, cleo):
    """Cleo sees Thea on Thursday at ten."""
    return on_calendar(cleo, thea, berlin(26, 10))


def reminders():
    return [mail.subject for mail in mail.outbox if "appointment" in mail.subject]


def digests(person):
    """How many digest emails `person` got."""
    weeks = [mail for mail in mail.outbox if mail.subject == "Your week is ready"]
    return sum(mail.to == [person.email] for mail in weeks)
