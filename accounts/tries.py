"""How often somebody guessed lately, so that guessing stays slow and locks nobody out.

axes counts per typed address and where it came from, and closes that pair after five.
Here the two sums are limited as well.  Both count what was typed, whether or not such
an account exists, so neither tells who has one.
"""

from __future__ import annotations

from datetime import timedelta

from axes.models import AccessAttempt
from django.core.exceptions import ValidationError
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import devices
from accounts.models import User

WINDOW = timedelta(minutes=15)
FROM_ONE_PLACE, AT_ONE_ACCOUNT = 100, 50


class TooMany(ValidationError):
    """From one place: answered with 429."""


def refuse_too_many(request, address: str) -> None:
    """Raise where too much was tried, from here or at this address.

    Who comes with a browser that this account knows may always try: a stranger's
    guesses from elsewhere lock nobody out.
    """
    here = Q(ip_address=request.META.get("REMOTE_ADDR"))
    there = Q(username=address)
    lately = AccessAttempt.objects.filter(
        here | there, attempt_time__gt=timezone.now() - WINDOW
    )
    sums = lately.aggregate(
        place=Sum("failures_since_start", filter=here),
        account=Sum("failures_since_start", filter=there),
    )
    if (sums["place"] or 0) >= FROM_ONE_PLACE:
        request.too_many_tries = True
        raise TooMany(_("Too many tries from here. Come back in a quarter of an hour."))
    if (sums["account"] or 0) >= AT_ONE_ACCOUNT and not _knows(request, address):
        raise ValidationError(
            _(
                "Too many tries at this address. Come back in a quarter of an hour, or "
                "use a device you signed in with before."
            )
        )


def _knows(request, address: str) -> bool:
    owner = User.objects.filter(email=address).first()
    return bool(owner) and devices.is_known(request, owner)
