from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from digests.kinds.password_reset import PasswordReset


class SignInReset(PasswordReset):
    """To whom an admin reset the sign-in of: the same way back in."""

    name = "sign-in-reset"
    subject = _("Your sign-in was reset")
    label = _("Link after a sign-in was reset")
