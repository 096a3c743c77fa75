from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from digests.kinds.base import Kind


class AccountChanged(Kind):
    """To the owner, also at a former address: password, address or second step
    changed."""

    name = "account-changed"
    subject = _("Your account was changed")
    label = _("Notice: the account was changed")
