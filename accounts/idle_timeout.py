"""Whether the person is still there: what a page knows of its sign-in's end."""

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
REMEMBERED = 2 * 24 * 3600  # seconds a page may stand open and still know whose it is


def context(request):
    """For templates: `stay`, where somebody is signed in."""
    row = getattr(request.session, "row", None) if hasattr(request, "session") else None
    person = getattr(request, "user", None)
    if row is None or person is None or not person.is_authenticated:
        return {}
    return {"stay": Stay(request, row)}


class Stay:
    """Asked for by the base template alone; nothing is worked out before that."""

    def __init__(self, request, row):
        self.request, self.row = request, row

    @property
    def left(self) -> int:
        """Seconds until this page would be signed out."""
        return sessions.seconds_left(self.row)

    @property
    def most(self) -> int:
        """Seconds until it ends however much is typed."""
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
        """Names the person to the server, and to nobody else."""
        return sign(self.request.user)

    @property
    def address(self) -> str:
        """Enough for the owner to know which address it was."""
        address = email_addresses.readable(self.request.user.email)
        name, _at, host = address.partition("@")
        return f"{name[:1]}…@{host}"

    @property
    def draft_key(self) -> str:
        return devices.draft_key(self.request)


def sign(person: User) -> str:
    """Whom a page is made for, and what their ways in were then."""
    said = f"{person.pk}:{person.sign_in_version}"
    return signing.dumps(said, salt=SALT, compress=False)


def person_of(who: str) -> str | None:
    """The key of the person a page was made for, or None for nonsense."""
    return _read(who)[0] or None


def owner_of(who: str) -> User | None:
    """The person who may sign in again on that page; nobody once a way in changed."""
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


# -- the steps of signing in again -----------------------------------------------------

OPTIONS, CREDENTIAL, CODE, PASSWORD = "options", "credential", "code", "password"


def step_of(said) -> str:
    """Which one step a page sends: the only place that tells what is a guess."""
    if said.get("begin") == "passkey":
        return OPTIONS
    if said.get("credential"):
        return CREDENTIAL
    return CODE if said.get("code") else PASSWORD
