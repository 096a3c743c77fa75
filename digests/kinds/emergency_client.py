from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from digests.kinds.base import Kind


class EmergencyClient(Kind):
    """To the client: a colleague opened their record by emergency access."""

    name = "emergency-client"
    subject = _("Please sign in: something was opened")
    label = _("Notice to the client: emergency access")
