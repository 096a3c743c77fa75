from __future__ import annotations

from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext_lazy as _

from digests.kinds.base import Kind


class PasswordReset(Kind):
    """To a person who asked to reset their password."""

    name = "password-reset"
    subject = _("Choose a new password")
    label = _("Link for a new password")

    def link(self, email, person, about):
        uid = urlsafe_base64_encode(force_bytes(person.pk))
        secret = default_token_generator.make_token(person)
        return reverse("password-new", args=[uid, secret])
