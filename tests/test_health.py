"""What a load balancer and the operator's monitoring are told, and nobody else."""

import re
from datetime import timedelta
from ipaddress import ip_network
from unittest.mock import patch

import psycopg2
import pytest
from django.db import (
    DatabaseError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)
from django.utils import timezone

from accounts.models import Heartbeat, OutgoingEmail
from accounts.sessions import SessionStore
from conftest import as_role
from database import identity
from database.identity import acting_as
from digests import send
from therapy.monitoring import health, pulse

HOUR = timedelta(hours=1)
AFAR = "203.0.113.9"
SAMPLE = re.compile(r'cairn_[a-z_]+(?:\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\})? [0-9.]+')


@pytest.fixture
def no_database(transactional_db):
    """Nobody listens there any more; what is open is closed."""
    host = connection.settings_dict["HOST"]
    connection.close()
    connection.settings_dict["HOST"] = "/nowhere"
    yield
    connection.close()
    connection.settings_dict["HOST"] = host


def overdue(person, *, hours):
    now = timezone.now()
    OutgoingEmail.queue(
        person, "reminder", f"{hours}", due_at=now - hours * HOUR, not_after=now + HOUR
    )
    OutgoingEmail.objects.filter(period=f"{hours}").update(created_at=now - 50 * HOUR)


def samples(answer):
    lines = answer.content.decode().splitlines()
    said = [line for line in lines if not line.startswith("#")]
    return dict(line.rsplit(" ", 1) for line in said)


# -- /healthz -------------------------------------------------------------------------


def test_all_is_well_though_redis_is_away(client, db):
    with as_role("cairn_worker"):
        Heartbeat.beat()
    answer = client.get("/healthz")
    assert answer.status_code == 200
    said = answer.json()
    assert said["web"] and said["database"] and said["ticking"]
    assert said["queue"] is False
    assert said["oldest_unsent_seconds"] is None
    assert abs(said["tick"] - timezone.now().timestamp()) < 10


def test_a_worker_that_does_not_tick_is_said_and_stops_nobody(client, db, thea):
    Heartbeat.objects.create(pk=1, at=timezone.now() - HOUR)
    overdue(thea, hours=2)
    overdue(thea, hours=5)
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["ticking"] is False
    assert 5 * 3600 <= answer.json()["oldest_unsent_seconds"] < 5 * 3600 + 60


def test_an_email_of_tomorrow_is_not_late(client, thea):
    overdue(thea, hours=-24)
    assert client.get("/healthz").json()["oldest_unsent_seconds"] is None


def test_an_email_that_was_planned_late_is_late_since_then(client, thea):
    overdue(thea, hours=100)
    OutgoingEmail.objects.update(created_at=timezone.now())
    assert client.get("/healthz").json()["oldest_unsent_seconds"] < 60


def test_an_email_that_is_tried_again_and_again_is_late_all_the_while(client, thea):
    """Each time its due time moves on: it stays the oldest that was not sent."""
    for attempts in (1, 3, 6, 7, 12):
        OutgoingEmail.objects.all().delete()
        overdue(thea, hours=-0.01)
        OutgoingEmail.objects.update(attempts=attempts)
        tried = range(1, attempts + 1)
        waits = [min(send.FIRST_WAIT * 2**n, send.LONGEST_WAIT) for n in tried]
        late = client.get("/healthz").json()["oldest_unsent_seconds"]
        assert late == pytest.approx(sum(waits) - 36, abs=5), attempts


def test_health_costs_one_query_however_many_emails(
    client, thea, django_assert_num_queries
):
    for hours in range(30):
        overdue(thea, hours=hours)
    with django_assert_num_queries(3):  # the transaction of a test has savepoints
        client.get("/healthz")


def test_redis_is_asked_seldom_however_often_we_are(client, db, monkeypatch):
    asked = []
    monkeypatch.setattr(health, "queue", pulse.Queue())
    monkeypatch.setattr(pulse.Queue, "_ask", lambda queue: asked.append(1))
    for _ in range(5):
        client.get("/healthz")
    assert asked == [1]


def test_without_a_database_it_says_so_and_when_to_come_back(client, no_database):
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert answer.json()["database"] is False


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("path", ["/sign-in/", "/today/", "/join/x/"])
def test_without_a_database_a_page_asks_to_come_back(client, no_database, path):
    client.raise_request_exception = False
    client.cookies["sessionid"] = "x" * 32
    answer = client.get(path)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    page = answer.content.decode()
    assert "temporarily unavailable" in page
    assert "nowhere" not in page


@pytest.mark.requirement("R20")
@pytest.mark.parametrize(
    ("raised", "cause", "status"),
    [
        (OperationalError, psycopg2.errors.DiskFull("could not extend file"), 503),
        (DatabaseError, psycopg2.DatabaseError("server closed the connection"), 503),
        (DatabaseError, None, 500),  # Django's own: "did not affect any rows"
        (ProgrammingError, psycopg2.errors.UndefinedTable("no such table"), 500),
    ],
)
def test_what_passes_by_itself_is_told_from_what_is_broken(
    client, db, raised, cause, status
):
    def fail(*args):
        raise raised from cause

    client.raise_request_exception = False
    client.cookies["sessionid"] = "x" * 32
    with patch.object(SessionStore, "load", fail):
        answer = client.get("/today/")
    assert answer.status_code == status
    assert ("Retry-After" in answer) == (status == 503)


def test_every_method_but_looking_is_refused(client, db):
    for path in ("/healthz", "/metrics"):
        assert client.delete(path).status_code == 405


# -- /metrics -------------------------------------------------------------------------


def test_the_operator_reads_how_everything_is(client, thea, sign_in):
    sign_in(thea)
    Heartbeat.objects.create(pk=1, at=timezone.now() - HOUR)
    overdue(thea, hours=2)
    answer = client.get("/metrics")
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    found = samples(answer)
    assert found["cairn_database_up"] == "1"
    assert found["cairn_queue_up"] == "0"
    assert "cairn_queue_length" not in found
    assert float(found["cairn_database_answer_seconds"]) < 1
    assert 3600 <= float(found["cairn_tick_age_seconds"]) < 3660
    assert 7200 <= float(found["cairn_oldest_unsent_seconds"]) < 7260
    assert found['cairn_emails{state="waiting"}'] == "1"
    assert found['cairn_emails{state="failed"}'] == "0"
    assert found["cairn_database_connections_max"] == "60"


def test_only_sign_ins_that_have_not_ended_are_counted(client, thea):
    from accounts.models import SignIn

    for number, hours in enumerate((1, 2, -1)):
        SignIn.objects.create(
            key_hash=str(number) * 64, user=thea, session_data="",
            expire_date=timezone.now() + hours * HOUR,
        )  # fmt: skip
    assert samples(client.get("/metrics"))["cairn_sign_ins_active"] == "2"


def test_every_line_is_as_prometheus_reads_it(client, thea):
    Heartbeat.objects.create(pk=1, at=timezone.now())
    lines = client.get("/metrics").content.decode().splitlines()
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(names) == len(set(names)) >= 12
    for line in lines:
        said = line.startswith(("# HELP cairn_", "# TYPE cairn_"))
        assert said or SAMPLE.fullmatch(line), line


def test_no_name_and_no_practice_stands_in_it(client, thea, cleo):
    overdue(cleo.user, hours=1)
    text = client.get("/metrics").content.decode().lower()
    for word in ("thea", "cleo", "harbour", "@", str(cleo.pk)):
        assert word not in text


def test_without_a_database_the_operator_is_told_just_that(client, no_database):
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert samples(answer)["cairn_database_up"] == "0"


THROUGH_A_PROXY = [
    {"REMOTE_ADDR": AFAR},
    {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": AFAR},
    {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_PROTO": "https"},
    {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_REAL_IP": AFAR},
    {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=127.0.0.1"},
    {"REMOTE_ADDR": "127.0.0.1", "HTTP_VIA": "1.1 proxy"},
    {"REMOTE_ADDR": ""},  # by a socket file: from nowhere that we know
    {"REMOTE_ADDR": "::ffff:203.0.113.9"},
]


@pytest.mark.requirement("R48", "R60")
@pytest.mark.parametrize("how", THROUGH_A_PROXY, ids=str)
def test_everybody_else_finds_what_is_not_there(client, db, how):
    answer, nowhere = client.get("/metrics", **how), client.get("/nowhere", **how)
    assert answer.status_code == nowhere.status_code == 404
    assert answer.content == nowhere.content


@pytest.fixture
def behind_a_proxy(settings):
    settings.TRUST_PROXY = True
    settings.MIDDLEWARE = ["accounts.middleware.ProxyMiddleware", *settings.MIDDLEWARE]
    settings.OPERATOR_NETWORKS = [ip_network("127.0.0.0/8"), ip_network("10.0.0.0/24")]


@pytest.mark.requirement("R48")
@pytest.mark.parametrize(
    ("said", "status"),
    [
        (None, 200),  # straight from this machine
        ("10.0.0.7", 200),
        (AFAR, 404),
        (f"127.0.0.1, {AFAR}", 404),  # what the browser claims stands before
        (f"{AFAR}, 10.0.0.7", 200),
        (f"{AFAR}:4711", 404),  # no address we know: the proxy's own is not theirs
        ("unknown", 404),
        ("", 404),  # a proxy that passes on, and says nothing of whom
    ],
)
def test_behind_the_proxy_the_address_it_saw_counts(
    client, db, behind_a_proxy, said, status
):
    headers = {} if said is None else {"HTTP_X_FORWARDED_FOR": said}
    assert client.get("/metrics", **headers).status_code == status


def test_the_build_is_what_the_operator_calls_it(monkeypatch):
    pulse.build.cache_clear()
    monkeypatch.setenv("BUILD", "2026-11")
    assert pulse.build() == "2026-11"
    pulse.build.cache_clear()
    monkeypatch.delenv("BUILD")
    assert re.fullmatch(r"[0-9a-f]{12}|unknown", pulse.build())
    pulse.build.cache_clear()


def test_a_connection_that_is_hung_up_while_saying_who_asks_is_given_up(
    real_login, thea
):
    """Not left behind in a broken transaction, nor closed with an error of its own."""

    def hang_up(wrapper):
        wrapper.connection.close()
        raise OperationalError("server closed the connection unexpectedly")

    with real_login("cairn_web"), acting_as(thea.pk):
        with (
            patch.object(identity, "tell", hang_up),
            pytest.raises(OperationalError, match="closed the connection"),
            transaction.atomic(),
        ):
            pass
        with transaction.atomic():
            assert pulse.pulse().halted is False
