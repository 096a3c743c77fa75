"""Rate limits on guessing: one counter for everything that can be guessed.

An attempt is counted before it is checked, in its own transaction, so that concurrent
requests cannot exceed the limit and a rollback cannot undo it. Correct attempts are
given back. The typed address is counted whether or not an account has it, so limits do
not reveal accounts; a stranger's guesses lock out only strangers.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.http import JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from accounts import devices, idle_timeout, links
from accounts.fields import address_typed
from accounts.models import Tries, User
from accounts.places import network_of

WINDOW = timedelta(minutes=15)
PASSWORDS, CODES = 5, 10  # per account: from one place; codes from anywhere
ON_A_KNOWN_DEVICE = 10  # per account and known device, whatever strangers do
CODES_OF_THEIRS = 30  # from all known devices of one user
AT_ONE_ACCOUNT, FROM_ONE_PLACE = 50, 100
PASSKEYS, LINKS = 30, 30  # from one place
EMAILS, EMAILS_FROM_ONE_PLACE = 5, 30
DAY = timedelta(days=1)
# Emails to other people that one user may cause in a day: links to confirm a new
# address, invitations, and invitations to the same address.
CONFIRMATIONS, INVITATIONS, TO_ONE_ADDRESS = 10, 100, 10


class Limit(NamedTuple):
    key: str
    most: int


class Counted(NamedTuple):
    """Keys that one attempt counts against: `own`, and others that count only while
    `own` is within its limit, so that a blocked guesser does not use up a shared
    limit."""

    own: Limit
    wide: tuple[Limit, ...] = ()
    window: timedelta = WINDOW


def _limit(most: int, *parts: object) -> Limit:
    said = "\n".join(map(str, parts))
    return Limit(salted_hmac("cairn.tries", said, algorithm="sha256").hexdigest(), most)


# -- counting --------------------------------------------------------------------------

# The own key is locked first, the others in order: no deadlocks.
COUNT = """
WITH own AS (
  INSERT INTO accounts_tries AS had (key, count, ends_at)
  VALUES ('0' || %(own)s, 1, %(ends)s)
  ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN had.ends_at <= %(now)s THEN 1 ELSE had.count + 1 END,
    ends_at = CASE WHEN had.ends_at <= %(now)s THEN EXCLUDED.ends_at
      ELSE had.ends_at END
  RETURNING key, count, ends_at),
wide AS (
  INSERT INTO accounts_tries AS had (key, count, ends_at)
  SELECT '1' || key, 1, %(ends)s FROM unnest(%(wide)s::text[]) AS key
  WHERE (SELECT count FROM own) <= %(most)s ORDER BY key
  ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN had.ends_at <= %(now)s THEN 1 ELSE had.count + 1 END,
    ends_at = CASE WHEN had.ends_at <= %(now)s THEN EXCLUDED.ends_at
      ELSE had.ends_at END
  RETURNING key, count, ends_at)
SELECT * FROM own UNION ALL SELECT * FROM wide
"""
GIVE_BACK = """
UPDATE accounts_tries SET count = count - 1 WHERE key IN (
  SELECT key FROM accounts_tries WHERE key = ANY(%s) AND ends_at > %s AND count > 0
  ORDER BY key FOR UPDATE)
"""


def count(tried: Counted) -> datetime | None:
    """Count one attempt; None if it may proceed, else the time it has to wait for."""
    now = timezone.now()
    most = _most(tried)
    values = {
        "own": tried.own.key,
        "most": tried.own.most,
        "wide": [limit.key for limit in tried.wide],
        "now": now,
        "ends": now + tried.window,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(COUNT, values)
        rows = cursor.fetchall()
    over = [ends_at for key, number, ends_at in rows if number > most[key]]
    return max(over, default=None)


def _most(tried: Counted) -> dict[str, int]:
    wide = {f"1{limit.key}": limit.most for limit in tried.wide}
    return {f"0{tried.own.key}": tried.own.most, **wide}


def _give_back(tried: Counted) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(GIVE_BACK, [list(_most(tried)), timezone.now()])


def sweep() -> int:
    """Delete expired counters; run by the worker each minute."""
    return Tries.objects.filter(ends_at__lt=timezone.now()).delete()[0]


# -- decorator and middleware ----------------------------------------------------------


def guarded_by(counted: Callable):
    """The view checks something guessable: `counted(request)` returns what a request
    counts against, or None if it guesses nothing."""

    def decorator(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            return view(request, *args, **kwargs)

        guarded.counted = counted
        return guarded

    return decorator


def right(request) -> None:
    """The attempt was correct: its count is given back after the response."""
    request.was_right = True


class TriesMiddleware:
    """Counts before the view's transaction begins; answers 429 above the limit."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        tried = getattr(request, "tried", None)
        if (
            tried
            and getattr(request, "was_right", False)
            and response.status_code < 400
        ):
            _give_back(tried)
        return response

    def process_view(self, request, view_func, view_args, view_kwargs):
        counted = getattr(view_func, "counted", None)
        tried = counted(request) if counted else None
        if tried is None:
            return None
        request.tried = tried
        until = count(tried)
        return None if until is None else too_many(request, until)


def too_many(request, until: datetime):
    """429 with the time to wait: a page, or one line for a script."""
    if getattr(request, "asked_by_a_script", False):
        answer = JsonResponse({"error": wait(until)}, status=429)
    else:
        minutes = -(-_seconds(until) // 60)
        context = {"minutes": minutes, "hours": _hours(until) if minutes > 90 else 0}
        answer = render(request, "429.html", context, status=429)
    answer["Retry-After"] = str(_seconds(until))
    return answer


def wait(until: datetime) -> str:
    """The time to wait, as one line."""
    minutes = -(-_seconds(until) // 60)
    if minutes > 90:
        hours = _hours(until)
        return ngettext(
            "Too many tries. Wait %(hours)s hour, then try again.",
            "Too many tries. Wait %(hours)s hours, then try again.",
            hours,
        ) % {"hours": hours}
    return ngettext(
        "Too many tries. Wait %(minutes)s minute, then try again.",
        "Too many tries. Wait %(minutes)s minutes, then try again.",
        minutes,
    ) % {"minutes": minutes}


def _seconds(until: datetime) -> int:
    return max(1, round((until - timezone.now()).total_seconds()))


def _hours(until: datetime) -> int:
    """Hours, rounded up."""
    return -(-_seconds(until) // 3600)


# -- keys for each kind of attempt -----------------------------------------------------


def place_of(request) -> str:
    return network_of(request.META.get("REMOTE_ADDR", ""))


def typed(request, name: str) -> str:
    """The address to count: exactly what the form will look up."""
    return address_typed(request.POST.get(name, "")).replace("\0", "")[:254]


def _password(request, address: str) -> Counted:
    if devices.is_known_at(request, address):
        token = devices.token_of(request)
        own = _limit(ON_A_KNOWN_DEVICE, "password", address, "device", token)
        return Counted(own)
    place = place_of(request)
    return Counted(
        _limit(PASSWORDS, "password", address, "place", place),
        (
            _limit(AT_ONE_ACCOUNT, "password", address),
            _limit(FROM_ONE_PLACE, "place", place),
        ),
    )


def _code(request, person: User) -> Counted:
    """Only someone with the password gets here; a new password ends the count."""
    if devices.is_known_at(request, person.email):
        token = devices.token_of(request)
        own = _limit(ON_A_KNOWN_DEVICE, "code", person.pk, "device", token)
        return Counted(own, (_limit(CODES_OF_THEIRS, "code", person.pk, "known"),))
    wide = _limit(FROM_ONE_PLACE, "place", place_of(request))
    return Counted(_limit(CODES, "code", person.pk), (wide,))


def _of_place(request, most: int, what: str) -> Counted:
    return Counted(_limit(most, what, place_of(request)))


def posted(counted: Callable) -> Callable:
    """Count only POST requests."""
    return lambda request: counted(request) if request.method == "POST" else None


@posted
def a_password(request) -> Counted:
    return _password(request, typed(request, "login"))


@posted
def own_password(request) -> Counted | None:
    person = request.user
    return _password(request, person.email) if person.is_authenticated else None


@posted
def a_code(request) -> Counted | None:
    """For the user who completed the first step here."""
    # allauth's stages import its adapter, ours, which imports this module.
    from allauth.account.stages import LoginStageController
    from allauth.mfa.stages import AuthenticateStage

    stage = LoginStageController.enter(request, AuthenticateStage.key)
    person = stage and stage.login.user
    return _code(request, person) if person else None


@posted
def a_passkey(request) -> Counted:
    return _of_place(request, PASSKEYS, "passkey")


@posted
def in_place(request) -> Counted | None:
    """For the step that the page sends, and the user the page was made for."""
    request.asked_by_a_script = True
    person = idle_timeout.owner_of(request.POST.get("who", ""))
    if person is None:
        return _of_place(request, LINKS, "who")
    step = idle_timeout.step_of(request.POST)
    if step == idle_timeout.OPTIONS:
        return None
    if step == idle_timeout.CREDENTIAL:
        return a_passkey(request)
    if step == idle_timeout.CODE:
        return _code(request, person)
    return _password(request, person.email)


@posted
def an_email(request) -> Counted:
    """A sign-in or reset email to the typed address."""
    place, address = place_of(request), typed(request, "email")
    return Counted(
        _limit(EMAILS, "email", address, place),
        (_limit(EMAILS_FROM_ONE_PLACE, "emails", place),),
    )


@posted
def an_address(request) -> Counted | None:
    """A link to confirm an address, which may be anyone's."""
    person = request.user
    if not person.is_authenticated:
        return None
    own = _limit(CONFIRMATIONS, "confirmation", person.pk)
    return Counted(own, window=DAY)


def require_invitation(by: User, address: str) -> None:
    """Count an invitation by `by`, whoever owns the address; ValidationError above the
    limit.

    Runs in the caller's transaction: if that fails, nothing was sent.
    """
    to_one = _limit(TO_ONE_ADDRESS, "invitation", by.pk, address)
    own = _limit(INVITATIONS, "invitations", by.pk)
    until = count(Counted(own, (to_one,), DAY))
    if until is None:
        return
    hours = _hours(until)
    raise ValidationError(
        ngettext(
            "You have sent too many invitations. Wait %(hours)s hour, then try again.",
            "You have sent too many invitations. Wait %(hours)s hours, then try again.",
            hours,
        )
        % {"hours": hours}
    )


def a_link(kind: str) -> Callable:
    """The secret of a link of this kind."""

    def counted(request) -> Counted | None:
        if not links.kept(request, kind):
            return None
        return _of_place(request, LINKS, "link")

    return counted
