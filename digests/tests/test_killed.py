"""Workers are killed anywhere: nothing is lost, and second copies are rare and
recognizable."""

import os
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import psycopg2
import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Heartbeat, OutgoingEmail
from conftest import url_as
from digests import crash, send
from digests.tests.conftest import HOUR, on_calendar
from ops.mail import Sink
from ops.place import BASE
from therapy import tasks

# Accepted by the mail server, but not committed here.
IN_THE_GAP = {"after_smtp", "in_mark"}
KILLED = -9


def environment(sink):
    return os.environ | {
        "DATABASE_URL": url_as("cairn_worker"),
        "EMAIL_URL": sink.url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "PYTHONPATH": str(BASE),
    }


@pytest.fixture
def sink(tmp_path):
    with Sink(tmp_path / "mail") as sink:
        yield sink


@pytest.fixture
def sender(sink, transactional_db):
    process = subprocess.Popen(
        [sys.executable, "-m", "digests.tests.sender"],
        cwd=BASE,
        env=environment(sink),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def go(*points):
        """Run a sender for each, wait, and return how they ended."""
        process.stdin.write(" ".join(points) + "\n")
        process.stdin.flush()
        return [int(code) for code in process.stdout.readline().split()]

    with process:
        yield go
        process.stdin.close()


def where_it_is_noon():
    """A time zone where it is noon, so that quiet hours never interfere."""
    west = timezone.now().hour - 12
    return f"Etc/GMT{west:+d}" if west else "Etc/GMT"


def in_practice(thea, cleo, in_berlin):
    """A reminder and a digest are due, and two emails are queued."""
    in_berlin(thea, cleo.user, zone=where_it_is_noon())
    on_calendar(cleo, thea, timezone.now() + 23 * HOUR)
    now = timezone.now()
    for person in (thea, cleo.user):
        OutgoingEmail.queue(
            person, "account-exists", "1", due_at=now, not_after=now + HOUR
        )


def leases_end():
    OutgoingEmail.objects.filter(state="sending").update(
        lease_until=timezone.now() - HOUR
    )


def copies(sink):
    return Counter(mail.message_id for mail in sink.messages)


def sent():
    return set(
        OutgoingEmail.objects.filter(state="sent").values_list("message_id", flat=True)
    )


def test_killed_anywhere_nothing_is_lost_and_a_copy_has_the_same_message_id(
    sender, sink, thea, cleo, in_berlin
):
    """Each point on its own day; tables are not emptied in between."""
    in_berlin(thea, cleo.user, zone=where_it_is_noon())
    for number, point in enumerate(crash.POINTS):
        now = timezone.now()
        on_calendar(cleo, thea, now + 20 * HOUR + number * timedelta(minutes=5))
        OutgoingEmail.queue(
            thea, "account-exists", point, due_at=now, not_after=now + HOUR
        )
        before = copies(sink)
        assert sender(point) == [KILLED], point
        leases_end()
        assert sender("-") == [0], point
        extra = sum((copies(sink) - before).values()) - len(copies(sink) - before)
        assert extra == (point in IN_THE_GAP), point
        assert set(copies(sink)) == sent(), point
        open_ones = OutgoingEmail.objects.filter(state__in=["waiting", "sending"])
        assert not open_ones.filter(due_at__lte=timezone.now()).exists(), point
    kinds = Counter(
        OutgoingEmail.objects.filter(state="sent").values_list("kind", flat=True)
    )
    assert kinds["reminder"] == kinds["account-exists"] == len(crash.POINTS)


def test_manage_py_is_killed_after_the_server_accepted_the_email(
    sink, thea, cleo, in_berlin, transactional_db, sender
):
    in_practice(thea, cleo, in_berlin)
    command = [sys.executable, "manage.py", "send_due"]
    env = environment(sink)
    died = subprocess.run(command, cwd=BASE, env=env | {"CRASH_AT": "after_smtp"})
    assert died.returncode == KILLED
    assert len(sink.messages) == 1
    assert sender("-") == [0]  # its lease is still valid
    assert OutgoingEmail.objects.filter(state="sending").exists()
    leases_end()
    assert sender("-") == [0]
    assert sorted(copies(sink).values())[-2:] == [1, 2]
    assert set(copies(sink)) == sent()


def test_three_senders_at_once_send_each_email_once(
    sender, sink, thea, cleo, in_berlin
):
    in_practice(thea, cleo, in_berlin)
    now = timezone.now()
    for number in range(60):
        OutgoingEmail.queue(
            thea, "account-exists", f"n{number}", due_at=now, not_after=now + HOUR
        )
    assert sender("-", "-", "-") == [0, 0, 0]
    assert len(sent()) >= 63
    assert copies(sink) == Counter(sent())


@contextmanager
def another_login(role, *, autocommit=True):
    found = psycopg2.connect(url_as(role))
    found.autocommit = autocommit
    try:
        with found.cursor() as cursor:
            yield cursor
    finally:
        found.close()


def test_two_simultaneous_claims_neither_overlap_nor_wait(real_login, thea):
    now = timezone.now()
    for number in range(5):
        OutgoingEmail.queue(
            thea, "account-exists", f"{number}", due_at=now, not_after=now + HOUR
        )
    values = {"claim": str(uuid4()), "lease": 60, "host": "x", "now": now, "size": 3}
    with (
        real_login("cairn_worker"),
        another_login("cairn_worker", autocommit=False) as other,
    ):
        other.execute(send.CLAIM, values)
        theirs = {str(pk) for (pk,) in other.fetchall()}
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")
        mine = {str(email.pk) for email in send.claim_due(uuid4(), now)}
        other.connection.commit()
        assert (len(theirs), len(mine), theirs & mine) == (3, 2, set())


def test_a_sent_email_is_recorded_though_the_database_disconnects(
    real_login, sink, thea, theo, settings, monkeypatch
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = sink.smtp_port
    now = timezone.now()
    for person in (thea, theo):
        OutgoingEmail.queue(
            person, "account-exists", "1", due_at=now, not_after=now + HOUR
        )

    def hang_up(point):
        if point == "after_smtp":
            with another_login("postgres") as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE usename = 'cairn_worker' AND datname = current_database()"
                )

    monkeypatch.setattr(crash, "here", hang_up)
    with real_login("cairn_worker"):
        assert dict(send.send_due()) == {"sent": 2}
    assert copies(sink) == Counter(sent())
    assert len(sent()) == 2


def test_the_worker_really_logs_in_and_the_heartbeat_is_saved(real_login, thea, cleo):
    with real_login("cairn_worker"):
        tasks.tick()
    assert Heartbeat.is_recent()


def test_a_worker_with_a_fast_clock_steals_no_email(real_login, thea):
    """Leases use the database clock."""
    now = timezone.now()
    OutgoingEmail.queue(thea, "account-exists", "1", due_at=now, not_after=now + HOUR)
    with real_login("cairn_worker"):
        assert send.claim_due(uuid4(), now)
        assert not send.claim_due(uuid4(), now + HOUR / 2)
