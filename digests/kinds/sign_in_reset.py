from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from digests.kinds.password_reset import PasswordReset


class SignInReset(PasswordReset):
    """To a person whose sign-in an admin reset: a link to get back in."""

    name = "sign-in-reset"
    subject = _("Your sign-in was reset")
    label = _("Link after a sign-in was reset")
