"""Sessions in the database; one query returns the session, its user and practice.

A sign-in ends after an idle time, and at the latest after a working day (staff) or 24
hours (clients). A practice may shorten the idle time; on a shared device it is ten
minutes.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime, timedelta
from functools import wraps
from uuid import UUID

from allauth.account.utils import url_str_to_user_pk
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    update_session_auth_hash,
)
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, models, transaction
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import devices
from accounts.models import Credential, Practice, SignIn, User
from database.functions import call

SIGN_IN = "sign_in"  # data about the sign-in when it began; copied to the row's columns
KEY = re.compile(r"[0-9a-z]{32}")
LOGIN = "account_login"  # allauth's key: the user who completed the first of two steps
FACTOR = "factor"  # in the session: the second step that was used
SHARED_IDLE = timedelta(minutes=10)
STAFF_MOST, CLIENT_MOST = timedelta(hours=12), timedelta(hours=24)
VISITOR = timedelta(hours=1)
WRITE_EVERY = timedelta(minutes=1)  # so a sign-in may last this much longer


def hash_of(key: str) -> str:
    """SHA-256 of a session key, in hex, as stored. A key is 32 random characters, so
    the hash cannot be reversed by guessing."""
    return hashlib.sha256(key.encode()).hexdigest()


# Models returned by app.session_read(), in its order; each a row or None.
PARTS = {
    "sign_in": SignIn,
    "person": User,
    "credential": Credential,
    "practice": Practice,
}
COLUMNS = [
    f"(r.{part}).{field.column}"
    for part, model in PARTS.items()
    for field in model._meta.concrete_fields
]
READ = (
    f"SELECT {', '.join(COLUMNS)}, r.has_second_step FROM app.session_read(%s, %s) AS r"
)


def _signed_in(key_hash: str, now: datetime) -> SignIn | None:
    """The active sign-in with its user, credential and practice, or None."""
    with connection.cursor() as cursor:
        cursor.execute(READ, [key_hash, now])
        values = cursor.fetchone()
    if values is None:
        return None
    rows, start = {}, 0
    for part, model in PARTS.items():
        names = [field.attname for field in model._meta.concrete_fields]
        said = values[start : start + len(names)]
        start += len(names)
        rows[part] = model.from_db(DEFAULT_DB_ALIAS, names, said)
    row, person = rows["sign_in"], rows["person"]
    row.has_second_step = values[-1]
    row.user = None
    if person.pk is not None:
        person.credential, person.practice = rows["credential"], rows["practice"]
        row.user = person
    return row


class SessionStore(DatabaseStore):
    row = None  # the SignIn this was loaded from, with user and practice

    @classmethod
    def get_model_class(cls):
        return SignIn

    @property
    def person(self) -> User | None:
        return self.row and self.row.user

    def _validate_session_key(self, key):
        """Skip the query for values that cannot be a session key."""
        return bool(key and KEY.fullmatch(key))

    def _get_session_from_db(self):
        now = timezone.now()
        found = _signed_in(hash_of(self.session_key), now)
        if found is None or has_ended(found, now):
            self._session_key = None
            return None
        self.row = found
        return found

    def create_model_instance(self, data):
        now = timezone.now()
        row = SignIn(
            key_hash=hash_of(self._get_or_create_session_key()),
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            user_id=data.get(SESSION_KEY),
        )
        kept = self.row if self.row and self.row.pk == row.pk else None
        if kept:
            row.public_id = kept.public_id
        said = data.get(SIGN_IN)
        if not (said and row.user_id):
            row.expire_date = now + VISITOR
            return row
        row.begun_at = datetime.fromisoformat(said["begun_at"])
        row.last_active_at = kept.last_active_at if kept else now
        row.last_active_at = row.last_active_at or now
        row.shared, row.way = said["shared"], said["way"]
        row.agent, row.address = said["agent"], said["address"]
        idle, most = (timedelta(seconds=said[name]) for name in ("idle", "most"))
        row.expire_date = min(
            row.last_active_at + idle + WRITE_EVERY, row.begun_at + most
        )
        return row

    def save(self, must_create=False):
        """Like Django's, through the one SQL function that writes a sign-in."""
        if self.session_key is None:
            return self.create()
        row = self.create_model_instance(self._get_session(no_load=must_create))
        said = {field.attname: getattr(row, field.attname) for field in FIELDS}
        try:
            with transaction.atomic():
                written = call("session_write", _json(said), must_create)
        except IntegrityError as error:
            if must_create:
                raise CreateError from error
            raise
        if not written:
            raise UpdateError

    def exists(self, session_key):
        return call("session_exists", hash_of(session_key))

    def delete(self, session_key=None):
        key = session_key or self.session_key
        if key is not None:
            call("session_delete", hash_of(key))


FIELDS: list[models.Field] = SignIn._meta.concrete_fields


def _json(said: dict) -> str:
    return json.dumps(said, cls=DjangoJSONEncoder)


def idle_time(person: User, *, shared: bool) -> timedelta:
    """How long this user's sign-ins may be idle."""
    practices = timedelta(minutes=person.practice.idle_minutes)
    return min(practices, SHARED_IDLE) if shared else practices


def longest(person: User) -> timedelta:
    return STAFF_MOST if person.is_staff_member else CLIENT_MOST


def has_ended(row: SignIn, now: datetime) -> bool:
    """Whether it has ended, also because the practice shortened the idle time."""
    if row.user is None:
        return False
    if row.last_active_at is None or row.begun_at is None:
        return True  # older than the recording of when sign-ins begin
    return now >= _end(row, row.last_active_at)


def _end(row: SignIn, active_at: datetime) -> datetime:
    idle = idle_time(row.user, shared=row.shared)
    return min(active_at + idle + WRITE_EVERY, row.begun_at + longest(row.user))


def touch(row: SignIn, active_at: datetime) -> None:
    """Record activity at `active_at`; saved at most once a minute."""
    if active_at - row.last_active_at < WRITE_EVERY:
        return
    call("session_touch", row.pk, active_at, _end(row, active_at))
    row.last_active_at = active_at


def active_at(request) -> datetime | None:
    """Time of the last user activity that this request reports, or None.

    Now for a page or form. A script's request tells its age in the X-Cairn-Idle header
    (seconds); without the header it reports nothing.
    """
    now = timezone.now()
    said = request.headers.get("X-Cairn-Idle", "")
    if said.isdecimal() and len(said) < 7:
        return now - timedelta(seconds=int(said))
    asks_by_itself = request.headers.get("Accept", "").startswith("application/json")
    return None if asks_by_itself else now


def seconds_left(row: SignIn) -> int:
    """Seconds until this sign-in ends without further activity; never negative."""
    idle = idle_time(row.user, shared=row.shared)
    ends = min(row.last_active_at + idle, row.begun_at + longest(row.user))
    return max(0, int((ends - timezone.now()).total_seconds()))


def sweep() -> int:
    """Delete sign-ins that ended a day ago; run by the worker each minute."""
    long_ended = timezone.now() - timedelta(days=1)
    gone, _ = SignIn.objects.filter(expire_date__lt=long_ended).delete()
    return gone


def end_others(person: User, *, but: str | None) -> int:
    """End all of a user's sign-ins except the one with session key `but`."""
    others = SignIn.objects.filter(user=person).exclude(pk=but and hash_of(but))
    ended, _ = others.delete()
    return ended


class WaysChanged(Exception):
    """Sign-in methods changed, or the account was closed, after this request began."""


def hold_ways(person: User) -> None:
    """Lock this user's sign-in methods until the transaction ends.

    Call it first in every change of them. Raises WaysChanged if they changed since
    `person` was read, so that an admin's reset is not undone by a request already under
    way.
    """
    rows = User.objects.select_for_update(no_key=True).order_by()
    as_read = rows.filter(sign_in_version=person.sign_in_version, is_active=True)
    if not list(as_read.filter(pk=person.pk).values_list("pk")):
        raise WaysChanged


def as_let_in(view):
    """Answer WaysChanged by asking to sign in again.

    The session is left as it is: it has ended, or the same browser continues with
    another.
    """

    @wraps(view)
    def looked(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except WaysChanged:
            request.session.modified = False
            return render(request, "accounts/ways_changed.html", status=409)

    return looked


def ways_changed(person: User, request=None) -> None:
    """Call after a sign-in method was added, changed or removed.

    Ends every earlier sign-in and forgets every device, except those of `request` if
    they are this user's. The version number also ends sign-ins that are being saved
    elsewhere right now.
    """
    is_here = request is not None and request.user.pk == person.pk
    here = hash_of(request.session.session_key) if is_here else None
    person.sign_in_version = call("ways_changed", person.pk, here)
    if is_here:
        update_session_auth_hash(request, person)
        devices.stays_known(request, person)


def get_user(request):
    """Like Django's `auth.get_user`, for the user loaded with the session.

    Anonymous if the user has a second step and signed in without it, also if it was
    added elsewhere since.
    """
    session = request.session
    said = session.get(SESSION_KEY)
    person = session.person
    if said is None:
        return AnonymousUser()
    if person is None or str(person.pk) != said:
        return AnonymousUser()
    if not person.is_active or BACKEND_SESSION_KEY not in session:
        return AnonymousUser()
    proof = session.get(HASH_SESSION_KEY, "")
    if not constant_time_compare(proof, person.get_session_auth_hash()):
        session.flush()  # a sign-in method was changed since
        return AnonymousUser()
    if session.row.has_second_step and not session.get(FACTOR):
        session.flush()
        return AnonymousUser()
    return person


def coming_of(session) -> UUID | None:
    """The user who completed the first of two steps in this browser, or None."""
    said = (session.get(LOGIN) or {}).get("user_pk")
    try:
        return url_str_to_user_pk(said) if said else None
    except ValidationError:
        return None
