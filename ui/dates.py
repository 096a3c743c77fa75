"""Dates and times in the reader's language and the practice's clock format.

The only place that formats dates and times. Each format is marked for translation, so
that translators can reorder its parts. All take local values (a date, or a datetime in
the reader's time zone). The clock has 12 hours unless the practice chose 24.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time

from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext

_clock_hours: ContextVar[int] = ContextVar("clock_hours", default=12)


@contextmanager
def clock_of(hours: int) -> Iterator[None]:
    """Context manager: format times with a clock of `hours`, 12 or 24."""
    before = _clock_hours.set(hours)
    try:
        yield
    finally:
        _clock_hours.reset(before)


def clock_hours() -> int:
    """12 or 24, as the reader's practice chose."""
    return _clock_hours.get()


def short(day: date) -> str:
    """Nov 24"""
    return date_format(day, pgettext("date format", "M j"))


def with_year(day: date) -> str:
    """Nov 24, 2026"""
    return date_format(day, pgettext("date format", "M j, Y"))


def weekday(day: date) -> str:
    """Tue Nov 24"""
    return date_format(day, pgettext("date format", "D M j"))


def weekday_with_year(day: date) -> str:
    """Tue Nov 24, 2026"""
    return date_format(day, pgettext("date format", "D M j, Y"))


def weekday_in_full(day: date) -> str:
    """Tuesday, November 24"""
    return date_format(day, pgettext("date format", "l, F j"))


def clock(moment: datetime | time) -> str:
    """2:00 pm, or 14:00 with a 24-hour clock."""
    if clock_hours() == 24:
        return date_format(moment, pgettext("time format", "H:i"))
    return date_format(moment, pgettext("time format", "g:i A")).lower()


def moment(when: datetime) -> str:
    """Tue Nov 24, 2:00 pm"""
    return gettext("%(day)s, %(time)s") % {"day": weekday(when), "time": clock(when)}


def moment_with_year(when: datetime) -> str:
    """Tue Nov 24, 2026, 2:00 pm"""
    said = {"day": weekday_with_year(when), "time": clock(when)}
    return gettext("%(day)s, %(time)s") % said
