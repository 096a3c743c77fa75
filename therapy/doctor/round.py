"""One round through everything; what breaks in one place hides nothing elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import Error, connection

from therapy.doctor import catalogue, installation, keys, proxy, services
from therapy.doctor.finding import Finding, ok, wrong

IN_THE_DATABASE = (
    catalogue.versions,
    catalogue.roles,
    catalogue.row_security,
    catalogue.triggers,
    catalogue.as_released,
    catalogue.connections,
    services.clock,
    installation.migrations,
    installation.time_zones,
    keys.master_key,
    services.worker,
    services.emails,
    services.known_time_zones,
)
ELSEWHERE = (
    installation.python,
    installation.deployment,
    installation.addresses,
    proxy.visitor_address,
    installation.static_files,
    services.broker,
    services.mail,
    services.disk,
)


def examine() -> Iterator[Finding]:
    reached = database()
    yield reached
    checks = ELSEWHERE if reached.is_wrong else IN_THE_DATABASE + ELSEWHERE
    for check in checks:
        yield from _carefully(check)


def database() -> Finding:
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT session_user")
            [who] = cursor.fetchone()
    except Error as error:
        said = (str(error).strip() or "no answer").splitlines()[0]
        return wrong(
            "database",
            f"DATABASE_URL does not work: {said.rstrip('.')}. Nothing in "
            "the database was checked.",
        )
    expected = "cairn_web"
    if who == expected:
        return ok("database", f"answers, to {who}")
    return wrong(
        "database",
        f"DATABASE_URL logs in as {who}: the web must be {expected}, who owns nothing. "
        "See deploy/roles.sql.",
    )


def _carefully(check) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as error:
        about = check.__name__.replace("_", " ")
        yield wrong(about, f"could not be checked ({type(error).__name__}: {error})")
