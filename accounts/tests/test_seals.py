"""Nobody can change the audit log undetected, not even the superuser."""

import logging
import threading
import time
from contextlib import ExitStack, contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts import audit, seals
from accounts.models import AuditEvent, AuditSeal
from conftest import as_role
from database.identity import acting_as
from therapy import tasks

pytestmark = [pytest.mark.requirement("R17"), pytest.mark.django_db(transaction=True)]


def note(by, verb="opened", **detail):
    with acting_as(by.pk), transaction.atomic():
        audit.record(verb, **detail)


def seal():
    """Repeat until every row is sealed: other databases' transactions delay it."""
    sealed, until = 0, time.monotonic() + 60
    newest = AuditEvent.objects.latest("pk").pk
    while time.monotonic() < until:
        with as_role("cairn_worker"):
            sealed += seals.seal()
        if AuditSeal.objects.filter(last_event__gte=newest).exists():
            return sealed
        time.sleep(0.05)
    raise AssertionError("not sealed within a minute")


def with_rows():
    """The seals that contain rows; others only record a position."""
    return AuditSeal.objects.filter(events__gt=0).order_by("pk")


def verify(anchor=()):
    with as_role("cairn_worker"):
        return seals.first_fault(anchor)


def tamper(statement, *values):
    """As the superuser, bypassing every trigger."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET session_replication_role = DEFAULT")


@pytest.fixture
def sealed(thea):
    """Two seals of three rows each."""
    for _seal in range(2):
        for number in range(3):
            note(thea, number=number)
        seal()
    assert verify() is None
    return list(AuditEvent.objects.order_by("pk"))


def rehash(pk):
    tamper("UPDATE accounts_auditevent e SET row_hash = app.audit_hash(e)"
           " WHERE id = %s", pk)  # fmt: skip


def test_a_changed_row_is_reported(sealed):
    victim = sealed[1]
    tamper("UPDATE accounts_auditevent SET verb = 'waved' WHERE id = %s", victim.pk)
    assert str(verify()) == f"Row {victim.pk} was changed after it was written."


def test_a_row_changed_together_with_its_hash_breaks_its_seal(sealed):
    tamper("UPDATE accounts_auditevent SET verb = 'x' WHERE id = %s", sealed[-1].pk)
    rehash(sealed[-1].pk)
    newest = with_rows().last().pk
    wanted = f"The rows of seal {newest} are not those that were sealed."
    assert str(verify()) == wanted


def test_a_removed_row_is_reported(sealed):
    tamper("DELETE FROM accounts_auditevent WHERE id = %s", sealed[0].pk)
    assert verify().what == "count"


def test_a_removed_row_is_reported_where_the_count_was_adjusted_too(sealed):
    first = with_rows().first().pk
    tamper("DELETE FROM accounts_auditevent WHERE id = %s", sealed[0].pk)
    tamper("UPDATE accounts_auditseal SET events = events - 1 WHERE id = %s", first)
    assert (verify().what, verify().seal) == ("batch", first)


def test_a_row_inserted_later_is_reported(sealed, thea):
    with transaction.atomic(), acting_as(thea.pk):
        audit.record("opened")
        transaction.set_rollback(True)
    note(thea)
    seal()
    gap = AuditEvent.objects.latest("pk").pk - 1
    tamper("INSERT INTO accounts_auditevent (id, at, role, verb, kind, reason, detail)"
           " VALUES (%s, now(), '', 'waved', '', '', '{}')", gap)  # fmt: skip
    rehash(gap)
    assert verify().what == "count"


def test_a_rewritten_seal_breaks_the_chain_after_it(sealed):
    first = with_rows().first().pk
    tamper("DELETE FROM accounts_auditevent WHERE id = %s", sealed[0].pk)
    tamper("UPDATE accounts_auditseal s SET events = events - 1, hash = app.seal_hash("
           " previous, id, first_event, last_event, events - 1, at, (SELECT string_agg("
           " row_hash, '' ORDER BY id) FROM accounts_auditevent WHERE id BETWEEN"
           " s.first_event AND s.last_event)) WHERE id = %s", first)  # fmt: skip
    assert (verify().what, verify().seal) == ("chain", first + 1)


def test_a_removed_seal_is_reported(sealed):
    first = with_rows().first().pk
    tamper("DELETE FROM accounts_auditseal WHERE id = %s", first)
    assert str(verify()) == f"Seal {first} is missing."


def logged(caplog):
    return [record.getMessage() for record in caplog.records
            if record.name == "cairn.seals"]  # fmt: skip


def test_a_truncated_end_is_detected_only_with_the_logged_seals(thea, caplog, tmp_path):
    caplog.set_level(logging.INFO, "cairn.seals")
    for _seal in range(2):
        note(thea)
        seal()
    newest = with_rows().last()
    tamper("DELETE FROM accounts_auditevent WHERE id >= %s", newest.first_event)
    tamper("DELETE FROM accounts_auditseal WHERE id >= %s", newest.pk)
    assert verify() is None
    anchor = tmp_path / "seals.log"
    anchor.write_text("\n".join(logged(caplog)))
    with as_role("cairn_worker"), pytest.raises(CommandError, match="cut off") as end:
        call_command("verify_audit", anchor=anchor)
    assert end.value.returncode == 1


def test_a_rewritten_log_does_not_match_the_logged_seals(sealed):
    line = "seal 2 of events 1 to 9, sha256 " + "0" * 64
    assert str(verify([line])) == "Seal 2 is not the one that was logged."


def test_an_empty_anchor_is_an_error(sealed, tmp_path):
    empty = tmp_path / "seals.log"
    empty.write_text("nothing here")
    with as_role("cairn_worker"), pytest.raises(CommandError, match="no line"):
        call_command("verify_audit", anchor=empty)


def test_the_logged_seal_is_not_masked():
    from therapy.logs import mask

    line = seals.LINE % (7, 1, 20, "ab" * 32)
    assert mask(line) == line
    assert seals.LOGGED.search(f"2026-11-25 12:00:00 INFO cairn.seals {line}")


def test_another_time_zone_and_date_style_cause_no_false_alarm(sealed):
    with connection.cursor() as cursor:
        cursor.execute("SET timezone = 'Pacific/Auckland'")
        cursor.execute("SET datestyle = 'SQL, DMY'")
        try:
            assert verify() is None
        finally:
            cursor.execute("RESET timezone")
            cursor.execute("RESET datestyle")


def test_rows_older_than_the_seals_are_sealed_too(thea):
    note(thea)
    tamper("UPDATE accounts_auditevent SET row_hash = NULL")
    assert seal() == 1
    assert verify() is None
    tamper("UPDATE accounts_auditevent SET verb = 'waved'")
    assert verify().what == "batch"


def test_rows_of_an_open_transaction_wait_for_a_later_seal(thea, live_thread):
    note(thea)
    wrote, may_end = threading.Event(), threading.Event()

    def slow():
        with acting_as(thea.pk), transaction.atomic():
            audit.record("opened", number=1)
            wrote.set()
            may_end.wait(10)

    with live_thread(slow):
        wrote.wait(10)
        note(thea, number=2)  # given a higher number, and committed first
        with as_role("cairn_worker"):
            seals.seal()
        assert not with_rows().exists()
        may_end.set()
    assert seal() == 3
    assert verify() is None


def test_sealing_proceeds_while_some_transaction_is_always_open(thea, live_thread):
    """Each run finds another transaction open and seals what the last run found."""
    running = [open_transaction(thea, live_thread)]
    for _turn in range(3):
        running.append(open_transaction(thea, live_thread))
        with as_role("cairn_worker"):
            seals.seal()
        running.pop(0).close()
    until = time.monotonic() + 60
    while not with_rows().exists() and time.monotonic() < until:
        running.append(open_transaction(thea, live_thread))
        running.pop(0).close()
        with as_role("cairn_worker"):
            seals.seal()
    assert with_rows().exists()
    running.pop().close()
    seal()
    assert verify() is None


def open_transaction(by, live_thread):
    """A transaction that wrote a row and stays open until it is closed."""
    wrote, may_end, stack = threading.Event(), threading.Event(), ExitStack()

    def busy():
        with acting_as(by.pk), transaction.atomic():
            audit.record("opened")
            wrote.set()
            may_end.wait(20)

    stack.enter_context(live_thread(busy))
    stack.callback(may_end.set)  # runs first
    wrote.wait(10)
    return stack


def test_writers_do_not_wait_for_the_sealing(thea, live_thread):
    note(thea)
    sealing, may_end = threading.Event(), threading.Event()

    def slow_seal():
        with as_role("cairn_worker"), transaction.atomic(), connection.cursor() as c:
            c.execute("SELECT app.seal()")
            sealing.set()
            may_end.wait(10)

    with live_thread(slow_seal):
        sealing.wait(10)
        began = time.monotonic()
        note(thea)
        with as_role("cairn_worker"):
            assert seals.seal() == 0  # a second sealer leaves it to the first
        assert time.monotonic() - began < 8  # else it waited for the other
        may_end.set()
    assert verify() is None


@pytest.fixture
def live_thread():
    @contextmanager
    def running(work):
        def whole():
            try:
                work()
            finally:
                connection.close()

        thread = threading.Thread(target=whole)
        thread.start()
        try:
            yield
        finally:
            thread.join(15)

    return running


def test_the_tick_seals_and_a_fault_in_it_stops_no_email(thea, monkeypatch, caplog):
    note(thea)
    posted = []
    monkeypatch.setattr(tasks, "plan_and_send", lambda: posted.append(True))
    with as_role("cairn_worker"):
        tasks.tick()
    assert AuditSeal.objects.exists()
    seal()
    with connection.cursor() as cursor:
        cursor.execute("REVOKE EXECUTE ON FUNCTION app.seal() FROM cairn_worker")
    note(thea)
    try:
        with as_role("cairn_worker"):
            tasks.tick()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("GRANT EXECUTE ON FUNCTION app.seal() TO cairn_worker")
    assert len(posted) == 2
    assert "could not be sealed" in caplog.text
