"""A private PostgreSQL for each run of pytest; `-p` loads us before the settings.

The tests never use a DATABASE_URL from outside.  With xdist each worker has its own
server: an open transaction in one database delays transaction numbers in all databases
of a server, and the seals of the audit log depend on them.
"""

from __future__ import annotations

import base64
import os

from ops.pg import Cluster
from ops.place import VAR

# Unset, so that tests give the same result everywhere.
FROM_OUTSIDE = (
    "ALLOWED_HOSTS",
    "BACKUP_DATABASE_URL",
    "BACKUP_KEY",
    "CSRF_TRUSTED_ORIGINS",
    "DEFAULT_FROM_EMAIL",
    "EMAIL_URL",
    "MIGRATE_DATABASE_URL",
    "OLD_MASTER_KEYS",
    "REDIS_URL",
    "SITE_URL",
    "TRUST_PROXY",
    "WORKER_DATABASE_URL",
)


def start_free_cluster() -> Cluster:
    """Parallel runs get separate clusters; each is created once and reused."""
    for number in range(8):
        found = Cluster(VAR / f"pg-test-{number}", durable=False, test=True)
        if found.try_lock():
            return found.start()
    raise SystemExit(
        "All 8 test databases are in use. Wait until another test run ends."
    )


cluster = start_free_cluster()
for name in FROM_OUTSIDE:
    os.environ.pop(name, None)
os.environ |= {
    "DATABASE_URL": cluster.url("cairn_owner", "postgres"),
    "DEMO": "1",
    "SECRET_KEY": "the tests' secret, which signs nothing that outlives them",
    "MASTER_KEY": base64.b64encode(bytes(range(32))).decode(),
    "REDIS_URL": "redis://127.0.0.1:1/0",  # no server there: tests need no broker
    "STATIC_ROOT": str(VAR / "static-test"),
}
# WhiteNoise warns where the folder is missing, and a warning is an error.
(VAR / "static-test").mkdir(parents=True, exist_ok=True)
# Playwright's sync API runs an event loop in this thread, where Django then refuses
# to query.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_unconfigure():
    cluster.stop()
