"""The rating chart of one goal in the PDF."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils.translation import gettext, ngettext

from goals.models.content import Side
from goals.voices import BOTH
from transfer.export.paper import LINE, MUTED, STONE
from transfer.export.read import Record, Row
from ui.charts.words import ENOUGH, last_of_each_day


def daily(rows: list[Row], day: Callable) -> list[Row]:
    """The last rating of each day, as in the charts on pages."""
    return last_of_each_day(rows, lambda row: day(row["at"]))


def is_enough(rows: list[Row], day: Callable) -> bool:
    """Whether one side rated on enough days for a trend."""
    return len(daily(rows, day)) >= ENOUGH


def in_words(rows: list[Row], day: Callable, since: datetime | None) -> str:
    """The first and latest rating with dates, whether it is too early for a trend, and
    how many were given before the current wording of `since`."""
    first, last = daily(rows, day)[0], rows[-1]
    said = f"{first['value']} ({day(first['at'])})"
    if first is not last:
        said += f" → {last['value']} ({day(last['at'])})"
    if not is_enough(rows, day):
        said += f", {gettext('too early to say')}"
    before = [row for row in rows if since and row["at"] < since]
    if before:
        many = {"many": len(before)}
        said += f". {gettext('For an earlier wording: %(many)s') % many}"
    return said


def draw_ratings(drawing, goal: Row, since: datetime | None) -> None:
    """The chart, a line of text for each side, and comments on ratings; `since`: when
    the goal got its current wording."""
    rows = drawing.record.of("ratings", goal_id=goal["id"], removed_at=None)
    if not rows:
        return
    given = [(side, [r for r in rows if r["side"] == side]) for side in BOTH]
    if drawn := [side for side, some in given if is_enough(some, drawing.day)]:
        rating_chart(drawing.paper, rows, drawn)
    for side, some in given:
        if some:
            drawing.paper.text_of(_series(drawing, side, some, since))
    for row in rows:
        if row["word"] or row["context"]:
            words = " – ".join(filter(None, [row["word"], row["context"]]))
            said = f"{row['value']}: {words} ({drawing.signed(row)})"
            drawing.paper.text_of(said, size=8.5, after=0)


def _series(drawing, side: str, rows: list[Row], since: datetime | None) -> str:
    """One side's ratings as one line: number, first, latest."""
    many = ngettext("%(n)s rating", "%(n)s ratings", len(rows)) % {"n": len(rows)}
    mark = {Side.CLIENT: "●", Side.THERAPIST: "■"}[side]
    line = f"{mark} {_whose(drawing.record, side, rows)}, {many}: "
    line += in_words(rows, drawing.day, since)
    listed = sum(row["from_list"] for row in rows)
    if 0 < listed < len(rows):
        said = gettext("From an imported list: %(many)s") % {"many": listed}
        line += f". {said}"
    both = sum(row["together"] for row in rows)
    if both:
        said = ngettext(
            "%(n)s of them chosen together", "%(n)s of them chosen together", both
        )
        line += f". {said % {'n': both}}"
    return line


def _whose(record: Record, side: str, rows: list[Row]) -> str:
    """The client's name; every therapist who rated; or that they were imported."""
    if all(row["from_list"] for row in rows):
        return gettext("From an imported list")
    if side == Side.CLIENT:
        return str(record.person["preferred_name"])
    given = [row for row in rows if not row["from_list"]]
    return ", ".join(dict.fromkeys(str(row["by"]) for row in given))


def rating_chart(paper, rows: list[Row], drawn: list[str]) -> None:
    """0 to 10 over time: lines for the sides in `drawn`, else only points; the client's
    points are round, the therapist's line is dashed with square ones."""
    height = 24
    paper.room(height + 6)
    left, top, width = paper.l_margin + 6, paper.get_y() + 2, paper.epw - 8
    begin, end = rows[0]["at"], rows[-1]["at"]
    whole = max((end - begin).total_seconds(), 1)

    def place(row):
        return (
            left + width * (row["at"] - begin).total_seconds() / whole,
            top + height * (1 - row["value"] / 10),
        )

    paper.set_font("Inter", size=7)
    paper.set_text_color(*MUTED)
    paper.set_draw_color(*LINE)
    paper.set_line_width(0.15)
    for value in (0, 5, 10):
        y = top + height * (1 - value / 10)
        paper.line(left, y, left + width, y)
        paper.text(paper.l_margin, y + 1, str(value))
    paper.set_draw_color(*STONE)
    paper.set_fill_color(*STONE)
    paper.set_line_width(0.4)
    for side in BOTH:
        points = [place(row) for row in rows if row["side"] == side]
        if side == Side.THERAPIST:
            paper.set_draw_color(*MUTED)
            paper.set_fill_color(*MUTED)
            paper.set_dash_pattern(1.2, 0.8)
        if side in drawn:
            paper.polyline(points)
        if len(points) <= 60:
            _points(paper, side, points)
    paper.set_dash_pattern()
    paper.set_y(top + height + 3)


def _points(paper, side: str, points: list[tuple[float, float]]) -> None:
    for x, y in points:
        if side == Side.CLIENT:
            paper.circle(x, y, 0.6, style="F")
        else:
            paper.rect(x - 0.6, y - 0.6, 1.2, 1.2, style="F")
