"""A chart as text: one neutral sentence per side; no trend below three days.

Ratings of one day count as one, the last: three within a minute say no more than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import TypeVar

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from ui import dates

T = TypeVar("T")
ENOUGH = 3  # days with a rating that a trend needs


@dataclass(frozen=True)
class Point:
    """One rating, 0 to 10, on a day in the reader's time zone."""

    day: date
    value: int
    version: int | None = None
    by: str = ""  # who gave it, if known more exactly than the side


@dataclass(frozen=True)
class Voice:
    """One side's ratings, oldest first, and that side's label.

    `second`: the therapist's, always dashed and with squares; `is_cut`: earlier ratings
    are left out, so the text mentions no start.
    """

    name: str
    points: list[Point]
    second: bool = False
    is_cut: bool = False

    @property
    def daily(self) -> list[Point]:
        """The last rating of each day: what a line is drawn from."""
        return last_of_each_day(self.points, lambda point: point.day)

    @property
    def is_early(self) -> bool:
        return len(self.daily) < ENOUGH


def day_of(when: date | datetime, zone: tzinfo | None = None) -> date:
    """The date in the reader's time zone; a plain date is returned as it is."""
    if isinstance(when, datetime):
        return timezone.localtime(when, zone).date()
    return when


def last_of_each_day(rows: Iterable[T], day: Callable[[T], date]) -> list[T]:
    """Of rows in time order, the last one of each day."""
    return list({day(row): row for row in rows}.values())


def label_of(words: str, most: int = 22) -> str:
    """The start of a text, cut to a number of characters plus an ellipsis."""
    if len(words) <= most:
        return words
    return words[:most].rsplit(" ", 1)[0].rstrip(",.;") + "…"


def short_day(day: date, today: date) -> str:
    return _short_in(get_language(), day, today)


@lru_cache(maxsize=4096)
def _short_in(language: str, day: date, today: date) -> str:
    """Cached: tables repeat the same days."""
    if day.year == today.year:
        return dates.short(day)
    return dates.with_year(day)


def _since(day: date, today: date) -> str:
    """June; June 2025 if that is long ago; Nov 3 if it is this month."""
    if (day.year, day.month) == (today.year, today.month):
        return short_day(day, today)
    if (today - day).days < 330:
        return date_format(day, pgettext("date format", "F"))
    return date_format(day, pgettext("date format", "F Y"))


def _few(daily: list[Point], times: int) -> str:
    """The text for `times` ratings on one or two days."""
    if not daily:
        return _("No rating yet.")
    said = {"times": times, "first": daily[0].value, "last": daily[-1].value}
    if times == 1:
        words = _("One rating so far, %(last)s. A line needs ratings on three days.")
    elif len(daily) == 1:
        words = _(
            "%(times)s ratings on one day, the last one %(last)s. A line needs ratings"
            " on three days."
        )
    elif times == 2:
        words = _(
            "Two ratings so far, %(first)s and %(last)s. A line needs ratings on three"
            " days."
        )
    else:
        words = _(
            "%(times)s ratings on two days, %(first)s and %(last)s. A line needs"
            " ratings on three days."
        )
    return words % said


def in_words(points: list[Point], today: date) -> str:
    """One neutral sentence; below three days, no trend."""
    times, points = len(points), last_of_each_day(points, lambda point: point.day)
    if len(points) < ENOUGH:
        return _few(points, times)
    first, last = points[0], points[-1]
    top = max(points, key=lambda point: point.value)
    bottom = min(points, key=lambda point: point.value)
    words = {
        "first": first.value,
        "last": last.value,
        "since": _since(first.day, today),
        "high": top.value,
        "high_day": short_day(top.day, today),
        "low": bottom.value,
        "low_day": short_day(bottom.day, today),
    }
    above = top.value > max(first.value, last.value)
    below = bottom.value < min(first.value, last.value)
    return _sentence(first.value == last.value, above, below) % words


def voices_of(points, second, names, is_cut=(False, False)) -> list[Voice]:
    """The sides that rated at all."""
    found = [
        Voice(names[0], list(points), is_cut=is_cut[0]),
        Voice(names[1], list(second), second=True, is_cut=is_cut[1]),
    ]
    return [voice for voice in found if voice.points]


def voices_in_words(voices: list[Voice], today: date) -> str:
    """A sentence for each side, preceded by its name."""
    if not voices:
        return in_words([], today)
    return " ".join(
        _("%(name)s: %(words)s") % {"name": voice.name, "words": _of(voice, today)}
        if voice.name
        else _of(voice, today)
        for voice in voices
    )


def _of(voice: Voice, today: date) -> str:
    if not (voice.is_cut and voice.is_early):
        return in_words(voice.points, today)
    words = ngettext(
        "%(times)s rating in this time, the last one %(last)s.",
        "%(times)s ratings in this time, the last one %(last)s.",
        len(voice.points),
    )
    return words % {"times": len(voice.points), "last": voice.points[-1].value}


def _sentence(same: bool, above: bool, below: bool) -> str:
    if same and not (above or below):
        return _("At %(last)s since %(since)s.")
    if above and below:
        return _(
            "From %(first)s to %(last)s since %(since)s, high of %(high)s on"
            " %(high_day)s, low of %(low)s on %(low_day)s."
        )
    if above:
        return _(
            "From %(first)s to %(last)s since %(since)s, high of %(high)s on"
            " %(high_day)s."
        )
    if below:
        return _(
            "From %(first)s to %(last)s since %(since)s, low of %(low)s on %(low_day)s."
        )
    return _("From %(first)s to %(last)s since %(since)s.")
