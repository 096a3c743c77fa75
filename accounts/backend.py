"""Whose password it is: the one look-up by address, and what it opens."""

from __future__ import annotations

from uuid import UUID, uuid4

from allauth.account.auth_backends import AuthenticationBackend
from django.db import connection

from accounts.models import User
from database.identity import coming_in


def account_at(address: str) -> UUID | None:
    """The key of the account with exactly this address, in whatever practice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.account_at(%s)", [address])
        return cursor.fetchone()[0]


def read_account(pk: UUID) -> User | None:
    """With its credential and practice; by whoever is on the way in to it."""
    rows = User.objects.select_related("credential", "practice")
    return rows.filter(pk=pk).first()


class PasswordBackend(AuthenticationBackend):
    """allauth's.  Who types an address is on the way in to its account from then on,
    and asks as much of the database where nobody has it."""

    def _authenticate_by_email(self, email, password):
        found = account_at(email) or uuid4()
        coming_in(found)
        return self._check_password(read_account(found), password)
