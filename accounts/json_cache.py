"""A cache in PostgreSQL with JSON values, so that reading one never executes code.

Django's database cache stores pickles under readable keys. allauth stores here which
two-step codes were used: few entries, for a short time.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import CacheEntry

FOR_EVER = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
ADD = """
INSERT INTO accounts_cacheentry AS had (key, value, ends_at) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, ends_at = EXCLUDED.ends_at
  WHERE had.ends_at <= %s
"""


class JsonCache(BaseCache):
    """Values are JSON; anything else raises TypeError."""

    def __init__(self, _location, params):
        super().__init__(params)

    def add(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        """Whether the key was absent; of concurrent calls, exactly one returns True."""
        return self._write(key, value, timeout, version, timezone.now())

    def set(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        self._write(key, value, timeout, version, FOR_EVER)

    def get(self, key, default=None, version=None):
        found = self._rows(key, version).filter(ends_at__gt=timezone.now()).first()
        return default if found is None else found.value

    def touch(self, key, timeout=DEFAULT_TIMEOUT, version=None):
        rows = self._rows(key, version).filter(ends_at__gt=timezone.now())
        return bool(rows.update(ends_at=self._ends(timeout)))

    def delete(self, key, version=None):
        return bool(self._rows(key, version).delete()[0])

    def clear(self):
        CacheEntry.objects.all().delete()

    def _write(self, key, value, timeout, version, over) -> bool:
        values = [
            self._hmac(key, version),
            json.dumps(value),
            self._ends(timeout),
            over,
        ]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ADD, values)
            return cursor.rowcount == 1

    def _rows(self, key, version):
        return CacheEntry.objects.filter(pk=self._hmac(key, version))

    def _hmac(self, key, version) -> str:
        said = self.make_and_validate_key(key, version=version)
        return salted_hmac("cairn.cache", said, algorithm="sha256").hexdigest()

    def _ends(self, timeout) -> datetime:
        moment = self.get_backend_timeout(timeout)
        return FOR_EVER if moment is None else datetime.fromtimestamp(moment, UTC)


def sweep() -> int:
    """Delete expired entries; run by the worker each minute."""
    return CacheEntry.objects.filter(ends_at__lt=timezone.now()).delete()[0]
