"""Dates and times as people and spreadsheets write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _


class Order(models.TextChoices):
    """Day-month order, for dates such as 03/02/2026."""

    DAY = "day", _("February 3")
    MONTH = "month", _("March 2")


class ReadDay(NamedTuple):
    on: date
    at: time | None


class NoDay(Exception):
    """Why a text is not a date; the message does not repeat the text."""


NOT_READ = _("This date can’t be read. Write it like 2026-02-03.")
NO_SUCH = _("This date does not exist.")
LONGEST = 60  # characters
NUMBERS = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})\.?")
CLOCK = re.compile(r"[T,\s]\s{0,5}(\d{1,2}):(\d{2})(?::\d{2})?\s?(h|uhr|am|pm)?$", re.I)
SERIAL = re.compile(r"(\d{5})(?:[.,]\d{1,12})?")
SERIALS = range(20_000, 80_000)  # 1954 to 2119 as Excel serial numbers
CALLED = {
    1: "january jan januar janvier enero ene januari",
    2: "february feb februar février fevrier febrero februari",
    3: "march mar märz marz maerz mars marzo maart",
    4: "april apr avril abril abr",
    5: "may mai mayo mei",
    6: "june jun juni juin junio",
    7: "july jul juli juillet julio",
    8: "august aug août aout agosto ago augustus",
    9: "september sep sept septembre septiembre",
    10: "october oct oktober okt octobre octubre",
    11: "november nov novembre noviembre",
    12: "december dec dezember dez décembre decembre diciembre dic",
}
MONTHS = {name: month for month, names in CALLED.items() for name in names.split()}
AMONG = """of the de del st nd rd th
monday mon tuesday tue wednesday wed thursday thu friday fri saturday sat sunday sun
montag mo dienstag di mittwoch mi donnerstag do freitag fr samstag sa sonntag so"""
BETWEEN = set(AMONG.split())


def read(text: str, order: str, *, from_1904: bool = False) -> ReadDay:
    """Parse a date; raise NoDay if it is none. `order` is used only if ambiguous."""
    text = text.strip()
    if len(text) > LONGEST:
        raise NoDay(NOT_READ)
    said, at = _clock(text)
    numbers, serial = NUMBERS.fullmatch(said), SERIAL.fullmatch(said)
    if numbers:
        return ReadDay(_counted(numbers, order), at)
    if serial and int(serial[1]) in SERIALS:
        begin = date(1904, 1, 1) if from_1904 else date(1899, 12, 30)
        return ReadDay(begin + timedelta(days=int(serial[1])), at)
    return ReadDay(_named(said), at)


def _clock(text: str) -> tuple[str, time | None]:
    """The time at its end, and the text before it."""
    found = CLOCK.search(text)
    if not found:
        return text, None
    hour, minute, half = int(found[1]), int(found[2]), (found[3] or "").lower()
    if half in ("am", "pm") and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59:
        raise NoDay(NOT_READ)
    return text[: found.start()].rstrip(" ,"), time(hour, minute)


def _counted(found: re.Match, order: str) -> date:
    first, _sign, second, third = found.groups()
    if len(first) == 4:
        return _day(first, second, third)
    if len(first) > 2 or len(third) == 3 or len(third) == 1:
        raise NoDay(NOT_READ)
    day, month = (second, first) if order == Order.MONTH else (first, second)
    return _day(third, month, day)


def _named(text: str) -> date:
    """Feb 3 2026, February 3rd 2026, Di, 3. Februar 2026."""
    words = re.findall(r"[^\W\d_]+", text.casefold())
    numbers = re.findall(r"\d+", text)
    months = [MONTHS[word] for word in words if word in MONTHS]
    known = all(word in MONTHS or word in BETWEEN for word in words)
    if len(months) != 1 or len(numbers) != 2 or not known:
        raise NoDay(NOT_READ)
    day, year = numbers if len(numbers[1]) in (2, 4) else reversed(numbers)
    if len(day) > 2 or len(year) not in (2, 4):
        raise NoDay(NOT_READ)
    return _day(year, months[0], day)


def _day(year, month, day) -> date:
    year = int(year)
    if year < 100:
        year += 2000 if year <= datetime.now().year % 100 + 1 else 1900
    try:
        return date(year, int(month), int(day))
    except ValueError:
        raise NoDay(NO_SUCH) from None


# -- day-month order ------------------------------------------------------------------


def order_in(texts: Iterable[str]) -> str | None:
    """The date order that the file implies; None if the user must choose.

    A day above 12 decides; without one, or if two contradict each other, it is open.
    Dates that read the same both ways are ignored.
    """
    told, is_open = set(), False
    for text in texts:
        if len(text) > LONGEST:
            continue
        found = NUMBERS.match(text.strip())
        if not found or len(found[1]) > 2:
            continue
        first, second = int(found[1]), int(found[3])
        if first > 12 >= second:
            told.add(Order.DAY)
        elif second > 12 >= first:
            told.add(Order.MONTH)
        elif first != second:
            is_open = True
    if len(told) == 1:
        return told.pop().value
    return None if is_open or told else Order.DAY.value
