"""Whether an email may be sent, checked right before sending, as its recipient.

Plans are hours or days old by then: people leave, pause and move, and sessions change.
Further checks of each kind are in its module of `digests/kinds/`.
"""

from __future__ import annotations

from datetime import datetime

from django.db import models

from accounts.models import OutgoingEmail, User
from digests import kinds
from digests.kinds.base import DROPPED, Stopped


def may_go(email: OutgoingEmail, person: User, now: datetime) -> models.Model | None:
    """The row that `email` is about; raise Stopped if it must not be sent (now)."""
    if not person.is_active:
        raise Stopped(DROPPED, "inactive")
    if now >= email.not_after:
        raise Stopped(DROPPED, "too late")
    kind = kinds.BY_NAME.get(email.kind)
    if kind is None:
        raise Stopped(DROPPED, "unknown kind")
    return kind.may_go(email, person, now)
