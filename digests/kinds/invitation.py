from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import invitations
from accounts.models import Invitation
from digests.kinds.base import DROPPED, Kind, Stopped, moment


class InvitationEmail(Kind):
    """To an invited person, while the link is valid."""

    name = "invitation"
    subject = _("Your invitation")
    label = _("Invitation")
    reasons = {"joined already": _("Already joined")}

    def may_go(self, email, person, now):
        if person.joined_at:
            raise Stopped(DROPPED, "joined already")
        row = Invitation.objects.filter(pk=email.about, user=person).first()
        if row is None or not row.is_open:
            raise Stopped(DROPPED, "link closed")
        return row

    def link(self, email, person, about):
        return reverse("join-link", args=[invitations.token(about.pk)])

    def words(self, email, person, about):
        return {"expires": moment(about.expires_at)}
