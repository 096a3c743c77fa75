"""Changes to another person's account; PostgreSQL checks who may make them.

Each calls a function of clients.0003, which raises ProgrammingError if the user may
not. Callers check access first and write the audit row.
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
    """Close an account; False if it was closed. Deletes a client's credentials too."""
    return call("close_account", person.pk)


def correct_address(person: User, email: str) -> None:
    """Change the address before they have joined. IntegrityError if it is in use."""
    call("correct_address", person.pk, email)
    person.email = email


def give_account(person: User, *, to: UUID) -> None:
    """Link the account to this client's record, the only one it can open."""
    call("give_account", to, person.pk)


def named_in_record(who: Iterable[UUID]) -> dict[UUID, str]:
    """Names, by primary key, of those of `who` who acted in the current client's own
    record.

    Empty unless the current user is a client.
    """
    asked = list(set(who))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM app.named_in_record(%s::uuid[])", [asked])
        return dict(cursor.fetchall())
