"""What an operator does with keys: change the wrapping, or destroy a client's for good.

Stored ciphertext is never rewritten.  Changing takes one transaction for each practice;
readers go on meanwhile, and who reads a practice's key before and a client's after the
change reads both again (accounts/encryption.py).
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
    """Wrap each practice's key with the master key of now; the version they have.

    The secrets of second steps are sealed anew with it as well.
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
    """A new key for each practice, one transaction each; how many keys were wrapped."""
    return sum(rotate_practice(key.practice_id) for key in _wrapped())


@transaction.atomic
def rotate_practice(practice_id: UUID) -> int:
    """A new key for the practice, and all its clients' keys wrapped with it."""
    lock("keys", practice_id)  # waits for those who are wrapping with the old one
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
    """Make everything this client and others wrote of them unreadable, for good.

    False where there is no key (any more).
    """
    with transaction.atomic():
        return call("destroy_key", client_id)


def _wrapped(practice_id: UUID | None = None) -> list[Wrapped]:
    """A practice's keys, its own first; without one the own keys of all practices."""
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
