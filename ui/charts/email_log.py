"""Seven days of emails as bars: pure functions of counts, at three widths."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from ui.charts.svg import number as n

WIDTHS = {"wide": 1200, "mid": 704, "narrow": 358}
HEIGHT, FLOOR, TALLEST = 182, 138, 108  # px


@dataclass(frozen=True)
class Day:
    day: date
    sent: int = 0
    held: int = 0  # or dropped
    failed: int = 0

    @property
    def name(self) -> str:
        return date_format(self.day, pgettext("date format", "D j"))

    @property
    def words(self) -> str:
        said = {"day": self.name, "sent": self.sent}
        said |= {"held": self.held, "failed": self.failed}
        return _("%(day)s: %(sent)s sent, %(held)s held, %(failed)s failed") % said


def draw(days: list[Day]) -> SafeString:
    """Solid bars are sent, dashed ones not sent; the last day is the newest."""
    most = max((day.sent + day.held for day in days), default=0) or 1
    drawings = [_drawing(days, kind, width, most) for kind, width in WIDTHS.items()]
    return mark_safe("".join(drawings))


def _drawing(days, kind, width, most) -> str:
    step = width / len(days)
    bar = min(64, step * 0.56)
    drawn = [_bar(day, i * step, bar, most, kind) for i, day in enumerate(days)]
    newest = len(days) - 1
    drawn = [part(i == newest) for i, part in enumerate(drawn)]
    return format_html(
        '<svg class="{}" width="{}" height="{}" viewBox="0 0 {} {}" role="img"'
        ' aria-label="{}">{}<path class="axis" d="M0 {}H{}"/></svg>',
        kind, width, HEIGHT, width, HEIGHT, "; ".join(day.words for day in days),
        mark_safe("".join(drawn)), FLOOR, width,
    )  # fmt: skip


def _bar(day, x, width, most, kind):
    sent, held = (TALLEST * count / most for count in (day.sent, day.held))
    middle, top = x + width / 2, FLOOR - sent - (held + 2 if day.held else 0)

    def part(is_newest: bool) -> str:
        shapes = [
            ("rect", "sent now" if is_newest else "sent", FLOOR - sent, sent, day.sent),
            ("rect", "held", FLOOR - sent - held - 2, held, day.held),
        ]
        rects = format_html_join(
            "", '<{} class="{}" x="{}" y="{}" width="{}" height="{}" rx="3"/>',
            [(tag, css, n(x), n(y), n(width), n(tall))
             for tag, css, y, tall, count in shapes if count],
        )  # fmt: skip
        return format_html(
            '{}{}<text x="{}" y="{}" text-anchor="middle">{}</text>{}',
            rects, _count(day, middle, top), n(middle), FLOOR + 18, day.name,
            _failed(day, x, kind),
        )  # fmt: skip

    return part


def _count(day, middle, top) -> str:
    if not (day.sent or day.held):
        return ""
    words = '<text class="t-ink" x="{}" y="{}" text-anchor="middle">{}</text>'
    return format_html(words, n(middle), n(top - 6), day.sent)


def _failed(day, x, kind) -> str:
    if not day.failed:
        return ""
    words = str(day.failed)
    if kind != "narrow":
        words = ngettext("%(number)s failed", "%(number)s failed", day.failed)
        words %= {"number": day.failed}
    return format_html(
        '<path class="failed" d="M{} 174l-5 -8.6h10Z"/>'
        '<text class="t-ink" x="{}" y="174">{}</text>',
        n(x + 10), n(x + 19), words,
    )  # fmt: skip
