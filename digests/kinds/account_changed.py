from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from digests.kinds.base import Kind


class AccountChanged(Kind):
    """To its owner, and to the address they left: password, address, second step."""

    name = "account-changed"
    subject = _("Your account was changed")
    label = _("Notice: the account was changed")
