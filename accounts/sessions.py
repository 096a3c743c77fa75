"""Sign-ins kept in the database; one query answers who asks, and of which practice.

A sign-in ends when nobody pressed a key for a while, at the latest after a working day
(people of the practice) or a whole one (clients).  How long "a while" is the practice
may shorten; on a device that others use it is ten minutes.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from functools import wraps

from allauth.mfa.models import Authenticator
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    update_session_auth_hash,
)
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import CharField, DateTimeField, Exists, F, OuterRef
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import devices
from accounts.models import SignIn, User
from database.prepared import prepared

SIGN_IN = "sign_in"  # what was known when it began; the row's columns come from it
KEY = re.compile(r"[0-9a-z]{32}")
FACTOR = "factor"  # in the session: the second step that was taken
STEPS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
SHARED_IDLE = timedelta(minutes=10)
STAFF_MOST, CLIENT_MOST = timedelta(hours=12), timedelta(hours=24)
VISITOR = timedelta(hours=1)
WRITE_EVERY = timedelta(minutes=1)  # hence a sign-in lasts up to this much longer


def hash_of(key: str) -> str:
    """What the table knows of a session's key: SHA-256, in hex.  A key is 32 letters at
    random, so nobody finds it by trying."""
    return hashlib.sha256(key.encode()).hexdigest()


@prepared(key_hash=CharField(), now=DateTimeField())
def _signed_in(key_hash, now):
    steps = Authenticator.objects.filter(user=OuterRef("user"), type__in=STEPS)
    rows = SignIn.objects.select_related("user__practice")
    rows = rows.annotate(has_second_step=Exists(steps))
    return rows.filter(key_hash=key_hash, expire_date__gt=now)


class SessionStore(DatabaseStore):
    row = None  # the SignIn this was read from, its person and practice with it

    @classmethod
    def get_model_class(cls):
        return SignIn

    @property
    def person(self) -> User | None:
        return self.row and self.row.user

    def _validate_session_key(self, key):
        """No look-up for what no key of ours can be."""
        return bool(key and KEY.fullmatch(key))

    def _get_session_from_db(self):
        now = timezone.now()
        found = _signed_in(key_hash=hash_of(self.session_key), now=now)
        if not found or has_ended(found[0], now):
            self._session_key = None
            return None
        self.row = found[0]
        return self.row

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

    def exists(self, session_key):
        return SignIn.objects.filter(pk=hash_of(session_key)).exists()

    def delete(self, session_key=None):
        key = session_key or self.session_key
        if key is not None:
            SignIn.objects.filter(pk=hash_of(key)).delete()


def idle_time(person: User, *, shared: bool) -> timedelta:
    """How long a sign-in of theirs may lie untouched."""
    practices = timedelta(minutes=person.practice.idle_minutes)
    return min(practices, SHARED_IDLE) if shared else practices


def longest(person: User) -> timedelta:
    return STAFF_MOST if person.is_staff_member else CLIENT_MOST


def has_ended(row: SignIn, now: datetime) -> bool:
    """Also where the practice shortened the idle time since the row was written."""
    if row.user is None:
        return False
    if row.last_active_at is None or row.begun_at is None:
        return True  # from before sign-ins told when they began
    return now >= _end(row, row.last_active_at)


def _end(row: SignIn, active_at: datetime) -> datetime:
    idle = idle_time(row.user, shared=row.shared)
    return min(active_at + idle + WRITE_EVERY, row.begun_at + longest(row.user))


def touch(row: SignIn, active_at: datetime) -> None:
    """Somebody pressed a key at `active_at`; written down at most once a minute."""
    if active_at - row.last_active_at < WRITE_EVERY:
        return
    SignIn.objects.filter(pk=row.pk).update(
        last_active_at=active_at, expire_date=_end(row, active_at)
    )
    row.last_active_at = active_at


def active_at(request) -> datetime | None:
    """When a key was pressed last, as far as this request tells.

    A page that somebody opens or sends: now.  What a script asks for by itself says how
    long ago (X-Cairn-Idle, in seconds), else it says nothing.
    """
    now = timezone.now()
    said = request.headers.get("X-Cairn-Idle", "")
    if said.isdecimal() and len(said) < 7:
        return now - timedelta(seconds=int(said))
    asks_by_itself = request.headers.get("Accept", "").startswith("application/json")
    return None if asks_by_itself else now


def seconds_left(row: SignIn) -> int:
    """Until this sign-in ends if no key is pressed any more; never negative."""
    idle = idle_time(row.user, shared=row.shared)
    ends = min(row.last_active_at + idle, row.begun_at + longest(row.user))
    return max(0, int((ends - timezone.now()).total_seconds()))


def sweep() -> int:
    """Take away sign-ins that ended a day ago; by the worker, each minute."""
    long_ended = timezone.now() - timedelta(days=1)
    gone, _ = SignIn.objects.filter(expire_date__lt=long_ended).delete()
    return gone


def end_others(person: User, *, but: str | None) -> int:
    """End all sign-ins of a person except the one whose session has the key `but`."""
    others = SignIn.objects.filter(user=person).exclude(pk=but and hash_of(but))
    ended, _ = others.delete()
    return ended


class WaysChanged(Exception):
    """A way in was changed, or the account closed, since this request was let in."""


def hold_ways(person: User) -> None:
    """Nobody else changes this person's ways in until the transaction ends.

    First in every change of them.  WaysChanged where somebody did since `person` was
    read: an admin who reset the sign-in meanwhile is not undone by what was under way.
    """
    rows = User.objects.select_for_update(no_key=True).order_by()
    as_read = rows.filter(ways_version=person.ways_version, is_active=True)
    if not list(as_read.filter(pk=person.pk).values_list("pk")):
        raise WaysChanged


def as_let_in(view):
    """What comes too late for a change of ways in is asked to sign in anew.

    The session is left as it is: it ended, or the same browser goes on with another.
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
    """A way in was added, changed or removed: every sign-in from before ends and no
    browser is known, but for those that `request` came with if they are the person's.

    The version ends those too that are only just being written down elsewhere.
    """
    rows = User.objects.filter(pk=person.pk)
    rows.update(ways_version=F("ways_version") + 1)
    person.ways_version = rows.values_list("ways_version", flat=True).get()
    here = None
    if request is not None and request.user.pk == person.pk:
        update_session_auth_hash(request, person)
        here = request.session.session_key
        devices.stays_known(request, person)
    end_others(person, but=here)


def get_user(request):
    """Django's `auth.get_user` on the person that came with the session.

    Whoever has a second step and came without it is nobody, also where it was added
    elsewhere since.
    """
    session = request.session
    said = session.get(SESSION_KEY)
    person = session.person
    if said is None:
        return AnonymousUser()
    if person is None or str(person.pk) != said:
        found = User.objects.select_related("practice").filter(pk=said)
        person = found.first()
    if person is None or not person.is_active or BACKEND_SESSION_KEY not in session:
        return AnonymousUser()
    proof = session.get(HASH_SESSION_KEY, "")
    if not constant_time_compare(proof, person.get_session_auth_hash()):
        session.flush()  # a way in was changed since
        return AnonymousUser()
    if session.row.has_second_step and not session.get(FACTOR):
        session.flush()
        return AnonymousUser()
    return person
