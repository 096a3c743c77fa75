"""Whose password it is: the one look-up by address, and what it opens."""

from __future__ import annotations

from uuid import UUID, uuid4

from allauth.account.auth_backends import AuthenticationBackend

from accounts.models import User
from database.functions import call
from database.identity import acting_as, coming_in


def account_at(address: str) -> UUID | None:
    """The key of the account with exactly this address, in whatever practice."""
    return call("account_at", address)


def read_account(pk: UUID) -> User | None:
    """With its credential and practice; by whoever is on the way in to it."""
    rows = User.objects.select_related("credential", "practice")
    return rows.filter(pk=pk).first()


class PasswordBackend(AuthenticationBackend):
    """allauth's.  Whose password was right is on the way in from then on; where nobody
    has the address as much is asked of the database."""

    def _authenticate_by_email(self, email, password):
        found = account_at(email) or uuid4()
        with acting_as(None, coming=found):
            person = self._check_password(read_account(found), password)
        if person:
            coming_in(found)
        return person
