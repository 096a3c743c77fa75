"""What stands around the program: clock, broker, worker, mail server, disks."""

from __future__ import annotations

import re
import shutil
import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import redis
from celery import current_app
from django.conf import settings
from django.core.mail import get_connection
from django.db import connection

from therapy.doctor.finding import Finding, ok, unseen, wrong
from therapy.monitoring.pulse import pulse, redis_client, rows
from ui import time_zones

DRIFT = 5  # seconds; codes from an app forgive thirty
OLDEST_REDIS = (6,)
LATE = 15 * 60  # seconds that an email may be late
LEAST_SPACE = 2 * 1024**3  # bytes
PROCESSES = Path("/proc")
PATIENCE = 2  # seconds for a worker to answer


def clock() -> Iterator[Finding]:
    before = time.time()
    now = pulse().now.timestamp()
    drift = now - (before + time.time()) / 2
    if abs(drift) > DRIFT:
        yield wrong(
            "time",
            f"the database's clock is off by {drift:+.0f} seconds: codes and "
            "leases depend on it. Synchronize both (timedatectl set-ntp true).",
        )
    else:
        yield ok("time", f"the database's clock agrees within {abs(drift):.1f} s")


def broker() -> Iterator[Finding]:
    try:
        with redis_client() as client:
            version = client.info("server")["redis_version"]
            policy = _what_it_does_when_full(client)
    except (redis.RedisError, OSError) as error:
        yield wrong(
            "queue",
            f"Redis does not answer ({str(error).splitlines()[0]}): pages work, and "
            "emails wait for `manage.py send_due`. Start it, or fix REDIS_URL.",
        )
        return
    if tuple(map(int, version.split(".")[:1])) < OLDEST_REDIS:
        yield wrong("queue", f"Redis {version} is too old: Cairn needs 6 or newer.")
        return
    if policy not in (None, "noeviction"):
        yield wrong(
            "queue",
            f"Redis drops tasks when it is full (maxmemory-policy {policy}): set "
            "noeviction in redis.conf.",
        )
        return
    yield ok("queue", f"Redis {version} answers")
    yield _worker_that_answers()


def _what_it_does_when_full(client) -> str | None:
    try:
        return client.config_get("maxmemory-policy").get("maxmemory-policy")
    except redis.ResponseError:
        return None  # somebody else's Redis, who keeps its settings to themselves


def _worker_that_answers() -> Finding:
    found = current_app.control.ping(timeout=PATIENCE)
    if found:
        return ok("queue", f"{len(found)} worker answers")
    return wrong(
        "queue",
        "no worker answers: check systemctl status cairn-worker. A busy worker "
        "may not answer either; then try again.",
    )


def worker() -> Iterator[Finding]:
    now = pulse()
    if now.is_ticking:
        age = now.age(now.tick)
        yield ok("tick", f"the worker last ran {age:.0f} seconds ago")
        return
    said = f"at {now.tick:%Y-%m-%d %H:%M} UTC" if now.tick else "never"
    yield wrong(
        "tick",
        f"the worker last ran {said}: nothing is planned, sent or sealed. "
        "systemctl status cairn-beat cairn-worker.",
    )


def emails() -> Iterator[Finding]:
    now = pulse()
    if now.halted:
        yield wrong(
            "emails",
            "a backup was restored, and no emails are sent until you run "
            "manage.py lift_halt. docs/operate.md, Restore.",
        )
    [(refused,)] = rows("SELECT app.refused_by_relay()")
    if refused:
        yield wrong(
            "emails",
            f"{refused} are waiting because the mail server refuses to relay them "
            "(relay or policy, 5.7.x): check EMAIL_URL's user, the sender's domain "
            "(SPF, DKIM) and the relay's own log. docs/email.md.",
        )
    late = now.age(now.oldest_unsent) or 0
    if late > LATE:
        yield wrong(
            "emails",
            f"the oldest has waited {late / 60:.0f} minutes: see the mail line below, "
            "and the worker's log. docs/email.md.",
        )
    elif not now.halted and not refused:
        yield ok("emails", "none is late")


def known_time_zones() -> Iterator[Finding]:
    """Names that nobody knows (any more), and those that PostgreSQL does not know."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT zone, times FROM app.time_zones_used()")
        used = dict(cursor.fetchall())
    unknown = sum(n for name, n in used.items() if time_zones.canonical(name) is None)
    if unknown:
        yield wrong(
            "zones",
            f"{unknown} people or practices have an unknown time zone. People see "
            "their practice's time and a notice; they can choose another in settings.",
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names")
        known = {name for (name,) in cursor.fetchall()}
    missing = sorted({time_zones.resolve(name).key for name in used} - known)
    if missing:
        yield wrong(
            "zones",
            f"PostgreSQL does not know {', '.join(missing)}: update its tzdata.",
        )
    if not unknown and not missing:
        yield ok("zones", "all known")


def mail() -> Iterator[Finding]:
    """Connects as an email would, and sends none."""
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    backend = get_connection("django.core.mail.backends.smtp.EmailBackend")
    try:
        backend.open()
    except smtplib.SMTPAuthenticationError:
        yield wrong("mail", f"{where} rejects the user or password of EMAIL_URL.")
    except smtplib.SMTPNotSupportedError as error:
        yield wrong("mail", f"{where} does not offer what EMAIL_URL asks for: {error}.")
    except ssl.SSLError as error:
        yield wrong(
            "mail",
            f"the certificate of {where} is not valid ({error.reason}): EMAIL_URL "
            "must use the name it was issued for.",
        )
    except (OSError, smtplib.SMTPException) as error:
        yield wrong(
            "mail", f"{where} does not answer ({error}): emails wait. See EMAIL_URL."
        )
    else:
        yield _mail_as_it_is(where)
    finally:
        with suppress(OSError):
            backend.close()


def _mail_as_it_is(where: str) -> Finding:
    secure = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    if not secure and not is_here(settings.EMAIL_HOST):
        return wrong(
            "mail",
            f"emails are sent to {where} unencrypted: start EMAIL_URL with smtp+tls:// "
            "or smtps://.",
        )
    how = "with TLS" if secure else "on this machine"
    how += ", and accepts our password" if settings.EMAIL_HOST_USER else ""
    return ok("mail", f"{where} answers {how}; nothing was sent")


def data_directory() -> Path | None:
    """Where the server keeps its data; None where it runs on another machine.

    PostgreSQL tells that to superusers alone.  The command line of the server's first
    process names it, and that of each connection is a child of it.
    """
    if not is_here(connection.settings_dict.get("HOST") or ""):
        return None
    [(backend,)] = rows("SELECT pg_backend_pid()")
    try:
        if not (PROCESSES / f"{backend}/cmdline").read_bytes().startswith(b"postgres:"):
            return None  # numbered in another container
        status = (PROCESSES / f"{backend}/status").read_text()
        parent = re.search(r"(?m)^PPid:\s+(\d+)", status)[1]
        words = (PROCESSES / f"{parent}/cmdline").read_bytes().decode().split("\0")
        folder = Path(words[words.index("-D") + 1])
        return folder if folder.is_absolute() and folder.exists() else None
    except (OSError, ValueError, IndexError, TypeError, UnicodeDecodeError):
        return None


def is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in ("localhost", "") or host.startswith("/")


def disk() -> Iterator[Finding]:
    folders = {settings.BASE: "the program"}
    data = data_directory()
    if data:
        folders[data] = "the database"
    for folder, what in folders.items():
        free = shutil.disk_usage(folder).free
        said = f"{free / 1024**3:.1f} GB are free for {what} ({folder})"
        yield (
            ok("disk", said)
            if free > LEAST_SPACE
            else wrong("disk", f"only {said}: make room before PostgreSQL stops.")
        )
    if not data:
        [(size,)] = rows("SELECT pg_database_size(current_database())")
        yield unseen(
            "disk",
            f"the database uses {size / 1024**2:.0f} MB; run df -h on its machine "
            "to see how much is free.",
        )
