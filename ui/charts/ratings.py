"""Charts as SVG, drawn at three true widths: pure functions on plain values."""

from __future__ import annotations

import textwrap
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from functools import cache, cached_property, lru_cache

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from ui import dates
from ui.charts.svg import number as n
from ui.charts.svg import rock, stone_path

ENOUGH = 3  # ratings before a line is fair
LETTER = 6.4  # px, one letter of 12 px Inter, on the wide side


@dataclass(frozen=True)
class Point:
    """One rating, 0 to 10, on a day in the reader's time zone."""

    day: date
    value: int
    version: int | None = None
    by: str = ""  # who gave it, where more is known than the side


@dataclass(frozen=True)
class Voice:
    """The ratings of one side, oldest first, and what that side is called here.

    `second`: the therapist's, always dashed and with squares, alone or not.
    """

    name: str
    points: list[Point]
    second: bool = False


@dataclass(frozen=True)
class Session:
    day: date
    missed: bool = False


@dataclass(frozen=True)
class Lane:
    """A goal in the journey: its short name and its ratings, by who gave them."""

    label: str
    points: list[Point]
    second: list[Point] = field(default_factory=list)
    names: tuple[str, str] = ("", "")

    @property
    def voices(self) -> list[Voice]:
        return _voices(self.points, self.second, self.names)


@dataclass(frozen=True)
class Step:
    """A step reached, in its own words."""

    words: str
    day: date


@dataclass(frozen=True)
class Chart:
    """What a template shows: the drawings, one sentence, and the same as a table."""

    svg: SafeString
    words: str
    rows: list[Row] = field(default_factory=list)
    cells: str = "<td>{2}</td><td>{3}</td>"  # of a row in the table: note, value
    early: bool = False
    low: str = ""
    high: str = ""
    key: str = ""  # which mark is whose, as mark-up

    @property
    def body(self) -> SafeString:
        """The table's rows in one piece: a template takes long over hundreds."""
        shape = (
            '<tr><th scope="row" class="nowrap"><time datetime="{0}">{1}</time></th>'
            f"{self.cells}</tr>"
        )
        escape = cache(conditional_escape)  # the same days and notes again and again
        return mark_safe(
            "".join(
                shape.format(
                    row.iso,
                    escape(row.day),
                    escape(row.note),
                    escape(row.value),
                    escape(row.by),
                )
                for row in self.rows
            )
        )


@dataclass(frozen=True)
class Row:
    day: str
    iso: str
    value: int | str
    note: str = ""
    by: str = ""


def day_of(when: date | datetime, zone: tzinfo | None = None) -> date:
    """The day it was for the reader; a plain date is taken as it is."""
    if isinstance(when, datetime):
        return timezone.localtime(when, zone).date()
    return when


def label_of(words: str, most: int = 22) -> str:
    """The beginning of somebody's words, at most so many letters and a dot more."""
    if len(words) <= most:
        return words
    return words[:most].rsplit(" ", 1)[0].rstrip(",.;") + "…"


def _short(day: date, today: date) -> str:
    return _short_in(get_language(), day, today)


@lru_cache(maxsize=4096)
def _short_in(language: str, day: date, today: date) -> str:
    """Every row of a table has one, and every page the same days."""
    if day.year == today.year:
        return dates.short(day)
    return dates.with_year(day)


def _since(day: date, today: date) -> str:
    """June; June 2025 when that is long ago; 3 Nov when it is this month."""
    if (day.year, day.month) == (today.year, today.month):
        return _short(day, today)
    if (today - day).days < 330:
        return date_format(day, pgettext("date format", "F"))
    return date_format(day, pgettext("date format", "F Y"))


def _few(points: list[Point]) -> str:
    if not points:
        return _("No rating yet.")
    if len(points) == 1:
        return _(
            "One rating so far, %(value)s. Two more, and a line would be fair."
        ) % {"value": points[0].value}
    return _(
        "Two ratings so far, %(first)s and %(last)s."
        " One more, and a line would be fair."
    ) % {"first": points[0].value, "last": points[1].value}


def in_words(points: list[Point], today: date) -> str:
    """What happened in one neutral sentence; below three ratings, no trend."""
    if len(points) < ENOUGH:
        return _few(points)
    first, last = points[0], points[-1]
    top = max(points, key=lambda point: point.value)
    bottom = min(points, key=lambda point: point.value)
    words = {
        "first": first.value,
        "last": last.value,
        "since": _since(first.day, today),
        "high": top.value,
        "high_day": _short(top.day, today),
        "low": bottom.value,
        "low_day": _short(bottom.day, today),
    }
    above = top.value > max(first.value, last.value)
    below = bottom.value < min(first.value, last.value)
    return _sentence(first.value == last.value, above, below) % words


def _voices(points, second, names) -> list[Voice]:
    """Those who rated at all."""
    found = [Voice(names[0], list(points)), Voice(names[1], list(second), second=True)]
    return [voice for voice in found if voice.points]


def voices_in_words(voices: list[Voice], today: date) -> str:
    """A sentence for each side, with its name before it."""
    if not voices:
        return in_words([], today)
    return " ".join(
        _("%(name)s: %(words)s")
        % {"name": voice.name, "words": in_words(voice.points, today)}
        if voice.name
        else in_words(voice.points, today)
        for voice in voices
    )


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


# The pieces of a drawing ------------------------------------------------------------


@dataclass(frozen=True)
class Axis:
    """Days to pixels, from the first day at `left` to today at `right`."""

    start: date
    today: date
    left: float
    right: float

    @cached_property
    def _a_day(self) -> float:
        return (self.right - self.left) / max((self.today - self.start).days, 1)

    def x(self, day: date) -> float:
        return self.left + (day - self.start).days * self._a_day


def _text(x: float, y: float, words: object, css: str = "", anchor: str = "") -> str:
    css = f' class="{css}"' if css else ""
    anchor = f' text-anchor="{anchor}"' if anchor else ""
    words = conditional_escape(words)
    return f'<text{css} x="{n(x)}" y="{n(y)}"{anchor}>{words}</text>'


def _path(css: str, d: str) -> str:
    return f'<path class="{css}" d="{d}"/>' if d else ""


def _circle(css: str, x: float, y: float, radius: float) -> str:
    return f'<circle class="{css}" cx="{n(x)}" cy="{n(y)}" r="{radius}"/>'


def _line(places: list[tuple[float, float]], css: str = "line") -> str:
    return _path(css, "M" + " L".join(f"{n(x)} {n(y)}" for x, y in places))


def _squares(css: str, places: list[tuple[float, float]], radius: float = 2.6) -> str:
    """As one path: the other side's marks differ in shape, not in color alone."""
    side = n(radius * 2)
    squares = (
        f"M{n(x - radius)} {n(y - radius)}h{side}v{side}h-{side}z" for x, y in places
    )
    return _path(css, "".join(squares))


def _dots(places: list[tuple[float, float]], radius: float = 2.6) -> str:
    """Every dot but the last as one path of small circles."""
    across = n(radius * 2)
    circles = (
        f"M{n(x - radius)} {n(y)}a{radius} {radius} 0 1 0 {across} 0"
        f"a{radius} {radius} 0 1 0 -{across} 0"
        for x, y in places
    )
    return _path("dot", "".join(circles))


def _months(axis: Axis, y: float) -> str:
    """Names of months where they begin, as many as there is room for."""
    texts, free = [], float("-inf")
    day = axis.start
    while day <= axis.today:
        x = axis.x(day)
        if x >= free and x <= axis.right - 12:
            january = day.month == 1 and day != axis.start
            year, month = pgettext("date format", "Y"), pgettext("date format", "M")
            style = year if january else month
            texts.append(_text(x, y, date_format(day, style)))
            free = x + 40
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return "".join(texts)


def _ticks(sessions: list[Session], axis: Axis, y: float, height: int = 7) -> str:
    held = "".join(
        f"M{n(axis.x(s.day))} {n(y)}v{height}" for s in sessions if not s.missed
    )
    missed = "".join(
        _circle("missed", axis.x(s.day), y + 4, 2.4) for s in sessions if s.missed
    )
    now = f"M{n(axis.x(axis.today))} {n(y)}v{height + 2}"
    return _path("tick", held) + missed + _path("tick now", now)


def _early(
    places: list[tuple[float, float]], gap: float, limit: float, second: bool = False
) -> str:
    """Loose open dots, and the dashed ones still needed."""
    drawn = "".join(_circle("early", x, y, 4.5) for x, y in places)
    if second:
        drawn = _squares("early", places, 4)
    x, y = places[-1]
    wanted = range(1, ENOUGH + 1 - len(places))
    gap = min(gap, (limit - x) / max(len(wanted), 1))
    return drawn + "".join(_circle("want", x + gap * i, y, 4.5) for i in wanted)


def _svg(css: str, width: int, height: float, label: str, body: str) -> SafeString:
    return format_html(
        '<svg class="{}" width="{}" height="{}" viewBox="0 0 {} {}" role="img"'
        ' aria-label="{}">{}</svg>',
        css,
        width,
        n(height),
        width,
        n(height),
        label,
        mark_safe(body),
    )


# Ratings of one goal ----------------------------------------------------------------

WIDTHS = {"wide": 824, "mid": 704, "narrow": 358}
PORTAL_WIDTHS = {"wide": 680, "mid": 680, "narrow": 358}
TOP = 22


def _levels(right: float, floor: float) -> str:
    height = floor - TOP
    return "".join(
        _path("grid", f"M26 {n(floor - height * share)}H{n(right)}")
        + _text(18, floor - height * share + 4, int(share * 10), anchor="end")
        for share in (0, 0.5, 1)
    )


def _marks(versions: list[tuple[int, date]], axis: Axis, floor: float) -> str:
    """A dotted line where a version was agreed, named where there is room."""
    parts, free = [], float("-inf")
    for number, day in versions:
        x = axis.x(day)
        parts.append(_path("mark", f"M{n(x)} 16V{n(floor)}"))
        words = _("v%(number)s agreed") % {"number": number}
        wide = len(words) * LETTER
        if x >= free:
            end = x + 5 + wide > axis.right + 20
            place, anchor = (x - 5, "end") if end else (x + 5, "start")
            parts.append(_text(place, 24, words, "halo", anchor))
            free = x + wide + 10
    return "".join(parts)


def _second(places, points, first_y: float | None) -> str:
    """The therapist's: dashed, with squares; its last value clear of the client's."""
    (x0, y0), (x, y) = places[0], places[-1]
    at, start = y + 5, ""
    if first_y is None:
        start = _text(x0, y0 - 9, points[0].value, "t-ink halo", "middle")
    elif abs(y - first_y) < 15:
        at = first_y + (20 if y >= first_y else -10)
    line = _line(places, "line second") if len(places) >= ENOUGH else ""
    return (
        line
        + start
        + _squares("dot second", places[:-1])
        + _squares("dot second last", places[-1:], 4)
        + _text(x + 9, at, points[-1].value, "t-second halo")
    )


def _loose(places, points) -> str:
    """Too few for a line, beside another series that has its own."""
    (x, y) = places[-1]
    open_dots = "".join(_circle("early", x, y, 4.5) for x, y in places)
    return open_dots + _text(x + 9, y + 5, points[-1].value, "t-val halo")


def _rated(places, points) -> str:
    """The line, its dots, the first and the last value beside them."""
    (x0, y0), (x1, y1) = places[0], places[-1]
    return (
        _line(places)
        + _dots(places[:-1])
        + _circle("dot last", x1, y1, 4.2)
        + _text(x1 + 9, y1 + 5, points[-1].value, "t-val halo")
        + _text(x0, y0 - 9, points[0].value, "t-ink halo", "middle")
    )


def _ratings_at(css, width, floor, label, voices, versions, sessions, start, today):
    narrow = css == "narrow"
    right = width - (26 if narrow else 74)
    axis = Axis(start, today, 32, right - (13 if narrow else 20))
    height = (floor - TOP) / 10
    body = _levels(right, floor) + _marks(versions, axis, floor)
    body += _path("axis", f"M26 {n(floor)}H{n(right)}") + _ticks(sessions, axis, floor)
    if not narrow:
        body += _text(right + 8, floor + 9, _("sessions"))
    body += _months(axis, floor + 24)
    first_y = None
    for voice in voices:
        places = [(axis.x(p.day), floor - p.value * height) for p in voice.points]
        if len(places) < ENOUGH and first_y is None and voice is voices[-1]:
            gap = 42 if narrow else 81
            body += _early(places, gap, right - 6, voice.second)
        elif voice.second:
            body += _second(places, voice.points, first_y)
        elif len(places) < ENOUGH:
            body += _loose(places, voice.points)
        else:
            body += _rated(places, voice.points)
        first_y = places[-1][1]
    return _svg(css, width, floor + 36, label, body)


def rating_chart(
    points: list[Point],
    *,
    today: date,
    name: str = "",
    second: list[Point] = (),
    names: tuple[str, str] = ("", ""),
    versions: list[tuple[int, date]] = (),
    sessions: list[Session] = (),
    low: str = "",
    high: str = "",
    portal: bool = False,
) -> Chart:
    """Ratings over time, oldest first, 0 to 10, higher is better.

    `versions` are (number, day agreed), oldest first; `low` and `high` the ends in
    words; `name` what a screen reader calls the goal; `portal` draws for one column.
    `second` are the other side's ratings, drawn as a series of their own; `names` what
    the two sides are called.
    """
    voices, versions = _voices(points, second, names), list(versions)
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
        rows=_rating_rows(voices, versions, today),
        cells='<td class="r"><strong>{3}</strong></td><td>{4}</td><td>{2}</td>',
        early=all(len(voice.points) < ENOUGH for voice in voices),
        key=_key(voices),
        low=low,
        high=high,
    )


def _key(voices: list[Voice]) -> SafeString:
    """Which mark is whose, in words beside the mark; nothing where nobody is named."""
    marks = (_circle("dot last", 7, 7, 4.2), _squares("dot second last", [(7, 7)], 4))
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


def _rating_rows(voices, versions, today) -> list[Row]:
    days = [day for _number, day in versions]
    given = [(point, voice.name) for voice in voices for point in voice.points]
    rows = []
    for point, by in sorted(given[::-1], key=lambda one: one[0].day, reverse=True):
        index = bisect_right(days, point.day)
        number = point.version or (versions[index - 1][0] if index else "")
        agreed = index and days[index - 1] == point.day
        note = (
            _("%(number)s, agreed that day") % {"number": number} if agreed else number
        )
        rows.append(
            Row(
                _short(point.day, today),
                point.day.isoformat(),
                point.value,
                note,
                point.by or by,
            )
        )
    return rows


# A small line beside a number -------------------------------------------------------


def sparkline(values: list[int], *, low: int = 0, high: int = 10) -> SafeString:
    """92 by 30, one range for everyone; loose dots while it is too early."""
    if not values:
        return mark_safe("")
    places = [3 + (high - v) / (high - low) * 24 for v in values]
    if len(values) < ENOUGH:
        ys = places + places[-1:] * (ENOUGH - len(places))
        body = "".join(
            _circle("open" if i < len(values) else "want", 5 + 20 * i, y, 2.7)
            for i, y in enumerate(ys)
        )
    else:
        gap = 86 / (len(values) - 1)
        points = [f"{n(3 + gap * i)} {n(y)}" for i, y in enumerate(places)]
        body = f'<path d="M{" L".join(points)}"/>'
        body += f'<circle cx="89" cy="{n(places[-1])}" r="2.8"/>'
    return mark_safe(
        '<svg class="spark" width="92" height="30" viewBox="0 0 92 30"'
        f' aria-hidden="true">{body}</svg>'
    )


# The journey: everything on one time axis --------------------------------------------

JOURNEY_WIDTHS = {"wide": 1200, "mid": 704, "narrow": 358}
SPAN = 52  # px from 0 to 10 in a lane


@dataclass(frozen=True)
class Plan:
    """Where things stand at one width: names beside the lanes, or above them."""

    css: str
    width: int
    left: int
    right: int
    pitch: int

    @property
    def narrow(self) -> bool:
        return self.css == "narrow"


def _plan(css: str, width: int) -> Plan:
    if css == "narrow":
        return Plan(css, width, 8, width - 34, 92)
    return Plan(css, width, 112, width - 70, 74)


def _name(words: str, plan: Plan, y: float) -> str:
    """A lane's name: in one line above it, or in two beside it."""
    room = int((plan.right if plan.narrow else plan.left - 12) / LETTER)
    lines = textwrap.wrap(
        words, room, max_lines=1 if plan.narrow else 2, placeholder="…"
    )
    top = y - 15 * (len(lines) - 1)
    return "".join(
        _text(0, top + 15 * i, line, "t-ink own") for i, line in enumerate(lines)
    )


def _laid(steps: list[Step], axis: Axis, plan: Plan, top: float) -> str:
    """A stone for each step, the newest teal; words where they find room."""
    y, parts, free = top + 16, [], plan.width
    ordered = sorted(steps, key=lambda step: step.day)
    for index in reversed(range(len(ordered))):
        newest = index == len(ordered) - 1
        x = axis.x(ordered[index].day)
        path = stone_path(index, x, y, 29, 16.5)
        kind = "new" if newest else rock(index)
        parts.append(f'<g class="cairn">{_path(kind, path)}</g>')
        words = ordered[index].words
        half = len(words) * LETTER / 2
        middle = min(x, plan.width - half)
        if middle + half <= free and middle - half >= plan.left - 8:
            parts.append(_text(middle, top, words, "halo own", "middle"))
            free = middle - half - 12
    return "".join(parts)


def _lane(lane: Lane, axis: Axis, plan: Plan, floor: float) -> str:
    """One goal: its name, its ground, and a line once there are three ratings."""
    name_y = floor - SPAN - 12 if plan.narrow else floor - 22
    body = _name(lane.label, plan, name_y)
    body += _path("grid", f"M{plan.left} {n(floor)}H{plan.right}")
    if not lane.voices:
        return body + _text(plan.left + 8, floor - 8, _("No rating yet"))
    first_y = None
    for voice in lane.voices:
        places = [(axis.x(p.day), floor - p.value * SPAN / 10) for p in voice.points]
        if len(places) < ENOUGH:
            body += _early(places, 24, plan.right, voice.second)
        elif voice.second:
            body += _second(places, voice.points, first_y)
        else:
            body += _in_lane(places, voice.points, plan)
        first_y = places[-1][1]
    return body


def _in_lane(places, points, plan: Plan) -> str:
    (x0, y0), (x1, y1) = places[0], places[-1]
    start = (x0, y0 - 7, "middle") if plan.narrow else (x0 - 7, y0 + 4, "end")
    return (
        _line(places)
        + _text(*start[:2], points[0].value, "halo", start[2])
        + _circle("dot last", x1, y1, 3.6)
        + _text(x1 + 8, y1 + 5, points[-1].value, "t-val halo")
    )


def _journey_at(plan, label, lanes, steps, sessions, start, today) -> SafeString:
    axis = Axis(start, today, plan.left + 22 * (not plan.narrow) + 7, plan.right - 22)
    y, body = 18, ""
    if steps:
        body += _text(0, 18 if plan.narrow else 29, _("Steps reached"), "t-ink")
        top = 46 if plan.narrow else 18
        body += _laid(steps, axis, plan, top)
        y = top + 28
    floor = y
    for lane in lanes:
        floor = floor + plan.pitch
        body += _lane(lane, axis, plan, floor)
    name, line = (floor + 32, floor + 46) if plan.narrow else (floor + 39, floor + 32)
    body += _text(0, name, _("Sessions"), "t-ink")
    body += _path("axis", f"M{plan.left} {line}H{plan.right}")
    body += _ticks(sessions, axis, line, 8) + _months(axis, line + 24)
    if not plan.narrow:
        body += _text(axis.x(today) + 6, line + 12, _("today"), "t-teal")
    now = _path("grid", f"M{n(axis.x(today))} 24V{n(line)}")
    return _svg(plan.css, plan.width, line + 30, label, now + body)


def journey(
    lanes: list[Lane],
    *,
    today: date,
    steps: list[Step] = (),
    sessions: list[Session] = (),
) -> Chart:
    """Goals as lanes, steps as stones and sessions as ticks, on one time axis."""
    steps, sessions = list(steps), list(sessions)
    days = [p.day for lane in lanes for p in (*lane.points, *lane.second)]
    days += [s.day for s in steps] + [s.day for s in sessions]
    start = min([*days, today - timedelta(days=28)])
    words = " ".join(_journey_words(lanes, steps, sessions, today))
    drawn = [
        _journey_at(_plan(css, width), words, lanes, steps, sessions, start, today)
        for css, width in JOURNEY_WIDTHS.items()
    ]
    return Chart(
        svg=mark_safe("".join(drawn)) if days else mark_safe(""),
        words=words,
        rows=_journey_rows(lanes, steps, today),
        early=all(
            len(voice.points) < ENOUGH for lane in lanes for voice in lane.voices
        ),
        key=_key(_all_voices(lanes)),
    )


def _all_voices(lanes: list[Lane]) -> list[Voice]:
    """Of each side that rated any of them, one."""
    found = {voice.second: voice for lane in lanes for voice in lane.voices}
    return [found[second] for second in sorted(found)]


def _journey_words(lanes, steps, sessions, today):
    """Whole sentences: one a goal, one for steps, one for sessions."""
    for lane in lanes:
        yield _("%(name)s: %(words)s") % {
            "name": lane.label,
            "words": voices_in_words(lane.voices, today),
        }
    if steps:
        yield ngettext(
            "%(count)s step reached.", "%(count)s steps reached.", len(steps)
        ) % {"count": len(steps)}
    held = sum(not session.missed for session in sessions)
    if held:
        yield ngettext("%(count)s session.", "%(count)s sessions.", held) % {
            "count": held
        }


def _journey_rows(lanes, steps, today) -> list[Row]:
    found = [
        (point.day, lane.label, _by(point.value, voice.name))
        for lane in lanes
        for voice in lane.voices
        for point in voice.points
    ]
    found += [(step.day, step.words, _("Step reached")) for step in steps]
    found.sort(key=lambda event: event[0], reverse=True)
    return [
        Row(_short(day, today), day.isoformat(), value, words)
        for day, words, value in found
    ]


def _by(value: int, name: str) -> int | str:
    return _("%(value)s, %(name)s") % {"value": value, "name": name} if name else value
