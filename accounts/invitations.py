"""Invitations: one emailed link that creates an account, valid once within 72 hours.

The link's secret is an HMAC over the invitation's key, computed when the email is
rendered; the database stores its hash. A visitor's lookup goes through
app.invitation(), which knows only hashes.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts import audit, sign_in_limits
from accounts.backend import read_account
from accounts.models import Invitation, NotSent, OutgoingEmail, User
from accounts.sessions import ways_changed
from database.functions import call
from database.identity import acting_as

audit.verb("joined", audit.Sort.SIGN_IN, _("Accepted the invitation"))
audit.verb("invited", audit.Sort.ROLE, _("Sent an invitation"))
audit.verb("invitation revoked", audit.Sort.ROLE, _("Revoked an invitation"))


def token(invitation_id: UUID) -> str:
    """The secret in the link: 64 hex digits, the same each time it is rendered."""
    return salted_hmac(
        "cairn.invitation", str(invitation_id), algorithm="sha256"
    ).hexdigest()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def invite(person: User, *, by: User) -> Invitation:
    """Send (or resend) `person` a link; earlier links stop working.

    Nothing changes if the email cannot be queued or `by` has sent too many.
    """
    sign_in_limits.require_invitation(by, person.email)
    now = timezone.now()
    for earlier in Invitation.objects.filter(user=person).open():
        revoke(earlier, by=by)
    Invitation.objects.filter(user=person, used_at=None, revoked_at=None).update(
        revoked_at=now
    )
    invitation = Invitation(
        practice_id=person.practice_id,
        user=person,
        invited_by=by,
        expires_at=now + Invitation.LIFETIME,
    )
    invitation.token_hash = _hash(token(invitation.pk))
    invitation.save(force_insert=True)
    queued = OutgoingEmail.queue(
        person,
        "invitation",
        str(invitation.pk),
        due_at=now,
        not_after=invitation.expires_at,
        about=invitation.pk,
    )
    if not queued:
        raise NotSent
    audit.record("invited", about=invitation, person=person.pk)
    return invitation


@transaction.atomic
def revoke(invitation: Invitation, *, by: User) -> bool:
    """Close the link; return whether it was open."""
    changed = Invitation.objects.visible_to(by).filter(pk=invitation.pk, used_at=None)
    done = changed.filter(revoked_at=None).update(revoked_at=timezone.now())
    if done:
        audit.record("invitation revoked", about=invitation)
    return bool(done)


def find(secret: str) -> UUID | None:
    """The open invitation of this link, read as a visitor, or None."""
    with transaction.atomic():
        return call("invitation", _hash(secret))


def accept(secret: str, *, password: str, time_zone: str) -> User | None:
    """Give the account to the invited person; None if the link is used up.

    Of two requests at once, only one finds the link open.
    """
    person_id = find(secret)
    if person_id is None:
        return None
    with acting_as(person_id), transaction.atomic():
        if not call("join", _hash(secret), time_zone):
            return None
        person = read_account(person_id)
        person.set_password(password)
        person.save(update_fields=["password"])
        ways_changed(person)
        audit.record("joined", about=person)
    return person
