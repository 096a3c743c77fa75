"""The scheduling functions, in every time zone and over every clock change."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digests import schedule
from digests.kinds.client_digest import ClientDigest
from digests.kinds.therapist_digest import TherapistDigest
from ui.time_zones import ZONES, resolve

HOUR = timedelta(hours=1)
zones = st.sampled_from(sorted(ZONES)).map(ZoneInfo)
moments = st.datetimes(
    datetime(2025, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC)
)
leads = st.sampled_from([2, 24, 48])
WEEKLY = [TherapistDigest.due, ClientDigest.due]
many = settings(max_examples=300, deadline=None, derandomize=True)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def local(zone, *parts):
    return datetime(*parts, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize("weekly", WEEKLY)
def test_every_zone_has_one_digest_in_each_week_of_two_years_and_none_at_night(weekly):
    begin = date(2026, 1, 5)
    weekday, clock, _about = weekly
    for zone in map(ZoneInfo, sorted(ZONES)):
        weeks = [
            schedule.week_of(weekly, begin + timedelta(days=day), zone)
            for day in range(0, 735, 7)
        ]
        assert len({week.period for week in weeks}) == 105
        for week, following in pairwise(weeks):
            there = week.due_at.astimezone(zone)
            assert (there.isoweekday(), there.time()) == (weekday, clock)
            assert not schedule.is_quiet(week.due_at, zone)
            assert week.next_due_at == following.due_at
            assert week.ends_at == following.starts_at


@many
@given(zones, moments, st.sampled_from(WEEKLY))
def test_whenever_the_planner_runs_the_current_digest_is_planned_once(
    zone, now, weekly
):
    horizon = timedelta(hours=48)
    planned = list(schedule.weeks(weekly, now, horizon, zone))
    assert [week for week in planned if week.due_at <= now < week.next_due_at]
    assert len({week.period for week in planned}) == len(planned) <= 2
    for week in planned:
        assert schedule.due_in_period(weekly, week.period, zone) == week.due_at
        assert not schedule.is_quiet(week.due_at, zone)


@many
@given(zones, moments, st.integers(0, 60 * 24 * 8), leads)
def test_no_reminder_is_due_at_night_or_after_the_start(zone, starts, notice, hours):
    booked = starts - timedelta(minutes=notice)
    due = schedule.reminder_due(starts, booked, hours, zone)
    if due is None:
        assert (
            notice <= 120 or schedule.is_quiet(starts - HOUR, zone) or notice < 60 * 12
        )
        return
    assert booked <= due < starts
    assert not schedule.is_quiet(due, zone)


@many
@given(zones, moments, leads)
def test_a_session_booked_long_ago_always_gets_a_reminder(zone, starts, hours):
    assert schedule.reminder_due(starts, starts - 240 * HOUR, hours, zone)


@many
@given(zones, moments)
def test_quiet_hours_end_in_the_morning_and_follow_the_evening(zone, moment):
    if schedule.is_quiet(moment, zone):
        morning = schedule.morning_after(moment, zone)
        evening = schedule.evening_before(moment, zone)
        assert evening < moment < morning
        assert morning.astimezone(zone).time() == time(7)
        assert evening.astimezone(zone).time() == time(20, 59)


@pytest.mark.parametrize(
    ("zone", "starts", "due"),
    [
        # The same time of day, though 23, 25, 23½ or 24 hours before.
        ("Europe/Berlin", (2026, 3, 29, 14), (2026, 3, 28, 14)),
        ("Europe/Berlin", (2026, 10, 25, 14), (2026, 10, 24, 14)),
        ("Australia/Lord_Howe", (2026, 10, 4, 9, 30), (2026, 10, 3, 9, 30)),
        ("Asia/Kolkata", (2026, 10, 4, 9, 30), (2026, 10, 3, 9, 30)),
    ],
)
def test_a_day_before_means_the_same_time_of_day(zone, starts, due):
    starts, booked = local(zone, *starts), utc(2026, 1, 1)
    assert schedule.reminder_due(starts, booked, 24, ZoneInfo(zone)) == local(
        zone, *due
    )


BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("starts", "booked", "hours", "due"),
    [
        ((24, 15), (1, 12), 2, (24, 13)),
        ((24, 15), (1, 12), 48, (22, 15)),
        ((24, 15), (24, 10), 24, (24, 10)),  # booked late: at once
        ((24, 15), (24, 13), 24, None),  # not more than two hours remain
        ((24, 15), (24, 12, 59), 24, (24, 12, 59)),
        ((24, 22), (1, 12), 24, (24, 7)),  # 22:00 is quiet: in the morning
        ((24, 6, 30), (1, 12), 2, (23, 20, 59)),  # no morning left: the evening before
        ((24, 6, 30), (23, 22), 2, None),  # booked after that evening
        ((24, 7), (1, 12), 2, (23, 20, 59)),
        ((24, 7, 30), (1, 12), 2, (24, 7)),  # seven is allowed
        ((24, 9), (1, 12), 2, (24, 7)),
        ((24, 8), (23, 23), 24, (24, 7)),
    ],
)
def test_reminders_of_november(starts, booked, hours, due):
    def there(parts):
        return local(BERLIN, 2026, 11, *parts) if parts else None

    found = schedule.reminder_due(there(starts), there(booked), hours, ZoneInfo(BERLIN))
    assert found == there(due)


def test_an_unknown_time_zone_stops_nothing():
    assert resolve("Mars/Olympus") == ZoneInfo("UTC")
    assert resolve("../etc/passwd", "Asia/Tokyo") == ZoneInfo("Asia/Tokyo")


def test_the_week_of_new_year_has_its_iso_name():
    week = schedule.week_of(ClientDigest.due, date(2027, 1, 1), ZoneInfo("UTC"))
    assert week.period == "2026-W53"
    assert week.due_at == utc(2027, 1, 3, 17)
    assert (week.starts_at, week.ends_at) == (utc(2027, 1, 4), utc(2027, 1, 11))
