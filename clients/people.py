"""What the admin's lists show: names, roles and counts, prepared in few queries."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Invitation, User
from clients import access
from clients.models import CareRole, Client

UNUSED = timedelta(days=60)
STATES = {  # what the list of people can be filtered by
    "active": _("Active"),
    "unused": _("Unused for 60 days"),
    "invited": _("Not joined"),
    "closed": _("Closed"),
}


def in_state(state: str) -> Q:
    joined = Q(is_active=True, joined_at__isnull=False)
    return {
        "active": joined,
        "unused": joined & Q(seen_at__lt=timezone.now() - UNUSED),
        "invited": Q(is_active=True, joined_at=None),
        "closed": Q(is_active=False),
    }.get(state, Q())


def _staff_of(by: User) -> QuerySet:
    seen_at = Coalesce("last_login", "joined_at")
    return User.objects.visible_to(by).staff().annotate(seen_at=seen_at)


def staff_by_state(by: User) -> list[tuple[str, str, int]]:
    """Each state's name, words and number; one query."""
    counts = {state: Count("pk", filter=in_state(state)) for state in STATES}
    found = _staff_of(by).aggregate(**counts)
    return [(state, words, found[state]) for state, words in STATES.items()]


def staff(by: User, text: str, state: str = "") -> QuerySet:
    open_link = Invitation.objects.filter(user=OuterRef("pk")).open()
    treats = Q(care_roles__kind=CareRole.Kind.PRIMARY, care_roles__ends_at=None)
    found = _staff_of(by).filter(in_state(state))
    if text:
        found = found.filter(Q(name__icontains=text) | Q(email__icontains=text))
    return found.annotate(
        clients_now=Count("care_roles", filter=treats),
        link_ends=Subquery(open_link.values("expires_at")[:1]),
        link_id=Subquery(open_link.values("pk")[:1]),
        is_unused=in_state("unused"),
    ).order_by(Lower("name"))


def clients(by: User, text: str) -> QuerySet:
    """The directory: no clinical column is touched."""
    open_link = Invitation.objects.filter(user=OuterRef("user_id")).open()
    current = CareRole.objects.filter(client=OuterRef("pk")).primary()
    current = current.filter(access.currently())
    running = CareRole.objects.filter(client=OuterRef("pk"), kind="emergency").current()
    found = Client.objects.directory_of(by)
    for word in text.split():
        named = Q(preferred_name__icontains=word) | Q(family_name__icontains=word)
        found = found.filter(
            named | Q(email__icontains=word) | Q(user__email__icontains=word)
        )
    return (
        found.select_related("user")
        .annotate(
            emergency=Exists(running),
            therapist=Subquery(current.values("user__name")[:1]),
            link_ends=Subquery(open_link.values("expires_at")[:1]),
            link_id=Subquery(open_link.values("pk")[:1]),
            joined=F("user__joined_at"),
        )
        .by_name()
    )
