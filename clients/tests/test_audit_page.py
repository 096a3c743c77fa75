"""Ada reads who did what kind of thing, when and from where, without content."""

import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from accounts import audit, seals
from accounts.models import AuditEvent
from clients import audit_watch, record_rate_limit
from conftest import admit, in_care, person
from database.identity import acting_as
from tests.cast import agreed_goal, book, pinned
from ui.csv_cells import harmless

BASE = Path(__file__).resolve().parent.parent.parent


def lines(answer):
    return answer.context["lines"]


def note(by, verb="opened", **said):
    with acting_as(by.pk), transaction.atomic():
        audit.record(verb, **said)


def test_ada_reads_in_plain_words_who_opened_whose_record(sign_in, ada, thea, cleo):
    goal = agreed_goal(cleo, thea)
    sign_in(thea).get(f"/goals/{goal.pk}/")
    answer = sign_in(ada).get("/audit/")
    opened = next(line for line in lines(answer) if line.what == "A goal")
    assert (opened.who, opened.sort, opened.of) == ("Thea", "Opened", "Cleo Hart")
    assert opened.whence == "127.0.0.1"
    page = answer.content.decode()
    assert "Cleo Hart" in page
    assert "Take the bus" not in page
    assert lines(answer)[0].what == "The access log"


def test_ada_who_becomes_a_therapist_too_still_reads_the_audit_log(sign_in, ada):
    """Found by the scanner: what she did to herself is a line like any other."""
    browser = sign_in(ada)
    assert browser.post(f"/people/{ada.pk}/", {"role": "both"}).status_code == 302
    browser.post(f"/people/{ada.pk}/", {"role": "admin"})
    answer = browser.get("/audit/")
    changed = [line for line in lines(answer) if line.what == "Changed someone’s roles"]
    assert [(line.who, line.of) for line in changed] == [("Ada", "")] * 2
    assert browser.get("/audit/csv/").status_code == 200


def test_a_third_emergency_access_of_one_person_within_a_month_is_flagged(
    sign_in, ada, thea, theo, cleo
):
    browser = sign_in(ada)
    for days in (40, 20, 10, 5):
        assert "No one, in the last 30 days" in browser.get("/audit/").content.decode()
        in_care(cleo, theo, "emergency", begins=-days, ends=4 / 24 - days)
    in_care(cleo, thea, "emergency", begins=-5, ends=4 / 24 - 5)
    page = browser.get("/audit/").content.decode()
    assert "Theo used emergency access 3 times in 30 days" in page
    assert "Thea used" not in page


def test_nobody_but_an_admin_finds_the_audit_log(sign_in, thea, cleo):
    for url in ("/audit/", "/audit/csv/"):
        assert sign_in(thea).get(url).status_code == 404
        assert sign_in(cleo.user).get(url).status_code == 404


@pytest.mark.requirement("R6")
def test_another_practices_lines_are_not_shown(sign_in, ada, thea, cleo):
    from accounts.models import Practice

    elsewhere = Practice.objects.create(name="Elsewhere", slug="elsewhere")
    una = person(elsewhere, "Una", is_admin=True)
    note(una, "signed in")
    assert "Una" not in {line.who for line in lines(sign_in(ada).get("/audit/"))}
    seen = {line.who for line in lines(sign_in(una).get("/audit/"))}
    assert seen == {"Una"}


def test_the_filter_takes_person_kind_client_and_days(
    sign_in, ada, thea, theo, cleo, carl
):
    browser = sign_in(ada)
    sign_in(thea).get(f"/clients/{cleo.pk}/")
    sign_in(theo).get(f"/clients/{carl.pk}/")
    note(thea, "signed in")

    def found(**query):
        answer = browser.get("/audit/", query)
        return {(line.who, line.sort) for line in lines(answer)}

    assert {who for who, _sort in found(who=thea.pk)} == {"Thea"}
    assert found(who=thea.pk, sort="opened") == {("Thea", "Opened")}
    assert {who for who, _sort in found(client="osei", sort="opened")} == {"Theo"}
    today = timezone.localdate()
    assert found(since=today, who=thea.pk, sort="sign-in") == {("Thea", "Sign-in")}
    assert not found(until=today - timedelta(days=1))


@pytest.mark.parametrize(
    "query", ["since=yesterday", "since=2026-11-02&until=2026-11-01", "sort=x", "who=x"]
)
def test_an_invalid_filter_says_so_and_shows_nothing(sign_in, ada, query):
    answer = sign_in(ada).get(f"/audit/?{query}")
    assert answer.status_code == 200
    assert 'class="alert"' in answer.content.decode() or answer.context["form"].errors
    assert not lines(answer)


def test_pages_have_a_hundred_lines_and_cost_the_same_with_five_hundred(
    sign_in, ada, thea, cleo
):
    browser = sign_in(ada)
    one = pinned(browser, "/audit/")
    for _line in range(500):
        note(thea, about=cleo)
    assert pinned(browser, "/audit/") == one <= 9
    answer = browser.get("/audit/?sort=opened&client=cleo&page=2")
    assert len(lines(answer)) == 100
    assert "page=3" in answer.content.decode()
    assert "sort=opened" in answer.content.decode()


def look(by, client, *, at):
    """An opening in the past, as only the superuser can write it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_auditevent (at, practice_id, actor_id, role, verb,"
            " client_id, kind, reason, detail)"
            " VALUES (%s, %s, %s, '', 'opened', %s, 'client', '', '{}')",
            [at, by.practice_id, by.pk, client.pk],
        )


def test_thirty_one_clients_in_an_hour_are_flagged_and_thirty_are_not(
    sign_in, ada, thea
):
    clients = [admit(f"C{number}", by=thea, joined=False) for number in range(31)]
    start = timezone.now() - timedelta(days=1)
    for number, client in enumerate(clients):
        look(thea, client, at=start + timedelta(minutes=number))
        page = sign_in(ada).get("/audit/").content.decode()
        assert ("Thea opened 31 clients within an hour" in page) == (number == 30)


def test_one_client_opened_often_is_not_flagged(ada, thea, cleo):
    for _look in range(40):
        note(thea, about=cleo)
    assert all(one.is_quiet for one in audit_watch.worth_a_question(ada))


@pytest.mark.django_db(transaction=True)
def test_ada_sees_when_the_audit_log_was_sealed(sign_in, ada, thea):
    note(thea)
    seals.seal()  # or only records the position, while another transaction is open
    page = sign_in(ada).get("/audit/").content.decode()
    assert "Last sealed <time" in page


def read(answer):
    return list(csv.reader(io.StringIO(answer.content.decode())))


@pytest.mark.requirement("R45", "R51")
def test_the_file_is_a_download_with_escaped_cells(sign_in, ada, practice, cleo):
    evil = person(practice, "=cmd|' /C calc'!A0", is_therapist=True)
    note(evil, "signed in")
    answer = sign_in(ada).get("/audit/csv/?sort=sign-in")
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Content-Type"].startswith("text/csv")
    rows = read(answer)
    assert rows[0] == ["When", "Who", "Kind", "What", "Client", "From"]
    assert rows[1][0].endswith("+00:00")
    assert "'=cmd|' /C calc'!A0" in {row[1] for row in rows}


@pytest.mark.requirement("R45", "R51")
def test_nor_is_a_cell_a_formula_when_split_at_a_semicolon(sign_in, ada, practice):
    evil = person(practice, "Cleo;=cmd|'/C calc'!A0;x", is_therapist=True)
    note(evil, "signed in")
    answer = sign_in(ada).get("/audit/csv/?sort=sign-in")
    lines = answer.content.decode().splitlines()
    cells = [cell for line in lines for cell in re.split("[,;\t|]", line)]
    assert "'=cmd" in cells
    assert not [cell for cell in cells if cell.strip('" ').startswith("=")]


@pytest.mark.parametrize(
    "cell", ["=1", "+1", "-1", "@x", "\tx", "\r1", '"=1', " =1", "＝1"]
)
def test_no_cell_is_a_formula(cell):
    assert harmless(cell) == f"'{cell}"
    assert harmless("Thea-Marie = 1") == "Thea-Marie = 1"


@pytest.mark.requirement("R39")
def test_exporting_the_audit_log_is_audited_and_requires_reauthentication(sign_in, ada):
    browser = sign_in(ada)
    browser.get("/audit/csv/")
    event = AuditEvent.objects.get(verb="exported audit")
    assert event.actor_id == ada.pk
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        asked = browser.get("/audit/csv/?sort=opened")
    assert asked.url == "/prove/?next=%2Faudit%2Fcsv%2F%3Fsort%3Dopened"
    assert AuditEvent.objects.filter(verb="exported audit").count() == 1


def test_too_many_rows_for_one_file_are_refused_with_a_message(
    sign_in, ada, thea, monkeypatch
):
    from clients import audit_views

    monkeypatch.setattr(audit_views, "A_FILE", 2)
    for _line in range(3):
        note(thea)
    answer = sign_in(ada).get("/audit/csv/", follow=True)
    assert "Choose fewer days" in answer.content.decode()
    assert not AuditEvent.objects.filter(verb="exported audit").exists()


@pytest.mark.requirement("R64")
def test_two_hundred_records_a_minute_can_be_opened_and_the_next_cannot(
    sign_in, ada, thea, cleo, monkeypatch
):
    monkeypatch.setattr(record_rate_limit, "A_MINUTE", 5)
    browser = sign_in(thea)
    for _look in range(5):
        assert browser.get(f"/clients/{cleo.pk}/").status_code == 200
    slow = browser.get(f"/clients/{cleo.pk}/")
    assert slow.status_code == 429
    assert slow["Retry-After"] == "60"
    assert AuditEvent.objects.filter(verb="opened").count() == 5
    assert AuditEvent.objects.get(verb="slowed down").actor_id == thea.pk
    assert (
        "Too many records in a minute" in sign_in(ada).get("/audit/").content.decode()
    )
    assert sign_in(thea).get("/today/").status_code == 200


def test_a_rate_limited_form_shows_its_text_again(sign_in, thea, cleo, monkeypatch):
    session = book(cleo, thea, at=timezone.now())
    browser = sign_in(thea)
    monkeypatch.setattr(record_rate_limit, "A_MINUTE", 0)
    typed = {"part0": "Slept better since Monday.", "practice": "x" * 501}
    slow = browser.post(f"/sessions/{session.pk}/", {**typed, "format": "dap"})
    assert slow.status_code == 429
    assert "Slept better since Monday." in slow.content.decode()


def test_the_rate_is_counted_in_the_statement_that_records_the_look(thea, cleo):
    for look in range(1, 4):
        with acting_as(thea.pk), transaction.atomic():
            assert audit.record_look("opened", about=cleo, role="primary") == look
