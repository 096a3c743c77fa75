from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import addresses
from accounts.models import AddressChange
from digests.kinds.account_exists import AccountExists
from digests.kinds.base import DROPPED, Kind, Stopped, moment, require_joined


class AddressConfirm(Kind):
    """To the new address of an address change, while the link is valid."""

    name = "address-confirm"
    subject = _("Confirm your email address")
    label = _("Link to confirm an email address")

    def may_go(self, email, person, now):
        changes = AddressChange.objects.visible_to(person).open()
        change = changes.filter(pk=email.about, email=email.address).first()
        if change is None:
            raise Stopped(DROPPED, "link closed")
        owner = addresses.owner_of(email.address, person)
        if owner and not owner.is_active:
            raise Stopped(DROPPED, "inactive")
        if owner:
            require_joined(owner)
        return change

    def said_as(self, email, person):
        """An address that another account uses gets no link; its owner is notified
        instead.

        Decided here, so that the person who asked cannot tell.
        """
        if addresses.owner_of(email.address, person):
            return AccountExists()
        return self

    def link(self, email, person, about):
        return reverse("address-link", args=[addresses.token(about.pk)])

    def words(self, email, person, about):
        return {"expires": moment(about.expires_at)}
