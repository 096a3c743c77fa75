"""Key operations for an operator: rotate the wrapping keys, or destroy a client's key.

Stored ciphertext is never rewritten. Rotation takes one transaction per practice while
readers continue; a reader that got the practice's key before and a client's key after
it reads both again (accounts/encryption.py).
"""

from __future__ import annotations

import json
import os
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction

from accounts import encryption, factors
from database.functions import call
from database.locks import lock


class Wrapped(NamedTuple):
    id: UUID
    practice_id: UUID
    client_id: UUID | None
    wrapped: bytes
    version: int


@transaction.atomic
def rotate_master() -> int:
    """Wrap every practice's key with the current master key.

    Also re-encrypts the secrets of two-step verification.
    """
    keys = _wrapped()
    version = max((key.version for key in keys), default=0) + 1
    for key in keys:
        plain = encryption.open_practice_key(key.practice_id, key.wrapped)
        new = encryption.wrap_practice_key(key.practice_id, plain)
        _rewrap(key, new, version)
        _tell("keys rotated", key.practice_id, master=version)
    factors.reseal()
    return version


def rotate_practices() -> int:
    """Rotate each practice's key in a transaction; return how many were wrapped."""
    return sum(rotate_practice(key.practice_id) for key in _wrapped())


@transaction.atomic
def rotate_practice(practice_id: UUID) -> int:
    """Create a new key for the practice and wrap its clients' keys with it."""
    lock("keys", practice_id)  # waits for transactions that still wrap with the old key
    own, *clients = _wrapped(practice_id)
    old = encryption.open_practice_key(practice_id, own.wrapped)
    new = os.urandom(32)
    _rewrap(own, encryption.wrap_practice_key(practice_id, new), own.version)
    for key in clients:
        where = (practice_id, key.client_id)
        plain = encryption.open_client_key(*where, key.wrapped, old)
        _rewrap(key, encryption.wrap_client_key(*where, plain, new), key.version)
    _tell("keys rotated", practice_id, clients=len(clients))
    return 1 + len(clients)


def destroy(client_id: UUID) -> bool:
    """Destroy a client's key: all text about them becomes unreadable, permanently.

    False if there is no key (anymore).
    """
    with transaction.atomic():
        return call("destroy_key", client_id)


def _wrapped(practice_id: UUID | None = None) -> list[Wrapped]:
    """A practice's key rows, its own first; without an id those of all practices."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, practice, client, wrapped, version FROM app.wrapped_keys(%s)",
            [str(practice_id) if practice_id else None],
        )
        rows = cursor.fetchall()
    return [Wrapped(*row[:3], bytes(row[3]), row[4]) for row in rows]


def _rewrap(key: Wrapped, new: bytes, version: int) -> None:
    values = [str(key.id), key.wrapped, new, version]
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.rewrap_key(%s, %s, %s, %s::smallint)", values)
        if not cursor.fetchone()[0]:
            raise RuntimeError(f"key {key.id} was changed by somebody else meanwhile")


def _tell(verb: str, practice_id: UUID, **detail: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT app.operator_did(%s, %s, NULL, %s::jsonb)",
            [verb, str(practice_id), json.dumps(detail)],
        )
