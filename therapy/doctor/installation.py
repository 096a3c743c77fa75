"""How this installation is set up: packages, settings, migrations, static files."""

from __future__ import annotations

import platform
import re
import zoneinfo
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http.request import validate_host

from therapy.doctor.finding import Finding, ok, wrong
from therapy.monitoring.pulse import rows

PINNED = re.compile(r"^([a-z0-9][\w.-]*)(?:\[[\w,]+\])?==(\S+)", re.I | re.M)


def python() -> Iterator[Finding]:
    others = [*_not_as_pinned()]
    if others:
        yield wrong(
            "packages",
            f"{', '.join(others)}: different from requirements.txt. pip install "
            "--require-hashes -r requirements.txt",
        )
    else:
        yield ok(
            "packages",
            f"Python {platform.python_version()}, Django {version('django')}, all as "
            "requirements.txt pins them",
        )


def _not_as_pinned() -> Iterator[str]:
    for name, wanted in PINNED.findall(
        (settings.BASE / "requirements.txt").read_text()
    ):
        try:
            found = version(name)
        except PackageNotFoundError:
            continue  # for another platform, or the program would not have started
        if found != wanted:
            yield f"{name} {found}"


def migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        names = ", ".join(f"{each.app_label} {each.name}" for each, _ in plan[:3])
        yield wrong(
            "schema",
            f"{len(plan)} migrations are not applied ({names}): python manage.py "
            "migrate, as docs/operate.md says under Upgrade.",
        )
        return
    yield ok("schema", "every migration is applied")


PEOPLE_IN_ZONES = "SELECT zone, times FROM app.time_zones_used() ORDER BY 1"


def time_zones() -> Iterator[Finding]:
    """An old name of a zone may be gone after the system's next update."""
    unknown = [
        (name, number)
        for name, number in rows(PEOPLE_IN_ZONES)
        if name not in zoneinfo.available_timezones()
    ]
    for name, number in unknown:
        yield wrong(
            "zones",
            f"{name} is not a time zone on this system, and {number} people or "
            "practices use it: their times are shown for their practice, or for UTC. "
            "Install the tzdata package, or ask them to choose another.",
        )
    if not unknown:
        yield ok("zones", "every time zone in use is known")


def deployment() -> Iterator[Finding]:
    if settings.DEMO:
        yield wrong(
            "settings",
            "DEMO=1: public passwords, http, no two-step verification. Never use it "
            "on a real server.",
        )
        return
    found = checks.run_checks(include_deployment_checks=True)
    faults = [each for each in found if not each.is_silenced()]
    faults = [each for each in faults if each.level >= checks.WARNING]
    yield from (wrong("settings", f"{each.id}: {each.msg}") for each in faults)
    if not faults:
        yield ok("settings", "check --deploy finds nothing")


def addresses() -> Iterator[Finding]:
    host = urlsplit(settings.SITE_URL).hostname or ""
    if "*" in settings.ALLOWED_HOSTS:
        yield wrong("address", "ALLOWED_HOSTS is *: name the hosts one by one.")
    elif not validate_host(host, settings.ALLOWED_HOSTS):
        yield wrong(
            "address",
            f"links in emails lead to {host}, which is not in ALLOWED_HOSTS: they "
            "return 400.",
        )
    elif not (settings.TRUST_PROXY or settings.DEMO):
        yield wrong(
            "address",
            "TRUST_PROXY is not 1: behind the TLS proxy every page redirects to "
            "itself, and every visitor seems to come from the proxy. See "
            "deploy/nginx.conf.",
        )
    else:
        yield ok("address", settings.SITE_URL)


def static_files() -> Iterator[Finding]:
    root = Path(settings.STATIC_ROOT)
    if (root / "staticfiles.json").exists():
        yield ok("static", f"collected in {root}")
    else:
        yield wrong("static", f"{root} is empty: run manage.py collectstatic.")
