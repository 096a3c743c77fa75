"""Writes down what is due soon.  May run any number of times, and late.

Runs as the worker, who reads no name and no word: only when, whose and what kind.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import connection, transaction
from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from accounts.models import OutgoingEmail, User
from appointments.models import TherapySession
from clients.models import Client, ContactWish
from clients.models.contact_wish import USUAL
from digests import crash, schedule
from digests.models import Digest
from ui import time_zones

HORIZON = timedelta(hours=48)
LONGEST_LEAD = timedelta(hours=max(ContactWish.Lead.values))
# A reminder may come earlier by a night, and a day may have 25 hours.
LOOK_AHEAD = HORIZON + LONGEST_LEAD + timedelta(hours=14)
BATCH = 1000
BUDGET = 45  # seconds; a tick leaves the rest to the next

logger = logging.getLogger(__name__)


def plan(now: datetime | None = None) -> int:
    """Queue what is due within the next 48 hours; how many emails that were new.

    For a bounded time: whatever is left then the next call finds.  In a transaction of
    the caller's, which is there to be a whole, it goes on to the end.
    """
    now = now or timezone.now()
    until = math.inf if connection.in_atomic_block else time.monotonic() + BUDGET
    count = plan_reminders(now, until)
    for kind in schedule.WEEKLY:
        count += plan_digests(kind, now, until)
    crash.here("after_plan")
    return count


def _by_batches(rows: QuerySet, write: Callable, until: float) -> int:
    """Write in the order of the keys, each batch committed by itself; at least one,
    so that nothing waits for what comes before it."""
    count, batch = 0, []
    while True:
        after = rows.filter(pk__gt=batch[-1][0]) if batch else rows
        with transaction.atomic():
            batch = list(after.order_by("pk")[:BATCH])
            count += write(batch)
            crash.here("in_plan")
        if len(batch) < BATCH:
            return count
        if time.monotonic() > until:
            logger.info("planning goes on in the next tick")
            return count


# -- reminders -------------------------------------------------------------------------


def reminder_period(session_id: UUID, schedule_version: int) -> str:
    """Moved away and back is another version, hence another reminder."""
    return f"appt:{session_id}:v{schedule_version}"


def plan_reminders(now: datetime, until: float = math.inf) -> int:
    def write(batch) -> int:
        emails = [email for row in batch if (email := _reminder(now, *row))]
        OutgoingEmail.objects.bulk_create(emails, ignore_conflicts=True)
        return len(emails)

    return _by_batches(_unplanned_sessions(now), write, until)


def _unplanned_sessions(now: datetime) -> QuerySet:
    """Sessions to come, of clients with an account of their own, without an email.

    Also those that were kept when therapy ended.
    """
    period = Concat(
        Value("appt:"),
        Cast(OuterRef("pk"), CharField()),
        Value(":v"),
        Cast(OuterRef("schedule_version"), CharField()),
        output_field=CharField(),
    )
    queued = OutgoingEmail.objects.filter(
        recipient=OuterRef("client__user"), kind="reminder", period=period
    )
    said = ContactWish.objects.filter(client=OuterRef("client"), kind="reminder")
    lead_hours = said.values("lead_hours")
    return (
        TherapySession.objects.planned()
        .filter(
            ~Exists(queued),
            starts_at__gt=now,
            starts_at__lte=now + LOOK_AHEAD,
            client__user__is_active=True,
            client__user__joined_at__isnull=False,
        )
        .values_list(
            "pk",
            "practice_id",
            "client__user_id",
            "client__user__time_zone",
            "practice__time_zone",
            Subquery(lead_hours),
            "starts_at",
            "booked_at",
            "schedule_version",
        )
    )


def _reminder(
    now, session_id, practice_id, user_id, own, house, hours, starts_at, booked_at,
    version,
) -> OutgoingEmail | None:  # fmt: skip
    zone = time_zones.resolve(own, house)
    hours = USUAL["reminder"].lead_hours if hours is None else hours
    due_at = schedule.reminder_due(starts_at, booked_at, hours, zone)
    if due_at is None or due_at > now + HORIZON:
        return None
    return OutgoingEmail(
        practice_id=practice_id,
        recipient_id=user_id,
        kind="reminder",
        period=reminder_period(session_id, version),
        about=session_id,
        due_at=due_at,
        not_after=starts_at,
    )


# -- digests ---------------------------------------------------------------------------


def _readers(kind: str) -> Q:
    joined = Q(is_active=True, joined_at__isnull=False)
    if kind == "therapist-digest":
        return joined & Q(is_therapist=True)
    active = ~Q(client__state=Client.State.DISCHARGED) & Q(client__isnull=False)
    return joined & Q(is_therapist=False, is_admin=False) & active


def plan_digests(kind: str, now: datetime, until: float = math.inf) -> int:
    """One for each reader and week: its page, and the email that says it is there."""
    count = 0
    readers = User.objects.filter(_readers(kind))
    names = [*readers.values_list("time_zone", flat=True).order_by().distinct()]
    unknown = [name for name in names if not time_zones.canonical(name)]
    readers = readers.annotate(zone_name=_zone_name(unknown))
    if unknown:
        names = readers.values_list("zone_name", flat=True).order_by().distinct()
    due = _due_by_period(kind, now, names)
    for period, weeks in due.items():
        write = partial(_write, kind, weeks)
        count += _by_batches(_without_digest(readers, period, weeks), write, until)
    return count


def _zone_name(unknown: list[str]) -> F | Case:
    """The practice's where one's own is no zone (any more)."""
    if not unknown:
        return F("time_zone")
    of_practice = When(time_zone__in=unknown, then=F("practice__time_zone"))
    return Case(of_practice, default=F("time_zone"))


def _due_by_period(kind, now, names) -> dict[str, dict[str, schedule.PlannedWeek]]:
    """The weeks that are due, by their name and then by zone."""
    found: dict[str, dict[str, schedule.PlannedWeek]] = {}
    for name in names:
        for week in schedule.weeks(kind, now, HORIZON, time_zones.resolve(name)):
            found.setdefault(week.period, {})[name] = week
    return found


def _without_digest(readers, period, weeks) -> QuerySet:
    made = Digest.objects.filter(recipient=OuterRef("pk"), period=period)
    readers = readers.filter(~Exists(made), zone_name__in=list(weeks))
    return readers.values_list("pk", "practice_id", "zone_name", "joined_at")


def _write(kind, weeks, readers) -> int:
    pages, emails = [], []
    for user_id, practice_id, zone, joined_at in readers:
        week = weeks[zone]
        if joined_at > week.due_at:  # nobody is late for what was before their time
            continue
        page = Digest(
            practice_id=practice_id,
            recipient_id=user_id,
            starts_at=week.starts_at,
            ends_at=week.ends_at,
            period=week.period,
            made_at=week.due_at,
        )
        pages.append(page)
        emails.append(
            OutgoingEmail(
                practice_id=practice_id,
                recipient_id=user_id,
                kind=kind,
                period=week.period,
                about=page.pk,
                due_at=week.due_at,
                not_after=week.next_due_at,
            )
        )
    Digest.objects.bulk_create(pages, ignore_conflicts=True)
    OutgoingEmail.objects.bulk_create(emails, ignore_conflicts=True)
    return len(emails)
