from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from digests.kinds.base import Kind


class CareTeam(Kind):
    """To the client: a care role is asked for, given or ended, or another one leads."""

    name = "care-team"
    subject = _("Please sign in: something is changing")
    label = _("Notice: a change in the care team")
