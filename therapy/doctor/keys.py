"""The master key: is it the one that these practices were sealed with?"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.db import connection, transaction

from accounts import encryption
from therapy.doctor.finding import Finding, ok, wrong


def master_key() -> Iterator[Finding]:
    """Every practice's key, as it lies sealed in the database, is opened."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT practice, wrapped FROM app.practice_keys()")
        practices = cursor.fetchall()
    opened = sum(_opens(*row) for row in practices)
    closed = len(practices) - opened
    if closed:
        yield wrong(
            "key",
            f"MASTER_KEY does not open {closed} of {len(practices)} practices' keys: "
            "their text cannot be read. Find the key they were encrypted with; until "
            "then give it as OLD_MASTER_KEYS. See docs/security.md, Keys.",
        )
    if opened and not closed:
        yield ok("key", f"MASTER_KEY opens the keys of {opened} practices")
    if not practices:
        yield ok("key", "MASTER_KEY is set; there are no practices yet")


def _opens(practice: UUID, wrapped: memoryview | None) -> bool:
    if wrapped is None:
        return False
    try:
        encryption.open_practice_key(practice, bytes(wrapped))
    except InvalidTag:
        return False
    return True
