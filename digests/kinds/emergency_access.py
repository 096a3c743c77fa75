from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from digests.kinds.base import Kind, require_staff


class EmergencyAccess(Kind):
    """To those responsible: a colleague used emergency access."""

    name = "emergency-access"
    subject = _("Please sign in: something is new")
    label = _("Notice: emergency access")

    def may_go(self, email, person, now):
        require_staff(person)
