from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from digests.kinds.base import Kind


class NewDevice(Kind):
    """To its owner: somebody signed in from a browser that the account did not know."""

    name = "new-device"
    subject = _("A new sign-in")
    label = _("Notice: a new device")
