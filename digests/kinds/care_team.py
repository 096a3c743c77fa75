from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from digests.kinds.base import Kind


class CareTeam(Kind):
    """To the client: a care role is requested, assigned or ended, or the primary
    changes."""

    name = "care-team"
    subject = _("Please sign in: something is changing")
    label = _("Notice: a change in the care team")
