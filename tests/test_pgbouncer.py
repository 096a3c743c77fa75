"""PgBouncer in transaction mode in front: many people on two connections never mix."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from accounts.models import Heartbeat
from clients.models import Client
from ops.place import free_port, wait_until
from ops.pytest_database import cluster
from tests.test_upgrade import BASE
from tests.under_load import Load

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(
        not PGBOUNCER and not os.environ.get("CI"),
        reason="pgbouncer is not installed (apt-get install pgbouncer)",
    ),
]
SETTINGS = """
[databases]
* = host={host} port=5432
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
default_pool_size = 2
max_client_conn = 200
"""


@pytest.fixture
def bouncer(transactional_db, tmp_path):
    """Its port.  It runs as who runs PostgreSQL: neither wants to be root."""
    folder, port = tmp_path / "pgbouncer", free_port(16432)
    folder.mkdir()
    for path in (folder, *folder.parents):
        if path != Path("/tmp") and str(path).startswith("/tmp/"):
            path.chmod(0o755)
    users = folder / "users.txt"
    users.write_text(
        "".join(f'"{role}" "{cluster.password}"\n'
                for role in ("cairn_web", "cairn_worker"))
    )  # fmt: skip
    text = SETTINGS.format(host=cluster.sockets, port=port, users=users)
    (folder / "pgbouncer.ini").write_text(text)
    log = (folder / "log").open("ab")
    process = subprocess.Popen(
        [PGBOUNCER, str(folder / "pgbouncer.ini")],
        stdout=log, stderr=log, **cluster.identity,
    )  # fmt: skip
    time.sleep(0.5)
    assert process.poll() is None, (folder / "log").read_text()
    yield port
    process.terminate()
    process.wait(20)
    log.close()


@pytest.fixture
def environment(bouncer, tmp_path):
    def url(role):
        name = connection.settings_dict["NAME"]
        return (
            f"postgresql://{role}:{quote(cluster.password)}@127.0.0.1:{bouncer}/{name}"
        )

    env = os.environ | {
        "STATIC_ROOT": str(tmp_path / "static"),
        "DATABASE_URL": url("cairn_web"),
        "BIND": f"127.0.0.1:{free_port(18600)}",
    }
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"]
    subprocess.run(command, cwd=BASE, env=env, check=True)
    env["WORKER_DATABASE_URL"] = url("cairn_worker")
    return env


@pytest.fixture
def web(environment, tmp_path):
    with (tmp_path / "web.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "python:therapy.gunicorn",
             "therapy.wsgi"],
            cwd=BASE, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
        port = int(environment["BIND"].rpartition(":")[2])
        ready = Load(port, "")
        wait_until(lambda: ready.ask("GET", "/healthz").status == 200, 60, "the web")
        yield port
        process.terminate()
        process.wait(30)


def looks_at_home(port, session, own, others, faults, rounds=25):
    import http.client

    for _ in range(rounds):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        line.request("GET", "/caseload/", headers={"Cookie": f"sessionid={session}"})
        page = line.getresponse().read().decode()
        line.close()
        if own not in page or others in page:
            faults.append(page[:200])


@pytest.mark.requirement("R1", "R58")
def test_two_therapists_on_shared_connections_see_their_own(
    web, sign_in, thea, theo, cleo, carl
):
    faults, threads = [], []
    for person, own, others in ((thea, "Cleo", "Carl"), (theo, "Carl", "Cleo")):
        session = sign_in(person).cookies["sessionid"].value
        for _ in range(3):
            work = (web, session, own, others, faults)
            threads.append(threading.Thread(target=looks_at_home, args=work))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


SAY = """
import django
django.setup()
from django.db import connection
connection.ensure_connection()
print(connection.prepared)
"""


def test_no_plan_is_kept_on_a_connection_that_others_share(environment):
    env = environment | {"DJANGO_SETTINGS_MODULE": "therapy.settings"}
    said = subprocess.run(
        [sys.executable, "-c", SAY], cwd=BASE, env=env, capture_output=True, text=True
    )
    assert said.stdout == "None\n", said.stderr


def test_writes_go_through_it_and_so_does_the_minute(web, environment, sign_in, thea):
    session = sign_in(thea).cookies["sessionid"].value
    with Load(web, session) as load:
        load.wait_for(60)
    assert load.failed == []
    kept = set(Client.objects.values_list("preferred_name", flat=True))
    assert kept == load.acknowledged
    tick = "import django; django.setup(); from therapy.tasks import tick; tick()"
    env = environment | {"DATABASE_URL": environment["WORKER_DATABASE_URL"],
                         "DJANGO_SETTINGS_MODULE": "therapy.settings"}  # fmt: skip
    subprocess.run([sys.executable, "-c", tick], cwd=BASE, env=env, check=True)
    assert Heartbeat.is_recent()
