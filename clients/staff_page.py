"""What the admin's lists show: names, roles and counts, prepared in few queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from accounts.models import Invitation, User
from clients import access
from clients.models import CareRole, CareRoleRequest, Client
from ui.email_addresses import readable, to_search
from ui.names import name_key
from ui.templatetags.ui import moment, use

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
    heads = tuple(map(str, (_("State"), _("Roles"), _("Clients"), _("Last here"))))
    return [StaffRow(person, by, heads) for person in people]


@dataclass(frozen=True)
class StaffRow:
    """One who works here as the list shows them; a page has a hundred."""

    person: User
    by: User  # who reads the list
    heads: tuple[str, ...]  # of the columns, which a narrow screen writes beside each

    @property
    def cells(self) -> SafeString:
        """All but the last: a template takes long over a hundred times five."""
        state, roles, clients, last = self.heads
        person = self.person
        return format_html(
            '<th scope="row"><span><a class="name" href="{}">{}</a>'
            '<span class="pron">{}</span></span></th>'
            '<td class="k-status" data-k="{}">{}</td><td data-k="{}">{}</td>'
            '<td data-k="{}" class="r k-n">{}</td>'
            '<td data-k="{}" class="nowrap k-last">{}</td>',
            *(reverse("person", args=[person.pk]), person.name, readable(person.email)),
            *(state, self.state, roles, self.roles, clients, self.clients),
            *(last, self.last_here),
        )

    @property
    def state(self) -> SafeString:
        person = self.person
        if person.is_active and person.is_unused:
            return format_html(
                '<span class="status off">{}{}</span>',
                use("i-alert", "i"),
                STATES["unused"],
            )
        return format_html('<span class="status bare">{}</span>', self._plain_state)

    @property
    def _plain_state(self) -> str:
        person = self.person
        if not person.is_active:
            return _("Closed")
        if person.joined_at:
            return _("Active")
        if not person.link_ends:
            return _("Not joined, no open link")
        when = moment(person.link_ends, "within")
        words = _("Invited, link ends %(when)s") % {"when": when}
        return mark_safe(words)  # a moment and our own words

    @property
    def roles(self) -> str:
        if self.person.is_admin:
            return _("Therapist, admin") if self.person.is_therapist else _("Admin")
        return _("Therapist")

    @property
    def clients(self) -> int | str:
        return self.person.clients_now if self.person.is_therapist else "–"

    @property
    def last_here(self) -> str:
        last = self.person.last_login
        return moment(last) if last else _("Not yet")

    @property
    def is_invited(self) -> bool:
        return self.person.is_active and not self.person.joined_at

    @property
    def reset(self) -> SafeString | str:
        """The way to a new sign-in, of those who have one."""
        if not self.person.is_active or self.person == self.by:
            return ""
        return format_html(
            '<a class="btn btn-sm btn-quiet" href="{}">{}'
            '<span class="sr"> {}</span></a>',
            reverse("sign-in-reset", args=[self.person.pk]),
            _("Reset sign-in"),
            self.person.name,
        )


def clients(by: User, text: str) -> QuerySet:
    """The directory: no clinical column is touched."""
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
