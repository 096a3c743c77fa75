"""When an email is due: pure functions of datetimes, no database.

Datetimes are in UTC; days and times of day are in the recipient's time zone. A time
skipped by a clock change is read as if the clocks had not changed yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

QUIET_FROM, QUIET_UNTIL = time(21), time(7)
# what cannot wait for the morning is sent before quiet hours
LAST_MINUTE = time(20, 59)
LEAST_NOTICE = timedelta(hours=2)
HORIZON = timedelta(hours=48)  # plan what is due within this time


class Weekly(NamedTuple):
    """When a weekly email is due, and which week it is about: -1 the one before the due
    date's, 1 the one after."""

    weekday: int  # ISO: Monday is 1
    clock: time
    about: int


class PlannedWeek(NamedTuple):
    """One digest: when it is due, and its days (midnight to midnight)."""

    period: str  # ISO week of the due date, such as 2026-W48
    due_at: datetime
    starts_at: datetime
    ends_at: datetime
    next_due_at: datetime


def at(day: date, clock: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def is_quiet(moment: datetime, zone: tzinfo) -> bool:
    clock = moment.astimezone(zone).time()
    return clock >= QUIET_FROM or clock < QUIET_UNTIL


def morning_after(moment: datetime, zone: tzinfo) -> datetime:
    """The end of the quiet hours that contain `moment`."""
    local = moment.astimezone(zone)
    day = local.date()
    if local.time() >= QUIET_FROM:
        day += timedelta(days=1)
    return at(day, QUIET_UNTIL, zone)


def evening_before(moment: datetime, zone: tzinfo) -> datetime:
    """The last minute before the quiet hours that contain `moment`."""
    local = moment.astimezone(zone)
    day = local.date()
    if local.time() < QUIET_UNTIL:
        day -= timedelta(days=1)
    return at(day, LAST_MINUTE, zone)


def outside_quiet(
    due: datetime, zone: tzinfo, *, not_before: datetime, not_after: datetime
) -> datetime | None:
    """`due`, moved out of quiet hours; None if there is no time left.

    Moved to the morning; if that is too late, to the evening before.
    """
    if not is_quiet(due, zone):
        return due
    morning = morning_after(due, zone)
    if morning < not_after:
        return morning
    evening = evening_before(due, zone)
    return evening if evening >= not_before else None


def lead(starts_at: datetime, hours: int, zone: tzinfo) -> datetime:
    """Whole days mean the same time of day; otherwise exactly that many hours."""
    days, rest = divmod(hours, 24)
    if rest:
        return starts_at - timedelta(hours=hours)
    local = starts_at.astimezone(zone)
    return at(local.date() - timedelta(days=days), local.time(), zone)


def reminder_due(
    starts_at: datetime, booked_at: datetime, hours: int, zone: tzinfo
) -> datetime | None:
    """When to remind of a session at `starts_at`; None if it would be useless.

    A session booked after its reminder was due is confirmed at once, if more than two
    hours remain.
    """
    due = lead(starts_at, hours, zone)
    if booked_at > due:
        if starts_at - booked_at <= LEAST_NOTICE:
            return None
        due = booked_at
    return outside_quiet(due, zone, not_before=booked_at, not_after=starts_at)


def week_of(weekly: Weekly, day: date, zone: tzinfo) -> PlannedWeek:
    """The digest of the ISO week that contains `day`."""
    monday = day - timedelta(days=day.isoweekday() - 1)
    due = monday + timedelta(days=weekly.weekday - 1)
    first = monday + timedelta(weeks=weekly.about)
    year, number, _ = monday.isocalendar()
    return PlannedWeek(
        period=f"{year}-W{number:02}",
        due_at=at(due, weekly.clock, zone),
        starts_at=at(first, time(), zone),
        ends_at=at(first + timedelta(days=7), time(), zone),
        next_due_at=at(due + timedelta(days=7), weekly.clock, zone),
    )


def weeks(
    weekly: Weekly, now: datetime, horizon: timedelta, zone: tzinfo
) -> Iterator[PlannedWeek]:
    """The current digest, if late, and the next one once it is near."""
    today = now.astimezone(zone).date()
    for days in (-7, 0, 7):
        week = week_of(weekly, today + timedelta(days=days), zone)
        if week.due_at <= now + horizon and now < week.next_due_at:
            yield week


def due_in_period(weekly: Weekly, period: str, zone: tzinfo) -> datetime:
    year, number = period.split("-W")
    monday = date.fromisocalendar(int(year), int(number), 1)
    return week_of(weekly, monday, zone).due_at


def first_weekly(
    weekly: Weekly, now: datetime, zone: tzinfo, joined_at: datetime | None
) -> datetime | None:
    """When a new reader's first digest comes; None if one was due since they joined and
    is about to be made."""
    [current] = weeks(weekly, now, timedelta(0), zone)
    if joined_at and joined_at <= current.due_at:
        return None
    return current.next_due_at
