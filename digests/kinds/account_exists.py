from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from digests.kinds.base import Kind


class AccountExists(Kind):
    """To the owner of an address that someone else entered."""

    name = "account-exists"
    subject = _("You already have an account")
    label = _("Notice: account already exists")
