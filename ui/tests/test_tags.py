from datetime import UTC, date, datetime

import pytest
import time_machine
from django.utils import timezone

from ui.charts.stones import cairn_svg, keys_svg
from ui.templatetags import ui

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def on_tuesday():
    with time_machine.travel(NOON, tick=False), timezone.override("Europe/Berlin"):
        yield


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (datetime(2026, 11, 24, 13, tzinfo=UTC), "Today, 2:00 pm"),
        (datetime(2026, 11, 23, 23, 30, tzinfo=UTC), "Today, 12:30 am"),
        (datetime(2026, 11, 23, 8, tzinfo=UTC), "Yesterday, 9:00 am"),
        (datetime(2026, 11, 25, 8, tzinfo=UTC), "Tomorrow, 9:00 am"),
        (datetime(2026, 11, 20, 20, 40, tzinfo=UTC), "Fri Nov 20, 9:40 pm"),
        (datetime(2025, 11, 20, 20, 40, tzinfo=UTC), "Thu Nov 20, 2025, 9:40 pm"),
    ],
)
def test_a_moment_is_shown_in_the_readers_time_zone(when, words):
    assert f">{words}</time>" in ui.moment(when)


def test_a_moment_has_its_iso_form():
    when = datetime(2026, 11, 20, 20, 40, tzinfo=UTC)
    assert 'datetime="2026-11-20T21:40+01:00"' in ui.moment(when)


def test_within_a_sentence_a_near_day_starts_in_lowercase():
    assert ">today, 1:00 pm<" in ui.moment(NOON, "within")
    assert ">yesterday<" in ui.day(date(2026, 11, 23), "within")


def test_an_empty_value_has_no_date():
    assert ui.moment(None) == ui.day(None) == ui.clock("") == ""


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Thea Lindqvist", "TL"),
        ("Cleo", "C"),
        ("Ana de la Cruz", "AC"),
        ("", ""),
        (None, ""),
    ],
)
def test_initials(name, letters):
    assert ui.initials(name) == letters


def test_the_step_reached_last_is_the_new_stone():
    steps = [
        {"reached": date(2026, 9, 8)},
        {"reached": date(2026, 8, 4)},
        {"reached": 0},
    ]
    drawn = ui.cairn(steps)
    assert drawn.count('class="new"') == drawn.count('class="to-come"') == 1
    assert "2 of 3 steps reached" in drawn


@pytest.mark.parametrize("count", [0, 1, 3, 12])
def test_a_cairn_of_any_height_is_drawn(count):
    drawn = cairn_svg(["laid"] * count, label="<b>")
    assert drawn.count('class="s') == count
    assert "<b>" not in drawn


def test_the_half_of_a_side_that_has_not_agreed_is_apart():
    assert keys_svg(True, False, label="x").count('class="open"') == 1
    assert ui._keys_label(True, True) != ui._keys_label(True, False)


def test_status_has_a_label_and_a_shape():
    drawn = ui.status("off_track")
    assert "Not on track" in drawn and "#s-off" in drawn
