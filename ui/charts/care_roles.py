"""Care roles as bars over time, drawn for three widths: plain values in, SVG out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from ui.charts.svg import number as n

HALF_A_YEAR = timedelta(days=183)
LETTER = 6.5  # px, width of one 12 px Inter character, rounded up
ROW, NARROW_ROW = 34, 48
MARGIN = 6


@dataclass(frozen=True)
class Bar:
    """One role: its label and dates; `ends` None is open."""

    label: str
    starts: date
    ends: date | None


@dataclass(frozen=True)
class Scale:
    """Days on a line of `left` to `right` px."""

    begins: date
    ends: date
    left: float
    right: float

    def at(self, day: date) -> float:
        day = min(max(day, self.begins), self.ends)
        share = (day - self.begins) / (self.ends - self.begins)
        return self.left + share * (self.right - self.left)


def bars(rows: list[Bar], today: date, words: str) -> SafeString:
    """The three drawings, one for each page width."""
    begins, ends = _span(rows, today)
    gutter = min(220, max((len(bar.label) for bar in rows), default=0) * LETTER + 14)
    shapes = [("wide", 824, gutter, ROW), ("mid", 704, gutter, ROW)]
    shapes.append(("narrow", 358, 0, NARROW_ROW))
    drawn = [
        _drawing(rows, Scale(begins, ends, left, width - MARGIN), row, name, words,
                 today, width)
        for name, width, left, row in shapes
    ]  # fmt: skip
    return format_html_join("", "{}", ((svg,) for svg in drawn))


def _span(rows, today):
    starts = min([bar.starts for bar in rows] or [today])
    ends = max([bar.ends for bar in rows if bar.ends] or [today])
    begins = max(min(starts, today - timedelta(days=30)), today - HALF_A_YEAR)
    coming = max(ends + timedelta(days=14), today + timedelta(days=45))
    return begins, min(coming, today + HALF_A_YEAR)


def _drawing(rows, scale, row, name, words, today, width) -> SafeString:
    bottom = row * len(rows) + 20
    above = name == "narrow"  # there the labels are above their bars
    shown = [_row(bar, scale, 5 + row * k, above, today) for k, bar in enumerate(rows)]
    return format_html(
        '<svg class="{}" width="{}" height="{}" viewBox="0 0 {} {}" role="img"'
        ' aria-label="{}"><path class="grid" d="M{} 6V{}"/>'
        '<text class="t-teal" x="{}" y="10">{}</text>{}'
        '<path class="axis" d="M{} {}H{}"/><path class="tick now" d="M{} {}v9"/>{}'
        "</svg>",
        name, width, bottom + 30, width, bottom + 30, words,
        n(scale.at(today)), bottom - 4, n(scale.at(today) + 5),
        pgettext("within a sentence", "today"),
        format_html_join("", "{}", ((line,) for line in shown)),
        n(scale.left), bottom, n(scale.right), n(scale.at(today)), bottom,
        _months(scale, bottom + 24, every=2 if above else 1),
    )  # fmt: skip


def _row(bar, scale, top, above, today) -> SafeString:
    words_at, bar_at = (top + 26, top + 33) if above else (top + 29, top + 17)
    parts = [
        format_html('<text class="t-ink" x="0" y="{}">{}</text>', words_at, bar.label)
    ]
    ends = bar.ends or scale.ends
    if bar.starts <= today:
        parts.append(_bar(scale.at(bar.starts), scale.at(min(ends, today)), bar_at, ""))
    if ends > today:
        left = scale.at(max(bar.starts, today))
        parts.append(_bar(left + 2, scale.at(ends), bar_at, " coming"))
    return format_html_join("", "{}", ((part,) for part in parts))


def _bar(left, right, top, css) -> SafeString:
    return format_html(
        '<rect class="role{}" x="{}" y="{}" width="{}" height="{}" rx="4"/>',
        css, n(left), n(top + 0.7 if css else top), n(max(right - left, 4)),
        n(14.6 if css else 16),
    )  # fmt: skip


def _months(scale, y, every) -> SafeString:
    firsts, day = [], scale.begins.replace(day=1)
    while day <= scale.ends:
        if day >= scale.begins:
            firsts.append(day)
        day = (day + timedelta(days=32)).replace(day=1)
    shown = [day for day in firsts[::every] if scale.at(day) < scale.right - 20]
    month = pgettext("date format", "M")
    said = ((n(scale.at(day)), y, date_format(day, month)) for day in shown)
    return format_html_join("", '<text x="{}" y="{}">{}</text>', said)


def in_words(lines: list[str]) -> str:
    """The text alternative for screen readers."""
    return " ".join(lines) or _("No one has a role yet.")
