"""Devices that a person has signed in from, and how they are described.

A browser is recognized by a random cookie; the database stores its hash. On a shared
device the cookie is neither set nor read.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64encode

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.models import KnownDevice, User
from database.functions import call

YEAR = 365 * 24 * 3600
TOKEN = re.compile(r"[A-Za-z0-9_-]{32,64}")
BROWSERS = [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("CriOS/",
            "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]  # fmt: skip
SYSTEMS = [("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"),
           ("Windows", "Windows"), ("Macintosh", "Mac"), ("CrOS", "Chromebook"),
           ("Linux", "Linux")]  # fmt: skip


def in_words(agent: str) -> str:
    """Browser and system in two words from the User-Agent, or "" if it gives none."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    if browser and system:
        return _("%(browser)s, %(system)s") % {"browser": browser, "system": system}
    return browser or system


def token_of(request) -> str:
    said = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    return said if TOKEN.fullmatch(said) else ""


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def is_known_at(request, address: str) -> bool:
    """Whether the owner of this address has signed in with this browser before.

    Costs the same whether or not an account has the address.
    """
    token = token_of(request)
    if not token:
        return False
    with transaction.atomic():
        return call("knows_device_of", address, _hash(token))


def remember(request, user: User) -> KnownDevice | None:
    """Remember this browser; return it if it is new to someone who already had others.

    Runs as the user. The middleware sets the cookie on the response.
    """
    token = token_of(request) or secrets.token_urlsafe(32)
    request.device_token = token
    known = user.devices.filter(token_hash=_hash(token))
    if known.update(last_seen=timezone.now(), sign_in_version=user.sign_in_version):
        return None
    had_others = user.devices.exists()
    new = KnownDevice.objects.create(
        user=user, token_hash=_hash(token), sign_in_version=user.sign_in_version
    )
    return new if had_others else None


def stays_known(request, person: User) -> None:
    """Keep only the device that changed a sign-in method; forget all others."""
    known = person.devices.filter(token_hash=_hash(token_of(request)))
    known.update(sign_in_version=person.sign_in_version)


def set_cookie(request, response) -> None:
    token = getattr(request, "device_token", "")
    if token:
        response.set_cookie(
            settings.DEVICE_COOKIE_NAME,
            token,
            max_age=YEAR,
            secure=settings.SECURE_COOKIES,
            httponly=True,
            samesite="Lax",
        )


def draft_key(request) -> str:
    """Base64 of the 32-byte key that encrypts drafts on this device while it is
    offline: stable for this person on this device, and different for anyone else.

    Empty on a shared device.
    """
    token = getattr(request, "device_token", "") or token_of(request)
    row = request.session.row
    if not token or (row and row.shared):
        return ""
    said = f"{request.user.pk}:{token}"
    sealed = salted_hmac("cairn.draft-key", said, algorithm="sha256").digest()
    return b64encode(hmac.digest(sealed, b"AES-GCM", "sha256")).decode()
