from __future__ import annotations

from datetime import time

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from digests.kinds.base import DROPPED, Stopped, require_joined
from digests.kinds.weekly import WeeklyKind
from digests.schedule import Weekly


class TherapistDigest(WeeklyKind):
    """To a therapist: the page of the past week."""

    name = "therapist-digest"
    subject = _("Your week is ready")
    label = _("Therapist’s weekly digest")
    due = Weekly(1, time(7), about=-1)

    def readers(self):
        return Q(is_therapist=True)

    def may_go(self, email, person, now):
        require_joined(person)
        if not person.is_therapist:
            raise Stopped(DROPPED, "inactive")
        return self.page_if_due(email, person, now)

    def link(self, email, person, about):
        return reverse("digest", args=[about.pk])
