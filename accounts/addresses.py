"""Changing an email address: requested, confirmed from the new mailbox, both owners
notified.

The answer is the same whether or not the address is already in use; the owner of an
address in use is told that someone tried.
"""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts import audit, celery_kick, sign_in_limits
from accounts.backend import account_at, read_account
from accounts.models import AddressChange, NotSent, OutgoingEmail, User
from accounts.sign_in import tell
from database.functions import call
from database.identity import acting_as
from database.ids import uuid7

audit.verb("address wanted", audit.Sort.SIGN_IN, _("Asked to change the email address"))
audit.verb("address changed", audit.Sort.SIGN_IN, _("Changed the email address"))


def token(change_id: UUID) -> str:
    """The secret in the link: 64 hex digits, the same each time it is rendered."""
    return salted_hmac("cairn.address", str(change_id), algorithm="sha256").hexdigest()


def owner_of(email: str, asker: User) -> User | None:
    """The user who signs in with an address, unless that is `asker`."""
    found = account_at(email)
    if found in (None, asker.pk):
        return None
    with acting_as(None, coming=found), transaction.atomic():
        return read_account(found)


def tell_owner(email: str, *, by: User) -> None:
    """Tell the owner of an address, and only them, that someone tried to use it.

    It counts against the same limit as the invitation that it replaces.
    """
    sign_in_limits.require_invitation(by, email)
    call("tell_owner", email, uuid7(), f"{timezone.now():%Y-%m-%d}")
    transaction.on_commit(celery_kick.the_sender, robust=True)


@transaction.atomic
def want(person: User, email: str) -> AddressChange | None:
    """Request a change to the new address; replaces an earlier request.

    Writes the same rows whoever owns the address. What the email says is decided when
    it is sent.
    """
    now = timezone.now()
    if email == person.email:
        return None
    AddressChange.objects.visible_to(person).filter(used_at=None).update(used_at=now)
    audit.record("address wanted", about=person)
    change = AddressChange(
        user=person, email=email, expires_at=now + AddressChange.LIFETIME
    )
    change.save(force_insert=True)
    queued = OutgoingEmail.queue(
        person,
        "address-confirm",
        str(change.pk),
        due_at=now,
        not_after=change.expires_at,
        about=change.pk,
        address=email,
    )
    if not queued:
        raise NotSent
    return change


def find(person: User, secret: str) -> AddressChange | None:
    """This user's open address change that the link's token belongs to, or None."""
    for change in AddressChange.objects.visible_to(person).open():
        if constant_time_compare(token(change.pk), secret):
            return change
    return None


@transaction.atomic
def confirm(change: AddressChange, *, by: User) -> bool:
    """Confirm the change and notify both mailboxes; return whether it took effect."""
    old = by.email
    try:
        with transaction.atomic():
            new = call("change_address", change.pk)
    except IntegrityError:  # taken by someone else since
        return False
    if new is None:
        return False
    by.email = new
    audit.record("address changed", about=by)
    tell(by, "account-changed", f"address-old:{change.pk}", address=old)
    tell(by, "account-changed", f"address-new:{change.pk}")
    return True
