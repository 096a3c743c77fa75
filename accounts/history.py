"""Recent activity of a person's own account, as readable text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent, User

WORDS = {
    "signed in": _("Signed in"),
    "signed out": _("Signed out"),
    "joined": _("Joined"),
    "password changed": _("Password changed"),
    "address wanted": _("Email change requested"),
    "address changed": _("Email changed"),
    "second step added": _("Two-step verification method added"),
    "second step removed": _("Two-step verification method removed"),
    "recovery codes made anew": _("Recovery codes replaced"),
    "sign-in ended": _("Signed out of a device"),
    "settings changed": _("Settings changed"),
}
WAYS = {
    "password": _("Signed in with a password"),
    "totp": _("Signed in with a password and a code"),
    "webauthn": _("Signed in with a passkey"),
    "recovery_codes": _("Signed in with a password and a recovery code"),
}
SHOWN = 5


@dataclass(frozen=True)
class Happening:
    at: datetime
    words: str
    address: str


def lately(person: User) -> list[Happening]:
    """The user's latest account events, newest first."""
    rows = AuditEvent.objects.filter(
        actor_id=person.pk, object_id=person.pk, verb__in=WORDS
    ).order_by("-at", "-pk")[:SHOWN]
    return [_happening(row) for row in rows]


def _happening(row: AuditEvent) -> Happening:
    words = WORDS[row.verb]
    if row.verb == "signed in":
        words = WAYS.get(row.detail.get("way"), words)
    return Happening(row.at, words, row.address or "")
