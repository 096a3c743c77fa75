"""The ratings of one goal over time, at three widths."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from ui.charts.axis import Axis, SessionMark, months, ticks
from ui.charts.chart import Chart, TableRow
from ui.charts.svg import (
    LETTER,
    svg_circle,
    svg_dots,
    svg_line,
    svg_path,
    svg_picture,
    svg_squares,
    svg_text,
)
from ui.charts.svg import number as n
from ui.charts.words import ENOUGH, Point, Voice, short_day, voices_in_words, voices_of

WIDTHS = {"wide": 824, "mid": 704, "narrow": 358}
PORTAL_WIDTHS = {"wide": 680, "mid": 680, "narrow": 358}
TOP = 22


def _levels(right: float, floor: float) -> str:
    height = floor - TOP
    return "".join(
        svg_path("grid", f"M26 {n(floor - height * share)}H{n(right)}")
        + svg_text(18, floor - height * share + 4, int(share * 10), anchor="end")
        for share in (0, 0.5, 1)
    )


def _marks(versions: list[tuple[int, date]], axis: Axis, floor: float) -> str:
    """A dotted line where a version was agreed, labeled if there is room."""
    parts, free = [], float("-inf")
    for day, numbers in _by_day(versions).items():
        x = axis.x(day)
        parts.append(svg_path("mark", f"M{n(x)} 16V{n(floor)}"))
        named = ", ".join(f"v{number}" for number in numbers)
        words = _("%(versions)s agreed") % {"versions": named}
        wide = len(words) * LETTER
        if x >= free:
            end = x + 5 + wide > axis.right + 20
            place, anchor = (x - 5, "end") if end else (x + 5, "start")
            parts.append(svg_text(place, 24, words, "halo", anchor))
            free = x + wide + 10
    return "".join(parts)


def _by_day(versions: list[tuple[int, date]]) -> dict[date, list[int]]:
    """Several may have been agreed on one day."""
    found: dict[date, list[int]] = {}
    for number, day in versions:
        found.setdefault(day, []).append(number)
    return found


def early(
    places: list[tuple[float, float]],
    gap: float,
    limit: float,
    second: bool = False,
    wants: bool = True,
) -> str:
    """Separate open dots, and dashed ones for those still needed."""
    drawn = "".join(svg_circle("early", x, y, 4.5) for x, y in places)
    if second:
        drawn = svg_squares("early", places, 4)
    if not wants:
        return drawn
    x, y = places[-1]
    wanted = range(1, ENOUGH + 1 - len(places))
    gap = min(gap, (limit - x) / max(len(wanted), 1))
    return drawn + "".join(svg_circle("want", x + gap * i, y, 4.5) for i in wanted)


def second_series(places, points, first_y: float | None) -> str:
    """The therapist's: dashed, with squares; its last value clear of the client's."""
    (x0, y0), (x, y) = places[0], places[-1]
    at, start = y + 5, ""
    if first_y is None:
        start = svg_text(x0, y0 - 9, points[0].value, "t-ink halo", "middle")
    elif abs(y - first_y) < 15:
        at = first_y + (20 if y >= first_y else -10)
    line = svg_line(places, "line second") if len(places) >= ENOUGH else ""
    return (
        line
        + start
        + svg_squares("dot second", places[:-1])
        + svg_squares("dot second last", places[-1:], 4)
        + svg_text(x + 9, at, points[-1].value, "t-second halo")
    )


def _loose(places, points) -> str:
    """Too few for a line, beside another series that has one."""
    (x, y) = places[-1]
    open_dots = "".join(svg_circle("early", x, y, 4.5) for x, y in places)
    return open_dots + svg_text(x + 9, y + 5, points[-1].value, "t-val halo")


def _rated(places, points) -> str:
    """The line, its dots, and labels of the first and last value."""
    (x0, y0), (x1, y1) = places[0], places[-1]
    return (
        svg_line(places)
        + svg_dots(places[:-1])
        + svg_circle("dot last", x1, y1, 4.2)
        + svg_text(x1 + 9, y1 + 5, points[-1].value, "t-val halo")
        + svg_text(x0, y0 - 9, points[0].value, "t-ink halo", "middle")
    )


def _ratings_at(css, width, floor, label, voices, versions, sessions, start, today):
    narrow = css == "narrow"
    right = width - (26 if narrow else 74)
    axis = Axis(start, today, 32, right - (13 if narrow else 20))
    height = (floor - TOP) / 10
    body = _levels(right, floor) + _marks(versions, axis, floor)
    body += svg_path("axis", f"M26 {n(floor)}H{n(right)}") + ticks(
        sessions, axis, floor
    )
    if not narrow:
        body += svg_text(right + 8, floor + 9, _("sessions"))
    body += months(axis, floor + 24)
    first_y = None
    for voice in voices:
        places = [(axis.x(p.day), floor - p.value * height) for p in voice.daily]
        if len(places) < ENOUGH and first_y is None and voice is voices[-1]:
            gap = 42 if narrow else 81
            body += early(places, gap, right - 6, voice.second)
        elif voice.second:
            body += second_series(places, voice.daily, first_y)
        elif len(places) < ENOUGH:
            body += _loose(places, voice.daily)
        else:
            body += _rated(places, voice.daily)
        first_y = places[-1][1]
    return svg_picture(css, width, floor + 36, label, body)


def rating_chart(
    points: list[Point],
    *,
    today: date,
    name: str = "",
    second: list[Point] = (),
    names: tuple[str, str] = ("", ""),
    versions: list[tuple[int, date]] = (),
    sessions: list[SessionMark] = (),
    low: str = "",
    high: str = "",
    portal: bool = False,
) -> Chart:
    """Ratings over time, oldest first, 0 to 10, higher is better.

    `versions` are (number, day agreed), oldest first; `low` and `high` label the ends;
    `name` is the goal's name for screen readers; `portal` draws for one column.
    `second` are the other side's ratings, drawn as a separate series; `names` are both
    sides' labels.
    """
    voices, versions = voices_of(points, second, names), list(versions)
    words = voices_in_words(voices, today)
    points = [point for voice in voices for point in voice.points]
    label = _("%(name)s. %(words)s") % {"name": name, "words": words} if name else words
    days = (
        [p.day for p in points] + [s.day for s in sessions] + [d for _n, d in versions]
    )
    start = min([*days, today - timedelta(days=28)])
    drawn = [
        _ratings_at(
            css, width, 130 if portal else 180, label, voices, versions, sessions,
            start, today,
        )
        for css, width in (PORTAL_WIDTHS if portal else WIDTHS).items()
    ]  # fmt: skip
    return Chart(
        svg=mark_safe("".join(drawn)) if points else mark_safe(""),
        words=words,
        rows=_table_rows(voices, versions, today),
        cells='<td class="r"><strong>{3}</strong></td><td>{4}</td><td>{2}</td>',
        early=all(voice.is_early for voice in voices),
        key=key_of(voices),
        low=low,
        high=high,
    )


def key_of(voices: list[Voice]) -> SafeString:
    """The legend; empty if no series has a name."""
    marks = (
        svg_circle("dot last", 7, 7, 4.2),
        svg_squares("dot second last", [(7, 7)], 4),
    )
    shown = [(marks[voice.second], voice.name) for voice in voices if voice.name]
    return mark_safe(
        "".join(
            format_html(
                '<span><svg width="14" height="14" viewBox="0 0 14 14"'
                ' aria-hidden="true">{}</svg> {}</span> ',
                mark_safe(mark),
                name,
            )
            for mark, name in shown
        )
    )


def _table_rows(voices, versions, today) -> list[TableRow]:
    days = [day for _number, day in versions]
    that_day = _by_day(versions)
    given = [(point, voice.name) for voice in voices for point in voice.points]
    rows = []
    for point, by in sorted(given[::-1], key=lambda one: one[0].day, reverse=True):
        index = bisect_right(days, point.day)
        note = point.version or (versions[index - 1][0] if index else "")
        if point.day in that_day:
            numbers = ", ".join(map(str, that_day[point.day]))
            note = _("%(number)s, agreed that day") % {"number": numbers}
        rows.append(
            TableRow(
                short_day(point.day, today),
                point.day.isoformat(),
                point.value,
                note,
                point.by or by,
            )
        )
    return rows
