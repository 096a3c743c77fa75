"""Parts die, a disk is full: 503 for a moment, back by itself, nothing lost.

Each write that was acknowledged is read back afterwards, from the database itself.
"""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psycopg2
import pytest

from ops.place import free_port, wait_until
from tests import full_disk
from tests.test_start import health, pid_of, start
from tests.under_load import FORM, TOKEN, Load

pytestmark = pytest.mark.services
SECONDS = 15  # to be back after anything; most are back within two or three


@pytest.fixture(scope="module")
def var():
    folder = Path(tempfile.mkdtemp(prefix="cairn-chaos-"))
    folder.chmod(0o755)  # PostgreSQL runs as somebody else where we are root
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def disk():
    if not full_disk.can_be_asked():
        yield None
        return
    with full_disk.Disk() as disk:
        yield disk


@pytest.fixture(scope="module")
def cairn(var, disk):
    process = start(var, disk=disk, PORT=str(free_port(18400)), TICK_SECONDS="1")
    if disk:
        disk.hold()
    state = var / "running.json"
    wait_until(state.exists, 90, "./start", process)
    process.env = json.loads(state.read_text())["env"]
    process.port = urlsplit(process.env["SITE_URL"]).port
    yield process
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


@pytest.fixture(scope="module")
def session(cairn):
    said = {"login": "thea@cairn.example", "password": "demo-demo-demo"}
    line = http.client.HTTPConnection("127.0.0.1", cairn.port, timeout=30)
    line.request(
        "POST", "/sign-in/", urlencode(said), FORM | {"Cookie": f"csrftoken={TOKEN}"}
    )
    answer = line.getresponse()
    assert answer.status == 302
    cookies = " ".join(answer.headers.get_all("Set-Cookie"))
    line.close()
    return re.search(r"sessionid=(\w+)", cookies)[1]


def as_superuser(cairn, statement):
    url = re.sub("//[a-z_]+:", "//postgres:", cairn.env["DATABASE_URL"])
    opened = psycopg2.connect(url)
    opened.autocommit = True
    with opened.cursor() as cursor:
        cursor.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
    opened.close()
    return rows


def children_of(pid):
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True
    )
    return [int(line) for line in found.stdout.split()]


def postgres_dies(cairn, var):
    os.kill(pid_of(cairn, "postgres"), signal.SIGKILL)


def postgres_is_restarted(cairn, var):
    os.kill(pid_of(cairn, "postgres"), signal.SIGINT)


def all_connections_are_ended(cairn, var):
    as_superuser(
        cairn,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = 'cairn'",
    )


def redis_is_stopped_and_emptied(cairn, var):
    os.kill(pid_of(cairn, "-server "), signal.SIGKILL)
    for folder in (var / "redis").glob("appendonly*"):
        shutil.rmtree(folder)


def a_web_worker_dies(cairn, var):
    os.kill(children_of(pid_of(cairn, "gunicorn"))[0], signal.SIGKILL)


def a_celery_worker_dies(cairn, var):
    for pid in children_of(pid_of(cairn, "celery -A therapy worker")):
        os.kill(pid, signal.SIGKILL)


WITHOUT_A_DATABASE = [postgres_dies, postgres_is_restarted, all_connections_are_ended]
HAPPENINGS = [*WITHOUT_A_DATABASE, redis_is_stopped_and_emptied, a_web_worker_dies,
              a_celery_worker_dies]  # fmt: skip


@pytest.mark.requirement("R21")
@pytest.mark.parametrize("happens", HAPPENINGS, ids=lambda happens: happens.__name__)
def test_it_is_back_by_itself_and_nothing_acknowledged_is_lost(
    cairn, var, session, happens
):
    with Load(cairn.port, session) as load:
        load.wait_for(15)
        happens(cairn, var)
        at = time.monotonic()
        time.sleep(1)
        load.wait_for(15, SECONDS)
        back = time.monotonic() - at
    # Who was with a web worker that is killed hears nothing; a proxy would say 502.
    most = len(load.threads) if happens is a_web_worker_dies else 0
    refused = only_refused(load, var, most)
    if happens not in WITHOUT_A_DATABASE:
        assert refused == []
    all_acknowledged_is_kept(cairn, load)
    print(f"{happens.__name__}: back after {back:.1f} s, {len(refused)} answers 503")


def the_disk_is_full(cairn, load):
    """For tables and what belongs to them: what needs room fails, the rest goes on."""


def the_disk_is_full_for_the_log_too(cairn, load):
    """PostgreSQL ends itself, and cannot come back before there is room."""
    with suppress(psycopg2.OperationalError):
        while True:  # until none is left of the files that it had made before
            as_superuser(
                cairn,
                "SELECT pg_logical_emit_message(false, 'chaos', 'x'), pg_switch_wal()",
            )


@pytest.mark.requirement("R21")
@pytest.mark.parametrize(
    "happens",
    [the_disk_is_full, the_disk_is_full_for_the_log_too],
    ids=lambda happens: happens.__name__,
)
def test_a_full_disk_refuses_what_needs_room_and_loses_nothing(
    cairn, var, disk, session, happens
):
    if not disk:
        pytest.skip("this kernel does not ask us about writes (seccomp)")
    with Load(cairn.port, session) as load:
        load.wait_for(15)
        disk.full.set()
        try:
            happens(cairn, load)
            wait_until(lambda: load.failed, 60, "what needs room")
            well = load.well
            time.sleep(3)
            meanwhile = load.well - well
        finally:
            disk.full.clear()
        written, at = len(load.acknowledged), time.monotonic()
        wait_until(lambda: len(load.acknowledged) > written + 5, SECONDS, "a writer")
        back = time.monotonic() - at
        load.wait_for(15)
    refused = only_refused(load, var)
    if happens is the_disk_is_full:
        assert meanwhile > 0  # what needs no room
    all_acknowledged_is_kept(cairn, load)
    print(f"{happens.__name__}: back after {back:.1f} s, {len(refused)} answers 503")


def only_refused(load, var, broken=0):
    """Nothing but 503 came, and when to come back; hardly anybody heard nothing."""
    broke = [told for told in load.failed if told.status is None]
    refused = [told for told in load.failed if told.status is not None]
    assert len(broke) <= broken, broke
    said = {(told.status, told.retry_after) for told in refused}
    assert said <= {(503, "5")}, what_broke(var)
    return refused


def what_broke(var):
    """The log's story of the first page that was 500."""
    log = (var / "log" / "web.log").read_text()
    return log.partition(" accounts.errors broken ")[2][:9000]


def all_acknowledged_is_kept(cairn, load):
    """The worker is there again as well."""
    rows = as_superuser(cairn, "SELECT preferred_name FROM clients_client")
    kept = {name for (name,) in rows if name.startswith("Load ")}
    assert load.acknowledged <= kept
    as_superuser(
        cairn,
        "UPDATE clients_client SET preferred_name = 'Before'"
        " WHERE preferred_name LIKE 'Load %' RETURNING 1",
    )
    ticked = time.time()
    wait_until(
        lambda: (health(cairn).get("tick") or 0) > ticked, 30, "the worker after it"
    )
