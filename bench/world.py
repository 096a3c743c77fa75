"""The measured system: PostgreSQL, and web servers for Cairn and the floor."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error

from bench.cpu import of_backends, of_servers
from ops import place
from ops.keys import secrets_of
from ops.pg import Cluster
from ops.place import BASE, VAR
from ops.stack import fetch

OWNER, WEB = "cairn_owner", "cairn_web"
UNCHECKED = "session_replication_role"  # of a row's rules and its foreign keys


class World:
    def __init__(self, clients: int, *, team: bool = False):
        self.clients, self.team = clients, team
        self.servers: list[subprocess.Popen] = []
        self.cluster = Cluster(VAR / "pg")

    def __enter__(self) -> World:
        self.cluster.start()
        self.env = {
            **os.environ,
            **secrets_of(os.environ),
            "DEMO": "1",
            "STATIC_ROOT": str(VAR / "static"),
            "DJANGO_SETTINGS_MODULE": "therapy.settings",
            "DATABASE_URL": self.cluster.url(WEB),
            "EMAIL_URL": "smtp://127.0.0.1:1",  # nobody's: nothing is sent
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "RECORDS_A_MINUTE": "1000000000",  # nobody reads so fast, we do
        }
        try:
            self.prepare()
            self.open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error) -> None:
        place.end_all(self.servers)
        self.cluster.stop()

    def open(self) -> None:
        self.app = self.serve("therapy.wsgi", "healthz")
        self.floor = self.serve("bench.floor.wsgi", "")

    def prepare(self) -> None:
        as_owner = {"DATABASE_URL": self.cluster.url(OWNER)}
        self.run("-m", "ops.prepare", **as_owner)
        self.as_superuser(f"GRANT SET ON PARAMETER {UNCHECKED} TO {OWNER}")
        team = ["--team"] if self.team else []
        self.run("manage.py", "seed_scale", f"--clients={self.clients}", *team,
                 out=sys.stderr, **as_owner)  # fmt: skip
        self.as_superuser(f"CREATE SCHEMA IF NOT EXISTS floor AUTHORIZATION {WEB}")
        said = self.run("-m", "bench.floor.make", DATABASE_URL=self.cluster.url(WEB))
        self.floor_session, self.floor_client = said.split()

    def run(self, *command: str, out=subprocess.PIPE, **env: str) -> str:
        made = subprocess.run(
            [sys.executable, *command], cwd=BASE, env=self.env | env, text=True,
            stdout=out, check=True,
        )  # fmt: skip
        return made.stdout

    def as_superuser(self, statement: str, *values) -> list:
        connection = self.cluster.connect("cairn")
        with connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            rows = cursor.fetchall() if cursor.description else []
        connection.close()
        return rows

    def serve(self, application: str, asked: str) -> Server:
        port = place.free_port(8400)
        command = ["gunicorn", "-c", "python:therapy.gunicorn", application]
        log = VAR / "log" / f"{application}.log"
        env = self.env | {"BIND": f"127.0.0.1:{port}", "PYTHONPATH": str(BASE)}
        process = place.spawn([sys.executable, "-m", *command], log, cwd=BASE, env=env)
        self.servers.append(process)
        address = f"http://127.0.0.1:{port}/{asked}"
        place.wait_until(lambda: answers(address), 60, application, process, log)
        return Server(port, process, self.cluster)


class Server:
    def __init__(self, port: int, process: subprocess.Popen, cluster: Cluster):
        self.port, self.process, self.cluster = port, process, cluster

    def cpu(self) -> tuple[dict[int, float], dict[int, float]]:
        """Seconds that each of its processes and of PostgreSQL's backends has used."""
        return of_servers(self.process.pid), of_backends(self.cluster.server.pid)


def answers(address: str) -> bool:
    try:
        fetch(address, timeout=2)
    except urllib.error.HTTPError:
        return True  # the floor's answer to a stranger
    except OSError:
        return False
    return True
