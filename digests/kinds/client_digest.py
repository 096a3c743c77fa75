from __future__ import annotations

from datetime import time

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clients.models import Client
from digests.kinds.base import require_joined
from digests.kinds.weekly import WeeklyKind
from digests.kinds.wishes import client_who_wants
from digests.schedule import Weekly


class ClientDigest(WeeklyKind):
    """To a client in care: the page of the coming week."""

    name = "client-digest"
    subject = _("Your week is ready")
    label = _("Client’s weekly summary")
    due = Weekly(7, time(17), about=1)
    wish = "client-digest"
    unwanted = "digest off"
    reasons = WeeklyKind.reasons | {"digest off": _("The client wants no weekly email")}

    def readers(self):
        active = ~Q(client__state=Client.State.DISCHARGED) & Q(client__isnull=False)
        return Q(is_therapist=False, is_admin=False) & active

    def may_go(self, email, person, now):
        require_joined(person)
        client_who_wants(self, person)
        return self.page_if_due(email, person, now)

    def link(self, email, person, about):
        return reverse("portal-digest", args=[about.pk])
