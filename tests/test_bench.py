"""What the bench reads of processor time and memory, and how it asks."""

import os
import smtplib
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from accounts.models import Practice, SignIn
from appointments.models import TherapySession
from bench.cases import Case, cookie_of, person_at
from bench.cpu import between, of_servers
from bench.emails import taken
from bench.flow import flow
from bench.memory import of_all
from bench.recipients import everybody, session_of_the_week, where_it_is_noon
from clients.models import Client
from digests import schedule
from digests.kinds.client_digest import ClientDigest
from digests.kinds.reminder import LOOK_AHEAD
from goals.models import Goal, GoalRating
from ops.place import end, free_port, wait_until
from therapy.scale.crowd import Crowd
from therapy.scale.measured import CASELOAD, LOGGED

BUSY = "sum(range(3_000_000)); print(flush=True); input()"


def test_a_process_that_ends_makes_a_reading_void_and_none_negative():
    before = {1: 4.0, 2: 9.0}
    assert between(before, {1: 4.5, 2: 9.25}) == 0.75
    assert between(before, {1: 4.5, 2: 9.25, 3: 0.5}) == 1.25
    assert between(before, {1: 4.5, 3: 0.5}) is None


def test_each_process_is_read_by_itself():
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        [(pid, used)] = of_servers(child.pid).items()
        assert pid == child.pid
        assert used > 0
        child.stdin.write(b"\n")


# -- many at once ---------------------------------------------------------------------


class Slow(BaseHTTPRequestHandler):
    """Takes half a second for the first answer, and hangs up after each."""

    asked = 0

    def do_GET(self):
        Slow.asked += 1
        time.sleep(0.5 if Slow.asked == 1 else 0)
        self.send_response(200 if Slow.asked < 4 else 500)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def slow_server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield SimpleNamespace(port=server.server_port, cpu=lambda: ({}, {}))
        server.shutdown()


class Reader:
    number = 0

    def next(self):
        return Case("page", "/")


def test_who_waits_for_a_slow_answer_is_late_with_the_next_question(slow_server):
    found = flow([Reader()], slow_server, lambda number: [0, 0.1, 0.2, 0.3, 9], 1)
    first, second, third = found.of("page")
    assert first >= 500
    assert 400 <= second <= first
    assert 300 <= third <= second
    assert found.errors == ["page: ValueError('page: / returned 500')"]


def test_each_shared_page_is_counted_once():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1) as child:
        rss, pss, own = of_all(os.getpid())
        assert 0 < own <= pss <= rss
        child.communicate(b"\n")


# -- emails --------------------------------------------------------------------------


def test_the_sink_takes_emails_and_says_how_many():
    port = free_port(2700)
    process = subprocess.Popen([sys.executable, "-m", "bench.sink", str(port), "5"])
    try:
        wait_until(lambda: taken(port) == 0, 20, "the sink", process)
        with smtplib.SMTP("127.0.0.1", port) as line:
            for _ in range(2):
                line.sendmail("a@x.test", "b@x.test", "Subject: hello\r\n\r\n.\r\nbye")
        assert taken(port) == 2
    finally:
        end(process)


@pytest.mark.parametrize("hour", range(24))
def test_it_is_noon_where_the_emails_go(hour):
    now = datetime(2026, 11, 25, hour, tzinfo=UTC)
    zone = ZoneInfo(where_it_is_noon(now))
    assert now.astimezone(zone).hour == 12


@pytest.mark.parametrize("day", range(22, 30))
def test_the_week_has_a_session_that_nobody_is_reminded_of(day):
    now = datetime(2026, 11, day, 17, 30, tzinfo=UTC)
    [week] = schedule.weeks(ClientDigest.due, now, timedelta(), UTC)
    at = session_of_the_week(now, "Etc/GMT")
    assert max(week.due_at, week.starts_at) <= at < week.ends_at
    assert not now < at <= now + LOOK_AHEAD


def test_the_crowds_statements_fill_the_tables_as_they_are(db):
    """As bench/run --emails runs them: two therapists, three clients."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in everybody(2, 3):
            cursor.execute(statement)
    assert Client.objects.count() == TherapySession.objects.count() == 3
    assert {client.practice_id for client in Client.objects.all()} == {
        practice.pk for practice in Practice.objects.all()
    }


def test_a_crowd_is_made_as_the_tables_are(transactional_db):
    Crowd(StringIO()).fill(CASELOAD + LOGGED + 4)
    assert Client.objects.count() == 4
    assert Goal.objects.filter(in_force__isnull=False).count() == 8
    assert GoalRating.objects.count() == 8 * 26


def test_the_bench_signs_in_as_the_role_of_the_web(real_login, thea):
    """Nobody who is nobody reads an account: it is found as a visitor finds it."""
    with real_login("cairn_web"):
        found = person_at(thea.email)
        cookie = cookie_of(found)
    assert found == thea
    assert cookie.startswith("sessionid=")
    assert SignIn.objects.filter(user=thea).count() == 1
