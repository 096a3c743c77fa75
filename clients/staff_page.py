"""The admin's lists: names, roles and counts, in few prepared queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Invitation, User
from clients import access
from clients.models import CareRole, CareRoleRequest, Client
from ui.email_addresses import to_search
from ui.names import name_key

UNUSED = timedelta(days=60)
STATES = {  # filter values of the staff list
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
    """Each state's name, label and count; one query."""
    counts = {state: Count("pk", filter=in_state(state)) for state in STATES}
    found = _staff_of(by).aggregate(**counts)
    return [(state, words, found[state]) for state, words in STATES.items()]


def staff(by: User, text: str, state: str = "") -> QuerySet:
    open_link = Invitation.objects.filter(user=OuterRef("pk")).open()
    treats = Q(care_roles__kind=CareRole.Kind.PRIMARY, care_roles__ends_at=None)
    found = _staff_of(by).filter(in_state(state))
    for word in text.split():
        named = Q(name_key__contains=name_key(word))
        found = found.filter(named | Q(email__contains=to_search(word)))
    return found.annotate(
        clients_now=Count("care_roles", filter=treats),
        link_ends=Subquery(open_link.values("expires_at")[:1]),
        link_id=Subquery(open_link.values("pk")[:1]),
        is_unused=in_state("unused"),
    ).order_by("name_key", "pk")


def staff_rows(people: Iterable[User], by: User) -> list[StaffRow]:
    return [StaffRow(person, by) for person in people]


@dataclass(frozen=True)
class StaffRow:
    """A member of staff as the list shows them; a hundred per page."""

    person: User
    by: User  # the reader of the list

    @property
    def address(self) -> str:
        return reverse("person", args=[self.person.pk])

    @property
    def is_unused(self) -> bool:
        return self.person.is_active and self.person.is_unused

    @property
    def state(self) -> str:
        """As text; '' for an open invitation, whose expiry the page shows."""
        person = self.person
        if not person.is_active:
            return _("Closed")
        if person.joined_at:
            return STATES["unused"] if person.is_unused else _("Active")
        return "" if person.link_ends else _("Not joined, no valid invitation")

    @property
    def roles(self) -> str:
        if self.person.is_admin:
            return _("Therapist, admin") if self.person.is_therapist else _("Admin")
        return _("Therapist")

    @property
    def clients(self) -> str:
        person = self.person
        return str(person.clients_now) if person.is_therapist else "–"

    @property
    def is_invited(self) -> bool:
        return self.person.is_active and not self.person.joined_at

    @property
    def can_be_reset(self) -> bool:
        """Whether there is a sign-in that this reader may reset."""
        return self.person.is_active and self.person != self.by


def clients(by: User, text: str) -> QuerySet:
    """The directory: reads no clinical column."""
    open_link = Invitation.objects.filter(user=OuterRef("user_id")).open()
    current = CareRole.objects.filter(client=OuterRef("pk")).primary()
    current = current.filter(access.currently())
    running = CareRole.objects.filter(client=OuterRef("pk"), kind="emergency").current()
    asked = CareRoleRequest.objects.filter(client=OuterRef("pk")).waiting()
    coming = CareRole.objects.filter(client=OuterRef("pk")).primary().not_ended()
    coming = coming.filter(starts_at__gt=Now()).order_by("starts_at", "pk")
    found = Client.objects.directory_of(by)
    for word in text.split():
        piece = to_search(word)
        address = Q(email__contains=piece) | Q(user__email__contains=piece)
        found = found.filter(Q(name_key__contains=name_key(word)) | address)
    return (
        found.select_related("user")
        .annotate(
            emergency=Exists(running),
            asked_for=Subquery(
                asked.order_by("asked_at", "pk").values("user__name")[:1]
            ),
            next_therapist=Subquery(coming.values("user__name")[:1]),
            next_at=Subquery(coming.values("starts_at")[:1]),
            therapist=Subquery(current.values("user__name")[:1]),
            link_ends=Subquery(open_link.values("expires_at")[:1]),
            link_id=Subquery(open_link.values("pk")[:1]),
            joined=F("user__joined_at"),
        )
        .by_name()
    )
