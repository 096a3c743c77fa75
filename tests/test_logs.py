import io
import logging

import pytest

from therapy.logs import MaskingFormatter, mask

ROW = "/clients/0190a6b0-1111-7222-8333-123456789abc/goals/"


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("GET /join/s3cret/ 200", "GET /join/*** 200"),
        ("Not Found: /reset/s3cret?x=1", "Not Found: /reset/***"),
        (
            "GET /password/reset/key/4-s3cret/",
            "GET /password/reset/***",
        ),
        ("GET /feed/s3cret.ics 200", "GET /feed/*** 200"),
        ("GET /elsewhere/0123456789abcdefghijklmnop/ 200", "GET /elsewhere/***/ 200"),
        ("GET /goals/?q=Cleo+sleeps 200", "GET /goals/ 200"),
        ("no mail to cleo@cairn.example", "no mail to ***@***"),
        ("DETAIL:  Key (email)=(cleo) already exists.", "DETAIL: ***"),
        (f"GET {ROW} 200", f"GET {ROW} 200"),
    ],
)
def test_a_log_line_keeps_no_secret_and_no_name(line, kept):
    assert mask(line) == kept


def test_tracebacks_are_masked_too():
    log, out = logging.Logger("x"), io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(MaskingFormatter())
    log.addHandler(handler)
    try:
        raise ValueError("cleo@cairn.example cannot be read")
    except ValueError:
        log.exception("Error handling request %s", "/join/s3cret/?a=b")
    assert "cleo" not in out.getvalue()
    assert "s3cret" not in out.getvalue()
    assert "ValueError" in out.getvalue()


def line_of(text, *args):
    record = logging.LogRecord("x", logging.INFO, "", 0, text, args, None)
    return MaskingFormatter().format(record)


@pytest.mark.requirement("R18")
@pytest.mark.parametrize("end", ["\r\n", "\n", "\x0b", "\x1b[2J", "\u2028", "\x85"])
def test_what_somebody_typed_begins_no_line_of_its_own(end):
    line = line_of("failed sign-in of %s", f"a{end}2026-11-25 INFO admin ok")
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line


@pytest.mark.requirement("R18")
def test_a_masked_detail_stays_masked_in_one_line():
    assert "cleo" not in line_of("failed\nDETAIL:  Key (email)=(cleo) exists.")


@pytest.mark.requirement("R19")
def test_logs_are_in_utc(monkeypatch):
    record = logging.LogRecord("x", logging.INFO, "", 0, "x", (), None)
    record.created, record.msecs = 0, 0
    assert MaskingFormatter().format(record).startswith("1970-01-01 00:00:00.000Z")


@pytest.mark.requirement("R19")
def test_every_moment_is_kept_with_its_zone(db):
    from django.conf import settings
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public'"
            " AND data_type = 'timestamp without time zone'"
        )
        assert not cursor.fetchall()
        cursor.execute("SHOW timezone")
        assert cursor.fetchone() == ("UTC",)
    assert settings.CELERY_ENABLE_UTC
