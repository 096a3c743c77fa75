"""Account recovery: by the user's own email, or by an admin, who learns no password."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit, celery_kick
from accounts.models import NotSent, OutgoingEmail, ResetRequest, User
from accounts.sessions import ways_changed
from accounts.sign_in import tell
from database.functions import call
from ui import email_addresses

audit.verb("sign-in reset", audit.Sort.SIGN_IN, gettext_lazy("Reset a sign-in"))

GOOD_FOR = timedelta(hours=1)  # PASSWORD_RESET_TIMEOUT
AN_HOUR = 6  # emails to one person, wherever they are requested from
BATCH = 500
ASKED = """
DELETE FROM accounts_resetrequest WHERE id IN (
  SELECT id FROM accounts_resetrequest ORDER BY created_at LIMIT %s)
RETURNING email, created_at
"""


# -- requested by a visitor ------------------------------------------------------------


@transaction.atomic
def ask(email: str) -> None:
    """Store the address for a worker: the same work whether or not it is known."""
    ResetRequest(email=email_addresses.normalize(email)).save(force_insert=True)
    transaction.on_commit(celery_kick.the_sender, robust=True)


def answer() -> int:
    """Run by the worker: send an email for each requested address with an account."""
    written = 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(ASKED, [BATCH])
            asked = cursor.fetchall()
        for email, asked_at in asked:
            written += _answer(email, asked_at)
    return written


def _answer(email: str, asked_at: datetime) -> bool:
    """At most one email a minute, six an hour, while the link would still work."""
    now = timezone.now()
    if asked_at + GOOD_FOR <= now:
        return False
    people = User.objects.filter(email=email, is_active=True)
    person = people.exclude(joined_at=None).only("practice_id").first()
    if person is None:  # invited people have an invitation instead
        return False
    lately = OutgoingEmail.objects.filter(recipient=person, kind="password-reset")
    if lately.filter(created_at__gt=now - timedelta(hours=1)).count() >= AN_HOUR:
        return False
    return OutgoingEmail.queue(
        person,
        "password-reset",
        f"{asked_at:%Y-%m-%dT%H:%M}",
        due_at=now,
        not_after=asked_at + GOOD_FOR,
    )


# -- by an admin -----------------------------------------------------------------------


@transaction.atomic
def reset_sign_in(person: User, *, by: User) -> None:
    """End their sign-ins, remove password and two-step methods, and email them a reset
    link and a notice. Nothing changes if an email cannot be queued."""
    if person.pk == by.pk:
        raise ValidationError(_("Another admin has to reset your sign-in."))
    if not person.is_active or not person.joined_at:
        raise ValidationError(_("They have no sign-in to reset."))
    forget_ways(person)
    ways_changed(person)
    now, act = timezone.now(), f"ways:{person.sign_in_version}"
    way_back = OutgoingEmail.queue(
        person, "sign-in-reset", act, due_at=now, not_after=now + GOOD_FOR
    )
    if not (way_back and tell(person, "account-changed", act)):
        raise NotSent
    audit.record("sign-in reset", about=person)


def forget_ways(person: User) -> None:
    """Remove the password and all two-step methods."""
    call("forget_ways", person.pk)
