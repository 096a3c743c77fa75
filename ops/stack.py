"""The parts of Cairn (services, web, worker, beat): start, restart and stop."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import defaultdict, deque
from urllib.parse import urlsplit

import psycopg2

from ops import place, redis
from ops.keys import secrets_of
from ops.pg import Cluster
from ops.place import BASE, VAR

# Producers of work stop before consumers, and both before the services they need.
STOP_ORDER = (("beat", "worker", "web", "mail"), ("redis",))
TOO_OFTEN = 5  # deaths of one part ...
WITHIN = 30  # ... in so many seconds, and we give up
ROLES = {
    "web": "DATABASE_URL",
    "owner": "MIGRATE_DATABASE_URL",
    "worker": "WORKER_DATABASE_URL",
}
WRONG_SETTING = "django.core.exceptions.ImproperlyConfigured: "
BEGAN = float(os.environ.get("STARTED_AT") or time.time())
# All requests go to this machine, so ignore proxies of the environment.
fetch = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def say(*words, file=None) -> None:
    print(f"[{time.time() - BEGAN:5.1f}s]", *words, flush=True, file=file)


def wanted_port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise SystemExit(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def external_databases(env) -> dict[str, str] | None:
    """The three given URLs, after a check; None if DATABASE_URL is not set."""
    if not env.get("DATABASE_URL"):
        return None
    for name in ROLES.values():
        url = env.get(name)
        if not url:
            raise SystemExit(
                f"DATABASE_URL is set but {name} is not. Cairn needs the URLs of web, "
                "owner and worker. Set all three (see .env.example) or none."
            )
        try:
            if urlsplit(url).scheme not in ("postgresql", "postgres"):
                raise ValueError("it must begin with postgresql://")
            psycopg2.connect(url, connect_timeout=5).close()
        except (psycopg2.Error, ValueError) as error:
            reason = (str(error).strip() or "no answer").splitlines()[0].rstrip(".")
            raise SystemExit(
                f"{name} does not work: {reason}. Correct it, or unset all three "
                "to use the embedded PostgreSQL."
            ) from None
    return {role: env[name] for role, name in ROLES.items()}


class Stack:
    def __init__(self, *, file=None):
        self.file = file  # where to print; None is standard output
        self.env = dict(os.environ, DEMO="1", DJANGO_SETTINGS_MODULE="therapy.settings")
        self.env.setdefault("STATIC_ROOT", str(VAR / "static"))
        self.children: dict[str, tuple[subprocess.Popen, list, dict]] = {}
        self.deaths = defaultdict(lambda: deque(maxlen=TOO_OFTEN))
        self.cluster: Cluster | None = None
        self.urls: dict[str, str] = {}  # role -> database URL
        self.port = wanted_port()

    def say(self, *words) -> None:
        say(*words, file=self.file)

    def spawn(self, name: str, command: list, **extra) -> subprocess.Popen:
        env = {**self.env, **extra}
        process = place.spawn(command, self.log(name), cwd=BASE, env=env)
        self.children[name] = (process, command, extra)
        return process

    def log(self, name: str):
        return VAR / "log" / f"{name}.log"

    def python(self, *arguments) -> list:
        return [sys.executable, "-m", *map(str, arguments)]

    def services(self) -> None:
        self.env |= secrets_of(self.env)
        self.database()
        self.broker()
        self.mail()

    def address(self) -> None:
        wanted, self.port = self.port, place.own_port(self.port)
        if self.port != wanted:
            self.say(f"port {wanted} is in use, using {self.port} instead")

    @property
    def site(self) -> str:
        return f"http://localhost:{self.port}"

    def database(self) -> None:
        """Each process gets the URL of its own role, always under the same name."""
        self.env.setdefault("SITE_URL", self.site)
        self.urls = external_databases(self.env) or self.embedded_databases()
        for name in ROLES.values():
            self.env.pop(name, None)

    def embedded_databases(self) -> dict[str, str]:
        self.cluster = Cluster(VAR / "pg").start()
        self.say("PostgreSQL", self.cluster.version)
        return {role: self.cluster.url(f"cairn_{role}") for role in ROLES}

    def broker(self) -> None:
        if self.env.get("REDIS_URL"):
            return redis.reach(self.env["REDIS_URL"])
        home = VAR / "redis"
        process = self.spawn("redis", redis.command(home))
        place.wait_until(
            lambda: redis.answers(home), 10, "Redis", process, self.log("redis")
        )
        self.env["REDIS_URL"] = redis.url(home)
        self.say("Redis")

    def mail(self) -> None:
        if self.env.get("EMAIL_URL"):
            return
        smtp, web = place.own_port(2525), place.own_port(8025)
        process = self.spawn("mail", self.python("ops.mail", VAR / "mail", smtp, web))
        self.env["EMAIL_URL"] = f"smtp://127.0.0.1:{smtp}"
        self.env["MAIL_PAGE"] = f"http://localhost:{web}"
        place.wait_until(
            lambda: self.answers(self.env["MAIL_PAGE"]),
            20,
            "the test mailbox",
            process,
            self.log("mail"),
        )
        self.say(f"test mailbox (SMTP on port {smtp})")

    def prepare(self) -> None:
        code = self._prepared()
        if code == place.OTHER_GENERATION and self.cluster:
            self.set_aside()
            code = self._prepared()
        if code:
            said = place.last_line(self.log("prepare"))
            if said.startswith(WRONG_SETTING):
                raise SystemExit(said.removeprefix(WRONG_SETTING))
            raise SystemExit(
                f"Migrations, static files or demo data failed: {said.rstrip('.')}. "
                f"See {self.log('prepare')}. Try again with ./start --prepare."
            )
        self.say("migrations, static files, demo data")

    def _prepared(self) -> int:
        """The exit code of ops.prepare; its output is in the log."""
        env = {**self.env, "DATABASE_URL": self.urls["owner"]}
        command = self.python("ops.prepare", "--demo")
        with place.open_log(self.log("prepare"), "wb") as log:
            return subprocess.run(
                command, cwd=BASE, env=env, stdout=log, stderr=log
            ).returncode

    def set_aside(self) -> None:
        """Move away demo data whose tables were rewritten; embedded database only."""
        self.cluster.stop()
        aside = place.unused(VAR / "pg-of-an-earlier-version")
        (VAR / "pg").rename(aside)
        self.say(f"The demo data is from an earlier version and was moved to {aside}.")
        self.urls = self.embedded_databases()

    def web(self) -> None:
        command = self.python(
            "gunicorn", "-c", "python:therapy.gunicorn", "therapy.wsgi"
        )
        process = self.spawn(
            "web",
            command,
            DATABASE_URL=self.urls["web"],
            BIND=f"127.0.0.1:{self.port}",
        )
        place.wait_until(self.health, 60, "the web server", process, self.log("web"))

    def tasks(self) -> None:
        worker = {"DATABASE_URL": self.urls["worker"]}
        celery = self.python("celery", "-A", "therapy")
        self.spawn(
            "worker", [*celery, "worker", "-c", "2", "--loglevel", "INFO"], **worker
        )
        self.spawn(
            "beat", [*celery, "beat", "--loglevel", "INFO", "--pidfile="], **worker
        )

    @staticmethod
    def answers(address: str) -> bool:
        try:
            return fetch(address, timeout=2).status == 200
        except OSError:
            return False

    def health(self) -> dict | None:
        try:
            with fetch(f"{self.site}/healthz", timeout=2) as answer:
                return json.load(answer)
        except (OSError, ValueError):
            return None

    def command_environment(self) -> dict[str, str]:
        """The variables with which a joined command finds the services."""
        urls = {name: self.urls[role] for role, name in ROLES.items()}
        if self.cluster:
            urls["BACKUP_DATABASE_URL"] = self.cluster.url("cairn_backup")
        names = ("SECRET_KEY", "MASTER_KEY", "REDIS_URL", "EMAIL_URL", "MAIL_PAGE")
        names += ("SITE_URL", "STATIC_ROOT", "DEMO", "DJANGO_SETTINGS_MODULE")
        names += ("OLD_MASTER_KEYS",)
        return {name: self.env[name] for name in names if name in self.env} | urls

    def revive(self) -> None:
        """Restart parts that died, on their old ports; called a few times a second."""
        for name, (process, command, extra) in list(self.children.items()):
            if process.poll() is not None:
                self.note_death(name, process.returncode, self.log(name))
                time.sleep(1)
                self.spawn(name, command, **extra)
        if self.cluster and self.cluster.server.poll() is not None:
            code = self.cluster.server.returncode
            self.note_death("PostgreSQL", code, self.cluster.log)
            self.launch_again()

    def launch_again(self) -> None:
        """Restart PostgreSQL; on a full disk, retry until there is space."""
        try:
            self.cluster.launch()
        except SystemExit as error:
            self.say(error)
            if os.strerror(errno.ENOSPC) in str(error):
                self.deaths["PostgreSQL"].clear()
            time.sleep(2)

    def note_death(self, name: str, code: int, log) -> None:
        self.say(f"{name} ended (exit code {code}). Restarting it. See {log}")
        times = self.deaths[name]
        times.append(time.monotonic())
        if name == "mail":  # pages work without it, and emails wait
            time.sleep(len(times))
            return
        if len(times) == TOO_OFTEN and times[-1] - times[0] < WITHIN:
            raise SystemExit(f"{name} keeps ending: {place.last_line(log)} See {log}.")

    def stop(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # once is enough
        self.say("stopping")
        for names in STOP_ORDER:
            place.end_all(
                [self.children[name][0] for name in names if name in self.children]
            )
        if self.cluster:
            self.cluster.stop()
        self.say("stopped")
