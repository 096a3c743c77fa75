"""Password sign-in: the only place that looks an account up by its email address."""

from __future__ import annotations

from uuid import UUID, uuid4

from allauth.account.auth_backends import AuthenticationBackend

from accounts.models import User
from database.functions import call
from database.identity import acting_as, coming_in


def account_at(address: str) -> UUID | None:
    """The primary key of the account with exactly this address, or None."""
    return call("account_at", address)


def read_account(pk: UUID) -> User | None:
    """The account with credential and practice, read as the person signing in."""
    rows = User.objects.select_related("credential", "practice")
    return rows.filter(pk=pk).first()


class PasswordBackend(AuthenticationBackend):
    """allauth's backend. A correct password gives the transaction that user's identity;
    the database does the same work when no account has the address."""

    def _authenticate_by_email(self, email, password):
        found = account_at(email) or uuid4()
        with acting_as(None, coming=found):
            person = self._check_password(read_account(found), password)
        if person:
            coming_in(found)
        return person
