"""Days and hours as they are written in the reader's language.

Each form is marked for translation, so that a translator puts its parts in order.  All
take what is local already (a date, or a moment in the reader's zone).
"""

from __future__ import annotations

from datetime import date, datetime, time

from django.utils.formats import date_format
from django.utils.translation import pgettext


def short(day: date) -> str:
    """24 Nov"""
    return date_format(day, pgettext("date format", "j M"))


def with_year(day: date) -> str:
    """24 Nov 2026"""
    return date_format(day, pgettext("date format", "j M Y"))


def weekday(day: date) -> str:
    """Tue 24 Nov"""
    return date_format(day, pgettext("date format", "D j M"))


def weekday_with_year(day: date) -> str:
    """Tue 24 Nov 2026"""
    return date_format(day, pgettext("date format", "D j M Y"))


def clock(moment: datetime | time) -> str:
    """14:00"""
    return date_format(moment, pgettext("time format", "H:i"))


def moment(when: datetime) -> str:
    """Tue 24 Nov, 14:00"""
    return date_format(when, pgettext("date format", "D j M, H:i"))


def moment_with_year(when: datetime) -> str:
    """Tue 24 Nov 2026, 14:00"""
    return date_format(when, pgettext("date format", "D j M Y, H:i"))
