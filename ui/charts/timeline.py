"""A client's timeline: goals as lanes, steps as stones, on one time axis."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ui.charts.axis import Axis, SessionMark, months, ticks
from ui.charts.chart import Chart, TableRow
from ui.charts.ratings import early, key_of, second_series
from ui.charts.stones import rock, stone_path
from ui.charts.svg import LETTER, svg_circle, svg_line, svg_path, svg_picture, svg_text
from ui.charts.svg import number as n
from ui.charts.words import ENOUGH, Point, Voice, short_day, voices_in_words, voices_of

WIDTHS = {"wide": 1200, "mid": 704, "narrow": 358}
SPAN = 52  # px from 0 to 10 in a lane


@dataclass(frozen=True)
class Lane:
    """A goal on the timeline: its short name and its ratings by side."""

    label: str
    points: list[Point]
    second: list[Point] = field(default_factory=list)
    names: tuple[str, str] = ("", "")
    # for each side, whether earlier ratings are left out
    is_cut: tuple[bool, bool] = (False, False)
    changed: date | None = None  # since when it has this wording

    @property
    def voices(self) -> list[Voice]:
        return voices_of(self.points, self.second, self.names, self.is_cut)


@dataclass(frozen=True)
class ReachedStep:
    """A reached step with its text."""

    words: str
    day: date


@dataclass(frozen=True)
class Plan:
    """The layout for one width: names beside the lanes, or above them."""

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
    """A lane's name: on one line above it, or on two beside it."""
    room = int((plan.right if plan.narrow else plan.left - 12) / LETTER)
    lines = textwrap.wrap(
        words, room, max_lines=1 if plan.narrow else 2, placeholder="…"
    )
    top = y - 15 * (len(lines) - 1)
    return "".join(
        svg_text(0, top + 15 * i, line, "t-ink own") for i, line in enumerate(lines)
    )


def _laid(steps: list[ReachedStep], axis: Axis, plan: Plan, top: float) -> str:
    """A stone for each step, the newest teal; with text where it fits."""
    y, parts, free = top + 16, [], plan.width
    ordered = sorted(steps, key=lambda step: step.day)
    for index in reversed(range(len(ordered))):
        newest = index == len(ordered) - 1
        x = axis.x(ordered[index].day)
        path = stone_path(index, x, y, 29, 16.5)
        kind = "new" if newest else rock(index)
        parts.append(f'<g class="cairn">{svg_path(kind, path)}</g>')
        words = ordered[index].words
        half = len(words) * LETTER / 2
        middle = min(x, plan.width - half)
        if middle + half <= free and middle - half >= plan.left - 8:
            parts.append(svg_text(middle, top, words, "halo own", "middle"))
            free = middle - half - 12
    return "".join(parts)


def _lane(lane: Lane, axis: Axis, plan: Plan, floor: float) -> str:
    """One goal: name, background, and a line if there are three ratings."""
    name_y = floor - SPAN - 12 if plan.narrow else floor - 22
    body = _name(lane.label, plan, name_y)
    body += svg_path("grid", f"M{plan.left} {n(floor)}H{plan.right}")
    if not lane.voices:
        return body + svg_text(plan.left + 8, floor - 8, _("No rating yet"))
    if lane.changed:
        x, top = axis.x(lane.changed), floor - SPAN
        body += svg_path("mark", f"M{n(x)} {n(top)}V{n(floor)}")
    first_y = None
    for voice in lane.voices:
        places = [(axis.x(p.day), floor - p.value * SPAN / 10) for p in voice.daily]
        if len(places) < ENOUGH:
            body += early(places, 24, plan.right, voice.second, wants=not voice.is_cut)
        elif voice.second:
            body += second_series(places, voice.daily, first_y)
        else:
            body += _in_lane(places, voice.daily, plan)
        first_y = places[-1][1]
    return body


def _in_lane(places, points, plan: Plan) -> str:
    (x0, y0), (x1, y1) = places[0], places[-1]
    start = (x0, y0 - 7, "middle") if plan.narrow else (x0 - 7, y0 + 4, "end")
    return (
        svg_line(places)
        + svg_text(*start[:2], points[0].value, "halo", start[2])
        + svg_circle("dot last", x1, y1, 3.6)
        + svg_text(x1 + 8, y1 + 5, points[-1].value, "t-val halo")
    )


def _timeline_at(plan, label, lanes, steps, sessions, start, today) -> SafeString:
    axis = Axis(start, today, plan.left + 22 * (not plan.narrow) + 7, plan.right - 22)
    y, body = 18, ""
    if steps:
        body += svg_text(0, 18 if plan.narrow else 29, _("Steps reached"), "t-ink")
        top = 46 if plan.narrow else 18
        body += _laid(steps, axis, plan, top)
        y = top + 28
    floor = y
    for lane in lanes:
        floor = floor + plan.pitch
        body += _lane(lane, axis, plan, floor)
    name, line = (floor + 32, floor + 46) if plan.narrow else (floor + 39, floor + 32)
    body += svg_text(0, name, _("Sessions"), "t-ink")
    body += svg_path("axis", f"M{plan.left} {line}H{plan.right}")
    body += ticks(sessions, axis, line, 8) + months(axis, line + 24)
    if not plan.narrow:
        body += svg_text(axis.x(today) + 6, line + 12, _("today"), "t-teal")
    now = svg_path("grid", f"M{n(axis.x(today))} 24V{n(line)}")
    return svg_picture(plan.css, plan.width, line + 30, label, now + body)


def timeline_chart(
    lanes: list[Lane],
    *,
    today: date,
    steps: list[ReachedStep] = (),
    sessions: list[SessionMark] = (),
) -> Chart:
    """Goals as lanes, steps as stones and sessions as ticks, on one time axis."""
    steps, sessions = list(steps), list(sessions)
    days = [p.day for lane in lanes for p in (*lane.points, *lane.second)]
    days += [s.day for s in steps] + [s.day for s in sessions]
    start = min([*days, today - timedelta(days=28)])
    words = " ".join(_in_sentences(lanes, steps, sessions, today))
    drawn = [
        _timeline_at(_plan(css, width), words, lanes, steps, sessions, start, today)
        for css, width in WIDTHS.items()
    ]
    return Chart(
        svg=mark_safe("".join(drawn)) if days else mark_safe(""),
        words=words,
        rows=_table_rows(lanes, steps, today),
        early=all(voice.is_early for lane in lanes for voice in lane.voices),
        key=key_of(_all_voices(lanes)),
    )


def _all_voices(lanes: list[Lane]) -> list[Voice]:
    """One of each side that rated any of them."""
    found = {voice.second: voice for lane in lanes for voice in lane.voices}
    return [found[second] for second in sorted(found)]


def _in_sentences(lanes, steps, sessions, today):
    """The text alternative: one sentence per goal, one for steps, one for sessions."""
    for lane in lanes:
        yield _("%(name)s: %(words)s") % {
            "name": lane.label,
            "words": voices_in_words(lane.voices, today),
        }
        if lane.changed:
            since = short_day(lane.changed, today)
            yield _("New wording since %(day)s.") % {"day": since}
    if steps:
        yield ngettext(
            "%(count)s step reached.", "%(count)s steps reached.", len(steps)
        ) % {"count": len(steps)}
    held = sum(not session.missed for session in sessions)
    if held:
        yield ngettext("%(count)s session.", "%(count)s sessions.", held) % {
            "count": held
        }


def _table_rows(lanes, steps, today) -> list[TableRow]:
    found = [
        (point.day, lane.label, _by(point.value, voice.name))
        for lane in lanes
        for voice in lane.voices
        for point in voice.points
    ]
    found += [(step.day, step.words, _("Step reached")) for step in steps]
    found.sort(key=lambda event: event[0], reverse=True)
    return [
        TableRow(short_day(day, today), day.isoformat(), value, words)
        for day, words, value in found
    ]


def _by(value: int, name: str) -> int | str:
    return _("%(value)s, %(name)s") % {"value": value, "name": name} if name else value
