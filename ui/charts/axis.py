"""A time axis: days to pixels, month labels, a tick per session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from django.utils.formats import date_format
from django.utils.translation import pgettext

from ui.charts.svg import number as n
from ui.charts.svg import svg_circle, svg_path, svg_text


@dataclass(frozen=True)
class SessionMark:
    day: date
    missed: bool = False


@dataclass(frozen=True)
class Axis:
    """Maps days to pixels, from the first day at `left` to today at `right`."""

    start: date
    today: date
    left: float
    right: float

    @cached_property
    def _a_day(self) -> float:
        return (self.right - self.left) / max((self.today - self.start).days, 1)

    def x(self, day: date) -> float:
        return self.left + (day - self.start).days * self._a_day


def months(axis: Axis, y: float) -> str:
    """Labels at the starts of months, as many as fit."""
    texts, free = [], float("-inf")
    day = axis.start
    while day <= axis.today:
        x = axis.x(day)
        if x >= free and x <= axis.right - 12:
            january = day.month == 1 and day != axis.start
            year, month = pgettext("date format", "Y"), pgettext("date format", "M")
            style = year if january else month
            texts.append(svg_text(x, y, date_format(day, style)))
            free = x + 40
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return "".join(texts)


def ticks(sessions: list[SessionMark], axis: Axis, y: float, height: int = 7) -> str:
    held = "".join(
        f"M{n(axis.x(s.day))} {n(y)}v{height}" for s in sessions if not s.missed
    )
    missed = "".join(
        svg_circle("missed", axis.x(s.day), y + 4, 2.4) for s in sessions if s.missed
    )
    now = f"M{n(axis.x(axis.today))} {n(y)}v{height + 2}"
    return svg_path("tick", held) + missed + svg_path("tick now", now)
