"""An admin lets somebody back in, and learns no password by it."""

from __future__ import annotations

from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Message, User
from accounts.sessions import ways_changed


@transaction.atomic
def reset_sign_in(person: User, *, by: User) -> None:
    """End their sign-ins, forget password and second factors, mail them a way back."""
    if person.pk == by.pk:
        raise ValidationError(_("Your own sign-in is reset by another admin."))
    if not person.is_active or not person.joined_at:
        raise ValidationError(_("They have no sign-in to reset."))
    person.set_unusable_password()
    person.save(update_fields=["password"])
    forget_factors(person)
    ways_changed(person)
    now = timezone.now()
    Message.queue(
        person,
        "password-reset",
        f"{now:%Y-%m-%dT%H:%M}",
        due_at=now,
        not_after=now + timedelta(hours=1),
    )
    audit.record("sign-in reset", about=person)


def forget_factors(person: User) -> None:
    Authenticator.objects.filter(user=person).delete()
