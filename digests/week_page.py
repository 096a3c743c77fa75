"""The weekly page of either side."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from digests.client_week_page import ClientWeekPage
from digests.models import Digest
from digests.therapist_week_page import TherapistWeekPage


def week_page(user: User, digest: Digest, now: datetime | None = None):
    """`now` is the time as of which the page is read."""
    kind = TherapistWeekPage if user.is_therapist else ClientWeekPage
    return kind(user, digest, now)
