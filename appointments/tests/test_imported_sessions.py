"""A session that an import brought has a day and no hour, and waits for no note."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from appointments.models import TherapySession
from conftest import as_role, in_care, person
from goals.tests.test_last_agreed import week_of
from goals.tests.test_one_name import paper
from goals.tests.test_what_is_agreed import text
from tests.cast import as_person, book, hold, write_note
from transfer.export.read import read_record

LIST = "rom an imported list"  # From, from
FIFTY = timedelta(minutes=50)


def imported(cleo, thea, at) -> TherapySession:
    with as_person(thea):
        [session] = TherapySession.import_many([(cleo, at)], FIFTY, by=thea)
    return session


def noon(days):
    """So many days ago, as the import keeps a day without an hour."""
    at = timezone.localtime() - timedelta(days=days)
    return at.replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def session(cleo, thea):
    return imported(cleo, thea, noon(2))


def hourless(page: str) -> bool:
    return "12:00" not in page and "50 minutes" not in page


def test_both_read_that_it_came_from_a_list_and_no_hour(session, cleo, thea, sign_in):
    for who, address in (
        (cleo.user, "/portal/sessions/"),
        (cleo.user, f"/portal/sessions/{session.pk}/"),
        (thea, f"/clients/{cleo.pk}/"),
        (thea, f"/clients/{cleo.pk}/sessions/"),
        (thea, f"/sessions/{session.pk}/"),
    ):
        page = text(sign_in(who).get(address))
        assert LIST in page and hourless(page), address
        assert "No note yet" not in page, address


def test_cleo_reads_no_therapist_whom_the_list_did_not_name(session, cleo, sign_in):
    page = text(sign_in(cleo.user).get(f"/portal/sessions/{session.pk}/"))
    assert "With Thea" not in page and "Thea" not in page.split("Help now")[0]
    assert "Imported without a note." in page


def test_cleos_week_says_so_too(cleo, thea, sign_in):
    imported(cleo, thea, timezone.now() - timedelta(minutes=1))
    page = text(sign_in(cleo.user).get(f"/portal/digest/{week_of(cleo.user).pk}/"))
    assert "Today From an imported list" in page and "With Thea" not in page


def test_who_only_reads_is_told_so_too(session, cleo, practice, sign_in):
    iris = person(practice, "Iris", is_therapist=True)
    in_care(cleo, iris, "supervisor")
    page = text(sign_in(iris).get(f"/sessions/{session.pk}/"))
    assert "Imported without a note." in page
    assert hourless(page) and "No note yet" not in page


def test_the_booking_page_names_the_day_of_the_latest(session, cleo, thea, sign_in):
    page = text(sign_in(thea).get(f"/clients/{cleo.pk}/book/"))
    assert "Latest session:" in page and "12:00." not in page


def test_it_waits_for_no_note(session, cleo, thea, sign_in):
    hold(cleo, thea, days=-1)
    hold(cleo, thea, days=-2, body=None)
    browser = sign_in(thea)
    assert "No note yet" not in text(browser.get("/today/"))
    week = text(browser.get(f"/digest/{week_of(thea).pk}/"))
    assert "Sessions held 3 of 3" in week
    assert "Notes signed 1 of 2" in week


def test_a_note_that_thea_writes_of_it_counts_as_any(session, cleo, thea, sign_in):
    write_note(session, "Copied from paper.", by=thea)
    browser = sign_in(thea)
    assert "Notes signed 1 of 1" in text(browser.get(f"/digest/{week_of(thea).pk}/"))
    for address in ("", "print/", "add/"):
        page = text(browser.get(f"/sessions/{session.pk}/{address}"))
        assert hourless(page) and (LIST in page or address == "add/"), address
    page = text(browser.get(f"/clients/{cleo.pk}/sessions/"))
    assert "Copied from paper." in page and LIST in page


def test_one_of_today_has_no_place_among_the_hours_of_the_day(cleo, thea, sign_in):
    imported(cleo, thea, timezone.now() - timedelta(minutes=1))
    page = text(sign_in(thea).get("/today/"))
    assert "No sessions today." in page and "No note yet" not in page


def test_a_copy_of_the_record_says_so(session, cleo, thea):
    for by in (thea, cleo.user):
        said = paper(cleo, by)
        assert LIST in said and "12:00" not in said
    with as_person(thea):
        [row] = read_record(cleo, thea).tables["sessions"]
    assert row["from_list"]


def test_one_that_was_booked_here_has_its_hour_everywhere(cleo, thea, sign_in):
    session = hold(cleo, thea, at=noon(2))
    assert "12:00" in text(sign_in(cleo.user).get("/portal/sessions/"))
    assert "12:00" in text(sign_in(thea).get(f"/clients/{cleo.pk}/sessions/"))
    assert "12:00" in text(sign_in(thea).get(f"/sessions/{session.pk}/"))
    assert "12:00" in paper(cleo, thea) and LIST not in paper(cleo, thea)


def test_those_imported_before_the_column_are_marked_once(session, cleo, thea):
    """A session is held by being logged, or by an import, which logs nothing."""
    mine = [hold(cleo, thea, days=-9), book(cleo, thea, days=-1), book(cleo, thea)]
    TherapySession.objects.filter(pk=session.pk).update(from_list=False)
    module = import_module("appointments.migrations.0003_from_a_list")
    with as_role("cairn_owner"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(module.MARK)
    found = dict(TherapySession.objects.values_list("pk", "from_list"))
    assert found == {session.pk: True} | dict.fromkeys((one.pk for one in mine), False)
