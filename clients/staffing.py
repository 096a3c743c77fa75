"""What an admin does with staff accounts."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit, invitations, people
from accounts.models import Invitation, User
from accounts.sessions import ways_changed
from clients.models import CareRole, care
from ui import names

audit.verb("roles changed", audit.Sort.ROLE, gettext_lazy("Changed someone’s roles"))
audit.verb("account closed", audit.Sort.ROLE, gettext_lazy("Closed an account"))
audit.verb("account reopened", audit.Sort.ROLE, gettext_lazy("Reopened an account"))


def lock(person: User, *, by: User) -> User:
    """Reload `person` with a row lock until the transaction ends.

    Two admins acting at once never leave a practice without one: each waits for the
    other, and a former admin gets an error.
    """
    admins = User.objects.select_for_update(no_key=True).filter(
        practice_id=by.practice_id, is_admin=True, is_active=True
    )
    if by.pk not in set(admins.order_by("pk").values_list("pk", flat=True)):
        raise ValidationError(_("You are no longer an admin."))
    return User.objects.select_for_update(no_key=True).get(pk=person.pk)


def leads(person: User):
    """Current and future primary care roles, whatever follows them."""
    return CareRole.objects.filter(user_id=person.pk).primary().not_ended()


@transaction.atomic
def set_roles(person: User, *, therapist: bool, admin: bool, by: User) -> bool:
    """Set someone's staff roles; False if nothing changes."""
    now = lock(person, by=by)
    if (now.is_therapist, now.is_admin) == (therapist, admin):
        return False
    if now.pk == by.pk and not admin:
        raise ValidationError(_("Only another admin can remove your admin role."))
    if now.is_therapist and not therapist:
        _leave_no_client(now, by=by)
    people.set_roles(now, therapist=therapist, admin=admin)
    audit.record("roles changed", about=now, therapist=therapist, admin=admin)
    return True


def _leave_no_client(person: User, *, by: User) -> None:
    if leads(person).exists():
        raise ValidationError(
            _("%(name)s has clients. Hand them over first.")
            % {"name": names.isolated(person.name)}
        )
    end_roles(person, by=by)


def end_roles(person: User, *, by: User) -> int:
    """End all current and future care roles at once."""
    rows = CareRole.objects.filter(user_id=person.pk).not_ended()
    return rows.update(ends_at=care.AT_ONCE)


def close(person: User, *, by: User, **detail) -> None:
    """Close the account: signed out everywhere, open links closed.

    Emails queued for it are dropped when they are due.
    """
    held = CareRole.objects.filter(user_id=person.pk).not_ended()
    others = held.exclude(kind=CareRole.Kind.PRIMARY).count()
    end_roles(person, by=by)
    people.close_account(person)
    ways_changed(person)
    for link in Invitation.objects.filter(user_id=person.pk).open():
        invitations.revoke(link, by=by)
    audit.record("account closed", about=person, care_roles=others, **detail)


@transaction.atomic
def reopen(person: User, *, by: User) -> bool:
    """Reopen the account only: no client is returned."""
    now = lock(person, by=by)
    if now.is_active:
        return False
    people.open_account(now)
    audit.record("account reopened", about=now)
    return True
