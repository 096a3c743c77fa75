from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from digests.kinds.base import Kind


class NewDevice(Kind):
    """To the account's owner: a sign-in from a new browser."""

    name = "new-device"
    subject = _("A new sign-in")
    label = _("Notice: a new device")
