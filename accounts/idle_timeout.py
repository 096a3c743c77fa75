"""Idle timeout: what a page knows about when its sign-in ends."""

from __future__ import annotations

from django.core import signing
from django.db import transaction
from django.utils import timezone

from accounts import devices, sessions
from accounts.backend import read_account
from accounts.models import User
from database.identity import acting_as
from ui import email_addresses

SALT = "cairn.here"
REMEMBERED = 2 * 24 * 3600  # seconds for which an open page can still name its user


def context(request):
    """Context processor: `stay`, if someone is signed in."""
    row = getattr(request.session, "row", None) if hasattr(request, "session") else None
    person = getattr(request, "user", None)
    if row is None or person is None or not person.is_authenticated:
        return {}
    return {"stay": Stay(request, row)}


class Stay:
    """Values for the base template; computed only when it reads them."""

    def __init__(self, request, row):
        self.request, self.row = request, row

    @property
    def left(self) -> int:
        """Seconds until this page's sign-in ends if nobody types."""
        return sessions.seconds_left(self.row)

    @property
    def most(self) -> int:
        """Seconds until it ends even with activity."""
        ends = self.row.begun_at + sessions.longest(self.row.user)
        return max(0, int((ends - timezone.now()).total_seconds()))

    @property
    def shared(self) -> bool:
        return self.row.shared

    @property
    def idle(self) -> int:
        row = self.row
        return int(sessions.idle_time(row.user, shared=row.shared).total_seconds())

    @property
    def who(self) -> str:
        """A signed token that names the user; readable by the server only."""
        return sign(self.request.user)

    @property
    def address(self) -> str:
        """Part of the address, enough for the owner to recognize it."""
        address = email_addresses.readable(self.request.user.email)
        name, _at, host = address.partition("@")
        return f"{name[:1]}…@{host}"

    @property
    def draft_key(self) -> str:
        return devices.draft_key(self.request)


def sign(person: User) -> str:
    """Sign the page's user and the version of their sign-in methods."""
    said = f"{person.pk}:{person.sign_in_version}"
    return signing.dumps(said, salt=SALT, compress=False)


def person_of(who: str) -> str | None:
    """The primary key of the page's user, or None for an invalid token."""
    return _read(who)[0] or None


def owner_of(who: str) -> User | None:
    """The user who may sign in again there; None if sign-in methods changed since."""
    pk, version = _read(who)
    if not version.isdecimal():
        return None
    with acting_as(None, coming=pk), transaction.atomic():
        person = read_account(pk)
    if person is None or not person.is_active:
        return None
    return person if person.sign_in_version == int(version) else None


def _read(who: str) -> tuple[str, str]:
    try:
        pk, _colon, version = signing.loads(
            who, salt=SALT, max_age=REMEMBERED
        ).partition(":")
    except signing.BadSignature:
        return "", ""
    return pk, version


# -- steps of signing in again ---------------------------------------------------------

OPTIONS, CREDENTIAL, CODE, PASSWORD = "options", "credential", "code", "password"


def step_of(said) -> str:
    """Which step the page sends: the only place that decides what counts as a guess."""
    if said.get("begin") == "passkey":
        return OPTIONS
    if said.get("credential"):
        return CREDENTIAL
    return CODE if said.get("code") else PASSWORD
