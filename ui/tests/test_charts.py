from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from ui.charts.axis import SessionMark
from ui.charts.ratings import rating_chart
from ui.charts.spark import sparkline
from ui.charts.timeline import Lane, ReachedStep, timeline_chart
from ui.charts.words import Point, day_of, in_words

TODAY = date(2026, 11, 23)


def points(*values, apart=14):
    start = TODAY - timedelta(days=apart * len(values))
    return [
        Point(start + timedelta(days=apart * i), value)
        for i, value in enumerate(values)
    ]


def parsed(svg):
    return ElementTree.fromstring(f"<all>{svg}</all>")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((), "No rating yet."),
        ((3,), "One rating so far, 3. A line needs ratings on three days."),
        (
            (3, 9),
            "Two ratings so far, 3 and 9. A line needs ratings on three days.",
        ),
        ((2, 2, 2), "At 2 since October."),
        ((2, 3, 5), "From 2 to 5 since October."),
        ((2, 6, 5), "From 2 to 5 since October, high of 6 on Oct 26."),
        ((4, 1, 5), "From 4 to 5 since October, low of 1 on Oct 26."),
        (
            (4, 1, 8, 5),
            "From 4 to 5 since September, high of 8 on Oct 26, low of 1 on Oct 12.",
        ),
    ],
)
def test_the_text_of_ratings_contains_no_praise(values, words):
    assert in_words(points(*values), TODAY) == words


def test_an_old_date_has_its_year():
    assert "since March 2024" in in_words(
        [Point(date(2024, 3, 1), 1), *points(2, 3)], TODAY
    )


@pytest.mark.parametrize("count", [1, 2])
def test_there_is_no_line_below_three_ratings(count):
    chart = rating_chart(points(3, 4)[:count], today=TODAY)
    assert chart.early
    assert 'class="line"' not in chart.svg
    assert chart.svg.count('class="want"') == 3 * (3 - count)


def test_three_widths_each_have_their_sentence():
    drawn = parsed(rating_chart(points(3, 4, 5), today=TODAY, name="Sleep").svg)
    assert [svg.get("class") for svg in drawn] == ["wide", "mid", "narrow"]
    assert {svg.get("aria-label") for svg in drawn} == {
        "Sleep. From 3 to 5 since October."
    }


def test_text_that_a_person_wrote_is_escaped():
    lane = Lane("<script>", points(1, 2, 3))
    chart = timeline_chart([lane], today=TODAY, steps=[ReachedStep("a & <b>", TODAY)])
    assert "<script>" not in chart.svg and "<b>" not in chart.svg
    parsed(chart.svg)


def test_a_chart_without_data_is_only_text():
    chart = rating_chart([], today=TODAY)
    assert (chart.svg, chart.rows, chart.words) == ("", [], "No rating yet.")
    assert timeline_chart([], today=TODAY).svg == ""


def test_ratings_of_a_single_day_are_drawn():
    same = [Point(TODAY, value) for value in (1, 2, 3)]
    parsed(rating_chart(same, today=TODAY, sessions=[SessionMark(TODAY)]).svg)


def test_the_table_names_the_version_in_effect():
    chart = rating_chart(
        points(2, 3, 4), today=TODAY, versions=[(1, date(2026, 10, 12))]
    )
    assert [row.note for row in chart.rows] == [1, 1, "1, agreed that day"]


def test_ten_years_of_weeks_stay_small():
    weeks = points(*(i % 11 for i in range(520)), apart=7)
    sessions = [SessionMark(point.day) for point in weeks]
    chart = rating_chart(weeks, today=TODAY, sessions=sessions)
    assert len(chart.svg) < 150_000
    parsed(chart.svg)


def test_a_sparkline_needs_three_ratings():
    assert sparkline([]) == ""
    assert sparkline([3]).count('class="want"') == 2
    assert "<path" in sparkline([0, 10, 5])


def test_a_late_evening_belongs_to_the_readers_date():
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert day_of(late, ZoneInfo("Europe/Berlin")) == date(2026, 11, 24)
    assert day_of(TODAY) == TODAY
