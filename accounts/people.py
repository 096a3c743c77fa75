"""What others do with somebody's account: PostgreSQL looks at who asks.

Each calls one function of clients.0003, which refuses (ProgrammingError) whoever may
not.  The verbs that use these look first, and write the audit row.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from accounts.models import User
from database.functions import call


def set_roles(person: User, *, therapist: bool, admin: bool) -> None:
    call("set_roles", person.pk, therapist, admin)


def open_account(person: User) -> None:
    call("open_account", person.pk)
    person.is_active = True


def close_account(person: User) -> bool:
    """Whether it was open.  Of a client, the way in is forgotten too."""
    return call("close_account", person.pk)


def correct_address(person: User, email: str) -> None:
    """Before they joined.  IntegrityError where it is another's."""
    call("correct_address", person.pk, email)
    person.email = email


def give_account(person: User, *, to: UUID) -> None:
    """It opens the record of this client from now on, and of no other."""
    call("give_account", to, person.pk)


def named_in_record(who: Iterable[UUID]) -> dict[UUID, str]:
    """Names, by key, of those of `who` that did something in one's own record.

    One's own is the record of the client one is; whoever is no client gets nobody.
    """
    asked = list(set(who))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM app.named_in_record(%s::uuid[])", [asked])
        return dict(cursor.fetchall())
