"""Two-step verification: authenticator apps, passkeys and recovery codes.

Algorithms and tables are allauth's; the policy (what is required, and when) and the
wording are here.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts import audit, row_limits
from accounts.models import User
from ui import form_messages

audit.verb(
    "second step removed",
    audit.Sort.SIGN_IN,
    _("Removed a two-step verification method"),
)

KINDS = Authenticator.Type
STEPS = (KINDS.TOTP, KINDS.WEBAUTHN)
MOST = 20  # sign-in methods of one account
FULL = _(
    "Your account already has %(most)d sign-in methods, the maximum. Remove one "
    "before you add another."
)
JUST_NOW = timedelta(seconds=10)
FEW_LEFT = 3  # recovery codes; suggest making new ones


class FactorAdapter(DefaultMFAAdapter):
    """allauth's adapter: how secrets are encrypted, and the site name."""

    error_messages = form_messages.all_ours(
        DefaultMFAAdapter.error_messages, form_messages.SECOND_STEP
    )

    def get_totp_issuer(self):
        return "Cairn"

    def _get_site_name(self):
        return "Cairn"

    def encrypt(self, text):
        nonce = os.urandom(12)
        sealed = AESGCM(_key(settings.MASTER_KEY)).encrypt(nonce, text.encode(), BOUND)
        return b64encode(nonce + sealed).decode()

    def decrypt(self, encrypted_text):
        raw = b64decode(encrypted_text)
        for master in (settings.MASTER_KEY, *settings.OLD_MASTER_KEYS):
            try:
                return AESGCM(_key(master)).decrypt(raw[:12], raw[12:], BOUND).decode()
            except InvalidTag:
                continue
        raise InvalidTag


BOUND = b"authenticator"


def _key(master: bytes) -> bytes:
    """The 32-byte key that encrypts two-step secrets, derived from the master key."""
    return salted_hmac(
        "cairn.authenticators", b"secrets", secret=master, algorithm="sha256"
    ).digest()


@transaction.atomic
def reseal() -> int:
    """Encrypt all secrets with the current master key; return the number of rows."""
    adapter = FactorAdapter()
    rows = Authenticator.objects.exclude(type=KINDS.WEBAUTHN).select_for_update()
    for row in rows:
        for name in {"secret", "seed"} & row.data.keys():
            row.data[name] = adapter.encrypt(adapter.decrypt(row.data[name]))
        row.save(update_fields=["data"])
    return len(rows)


# -- a person's sign-in methods -------------------------------------------------------


def has_second_step(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type__in=STEPS).exists()


@dataclass(frozen=True)
class SignInMethod:
    """A sign-in method as the account page shows it."""

    pk: int
    kind: str
    name: str
    added: datetime
    used: datetime | None
    left: int  # unused recovery codes

    @property
    def is_running_out(self) -> bool:
        return self.kind == KINDS.RECOVERY_CODES and self.left <= FEW_LEFT


def require_room(user: User) -> None:
    """Raise ValidationError if the account has all sign-in methods it may have."""
    row_limits.require_room(Authenticator.objects.filter(user=user), MOST, FULL)


def ways_of(user: User) -> list[SignInMethod]:
    """Passkeys, then the app, then recovery codes."""
    order = [KINDS.WEBAUTHN, KINDS.TOTP, KINDS.RECOVERY_CODES]
    rows = sorted(
        Authenticator.objects.filter(user=user),
        key=lambda row: (order.index(row.type), row.created_at),
    )
    return [_way(row) for row in rows]


def _way(row: Authenticator) -> SignInMethod:
    wrapped = row.wrap()
    codes = row.type == KINDS.RECOVERY_CODES
    return SignInMethod(
        pk=row.pk,
        kind=row.type,
        name=wrapped.name if row.type == KINDS.WEBAUTHN else "",
        added=row.created_at,
        used=row.last_used_at,
        left=len(wrapped.get_unused_codes()) if codes else 0,
    )


def has_new_codes(user: User) -> bool:
    """Whether this user's recovery codes were made in the last ten seconds."""
    rows = Authenticator.objects.filter(user=user, user__is_active=True)
    since = timezone.now() - JUST_NOW
    return rows.filter(type=KINDS.RECOVERY_CODES, created_at__gt=since).exists()


@transaction.atomic
def remove(row: Authenticator, *, by: User) -> bool:
    """Remove a method; False if it is the last one of someone who needs one."""
    mine = Authenticator.objects.select_for_update().filter(user=by)
    steps = [one.pk for one in mine if one.type in STEPS and one.pk != row.pk]
    if not steps and by.is_staff_member and settings.SECOND_STEP_REQUIRED:
        return False
    Authenticator.objects.filter(pk=row.pk, user=by).delete()
    if not steps:  # recovery codes alone would be an eight-digit password
        Authenticator.objects.filter(user=by).delete()
    audit.record("second step removed", about=by, factor=row.type)
    return True
