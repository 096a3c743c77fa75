from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from clients.models import CareRoleRequest
from digests.kinds.base import DROPPED, Kind, Stopped, require_staff


class CareRoleQuestion(Kind):
    """To the primary therapist: an admin asks for a care role, still pending."""

    name = "care-role-question"
    subject = _("Please sign in: your answer is needed")
    label = _("A care role needs confirmation")
    reasons = {"decided": _("Decided before the email was sent")}

    def may_go(self, email, person, now):
        require_staff(person)
        waits = CareRoleRequest.objects.decidable_by(person).filter(pk=email.about)
        if not waits.exists():
            raise Stopped(DROPPED, "decided")
