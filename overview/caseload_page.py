"""Rows of the caseload: one query per fact, for any number of clients.

What sorts and filters is read for all clients, the rest for one page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, DateTimeField, Max, Min, Q, UUIDField, Value
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.models import TherapySession
from clients import access, apart
from clients.models import Client, Signal
from clients.prepared import prepared_for_user
from database.prepared import many
from goals.models import Goal
from goals.models.content import Side
from goals.recent_ratings import RecentRatings, rated_often, recent_lines
from goals.signal_words import CLIENT_SUGGESTS
from toolkit.models import Assignment
from ui.names import name_key
from ui.templatetags.ui import day, moment, status

A_PAGE = 100
QUIET = timedelta(weeks=3)  # no contact for longer than this, and nothing booked
PRACTICE = timedelta(weeks=4)
SORTS = ("name", "next", "last", "status")
FILTERS = {
    "all": gettext_lazy("All"),
    "attention": gettext_lazy("Proposal, suggestion or no contact"),
    "early": gettext_lazy("Too early to say"),
    "paused": gettext_lazy("Paused"),
    "supervised": gettext_lazy("Supervised"),
    "discharged": gettext_lazy("Discharged"),
}
# The user's role for a client, if not primary therapist.
ROLES = {
    "co_therapist": gettext_lazy("co-therapist"),
    "cover": gettext_lazy("you’re covering"),
    "supervisor": gettext_lazy("you supervise"),
    "emergency": gettext_lazy("emergency access"),
}


@dataclass
class Place:
    """A client among all of them: values to count, filter and sort by."""

    client: Client
    role: str  # the user's role for the client
    status: str  # one of ORDER
    next_at: datetime | None
    last_at: datetime | None

    hint: str = ""  # if another client has the same name

    @property
    def needs_attention(self) -> bool:
        return self.status in ("key", "no_contact", *CLIENT_SUGGESTS)


@dataclass(kw_only=True)
class CaseloadRow(Place):
    """One client as the caseload shows them, ready for the template."""

    spark: SafeString
    rating: str  # 0 to 10; '' without one
    rated_by: str  # the side that gave it; '' without one
    has_goal: bool
    done: str  # how often exercises were done; '' if there were none
    of_total: str

    @property
    def beside(self) -> list[str]:
        """Shown beside the name."""
        return [words for words in (self.hint, self.pronouns, self.role_words) if words]

    @property
    def name(self) -> str:
        return self.client.name

    @property
    def pronouns(self) -> str:
        return self.client.pronouns

    @property
    def address(self) -> str:
        return reverse("client", args=[self.client.pk])

    @property
    def shown_status(self) -> SafeString:
        """Label and shape; empty for an ordinary status, and for a missing agreement,
        which the page draws."""
        if self.status in CLIENT_SUGGESTS:
            return status("differ", CLIENT_SUGGESTS[self.status])
        return status(self.status) if self.status else SafeString()

    @property
    def next_words(self):
        return moment(self.next_at) if self.next_at else _("None booked")

    @property
    def last_words(self):
        return day(self.last_at) if self.last_at else _("Not yet")

    @property
    def by(self) -> str:
        """Who gave the rating."""
        return BY[self.rated_by]

    @property
    def role_words(self) -> str:
        return ROLES.get(self.role, "")


# The client's rating if there is one.
BY = {"client": gettext_lazy("client"), "therapist": gettext_lazy("therapist"),
      "list": gettext_lazy("imported list")}  # fmt: skip
ORDER = ["key", *CLIENT_SUGGESTS, "no_contact", "", "early", "paused", "discharged"]


class CaseloadPage:
    """Clients in the user's care whose name has every word of `text`, by name."""

    def __init__(self, user, text: str = ""):
        words = [f" {word}" for word in name_key(text).split()]
        clients = [
            client
            for client in _in_care(user)
            if all(word in f" {client.name_key}" for word in words)
        ]
        self.facts = Facts(clients, user)
        self.found = [self.facts.place(client) for client in clients]

    def page(self, listed: list[Place], number: str | None) -> Page:
        """One page of them with rows; the last page if the number is too high."""
        page = Paginator(listed, A_PAGE).get_page(number)
        hints = apart.among(
            (place.client for place in self.found),
            Client.objects.visible_to(self.facts.user),
        )
        for place in page.object_list:
            place.hint = hints.get(place.client.pk, "")
        page.object_list = self.facts.rows(page.object_list)
        return page


SHOWN = ["preferred_name", "family_name", "name_key", "pronouns", "state", "created_at"]


@prepared_for_user()
def _in_care(user):
    return Client.objects.visible_to(user).by_name().only(*SHOWN)


CLIENTS = {"clients": many(UUIDField())}


@prepared_for_user(**CLIENTS, now=DateTimeField())
def _next_and_last(user, clients, now):
    coming = Q(state="planned", ends_at__gt=now)
    rows = TherapySession.objects.visible_to(user).filter(client_id=clients)
    return rows.values_list("client_id").order_by().annotate(
        next=Min("starts_at", filter=coming),
        last=Max("starts_at", filter=Q(state="held")),
        over=Max("ends_at", filter=Q(state="held")),
    )  # fmt: skip


@prepared_for_user(**CLIENTS)
def _waiting(user, clients):
    """Clients with a goal that waits for the therapist: "key", or the signal kind of
    the client's suggestion for two wordings."""
    goals = Goal.objects.visible_to(user).filter(client_id=clients)
    keys = goals.waiting_for(Side.THERAPIST).annotate(kind=Value("key")).order_by()
    suggests = Signal.objects.visible_to(user).open().filter(client_id=clients)
    suggests = suggests.filter(kind__in=list(CLIENT_SUGGESTS)).order_by()
    columns = ("client_id", "kind")
    return keys.values_list(*columns).union(suggests.values_list(*columns), all=True)


@prepared_for_user(**CLIENTS, since=DateTimeField())
def _practice(user, clients, since):
    rows = Assignment.objects.visible_to(user).filter(client_id=clients)
    return rows.filter(set_at__gt=since).values_list("client_id").annotate(
        total=Count("pk"), done=Count("pk", filter=Q(answer__in=["did", "some"])),
    )  # fmt: skip


class Facts:
    """Facts about these clients, read once for all.

    If there is more than one page, ratings and exercises are read for the page only.
    """

    def __init__(self, clients: list[Client], user):
        ids = [client.pk for client in clients]
        self.ids, self.user, self.now = ids, user, timezone.now()
        # Clients one treats; a supervisor is asked for no agreement and books nothing.
        self.mine = set(access.reach(user).writes)
        sessions = _next_and_last(user, clients=ids, now=self.now)
        self.next, self.last, self.last_end = {}, {}, {}
        for client_id, following, last, over in sessions:
            self.next |= {client_id: following} if following else {}
            self.last |= {client_id: last} if last else {}
            self.last_end |= {client_id: over} if over else {}
        waiting = list(_waiting(user, clients=ids))
        self.waiting = {client_id for client_id, kind in waiting if kind == "key"}
        self.suggests = {pk: kind for pk, kind in waiting if kind != "key"}

    @property
    def is_few(self) -> bool:
        return len(self.ids) <= A_PAGE

    @cached_property
    def _all_lines(self) -> dict[UUID, list[RecentRatings]]:
        return recent_lines(self.ids)

    @cached_property
    def telling(self) -> set[UUID]:
        """Clients with a goal that has enough ratings for a trend."""
        if not self.is_few:
            return rated_often(self.ids)
        return {
            pk
            for pk, lines in self._all_lines.items()
            if any(not line.shown.is_early for line in lines)
        }

    def _practice_of(self, clients: list[UUID]) -> dict[UUID, tuple[int, int]]:
        """How many of the last weeks' exercises were done, and of how many."""
        since = self.now - PRACTICE
        counted = _practice(self.user, clients=clients, since=since)
        return {pk: (done, total) for pk, total, done in counted}

    def place(self, client: Client) -> Place:
        return Place(
            client=client,
            role=access.role_towards(self.user, client.pk),
            status=self.status(client),
            next_at=self.next.get(client.pk),
            last_at=self.last.get(client.pk),
        )

    def rows(self, places: list[Place]) -> list[CaseloadRow]:
        """For one page."""
        shown = [place.client.pk for place in places]
        lines = self._all_lines if self.is_few else recent_lines(shown)
        practice = self._practice_of(shown)
        return [
            self._row(
                place,
                lines.get(place.client.pk, []),
                practice.get(place.client.pk, (0, 0)),
            )
            for place in places
        ]

    def _row(
        self, place: Place, lines: list[RecentRatings], practice: tuple[int, int]
    ) -> CaseloadRow:
        in_effect = [line for line in lines if line.in_effect]
        shown = max(in_effect or lines, key=_when, default=None)
        done, total = practice
        return CaseloadRow(
            **vars(place),
            spark=shown.shown.spark if shown else SafeString(),
            rating=_shown(shown.last) if shown else "",
            rated_by=shown.rated_by if shown else "",
            has_goal=bool(lines),
            done=str(done) if total else "",
            of_total=_("of %(total)s") % {"total": total} if total else "",
        )

    def status(self, client: Client) -> str:
        if client.state in (Client.State.PAUSED, Client.State.DISCHARGED):
            return client.state
        if client.pk in self.mine and client.pk in self.waiting:
            return "key"
        if client.pk in self.mine and client.pk in self.suggests:
            return self.suggests[client.pk]
        if client.pk in self.mine and self.is_quiet(client):
            return "no_contact"
        return "" if client.pk in self.telling else "early"

    def is_quiet(self, client: Client) -> bool:
        """Nothing booked, and no activity for three weeks."""
        since = self.last.get(client.pk, client.created_at)
        return client.pk not in self.next and since < self.now - QUIET


def _shown(number: int | None) -> str:
    return "" if number is None else str(number)


def _when(line: RecentRatings):
    return (line.rated_at is not None, line.rated_at)


def asked(said) -> tuple[str, str]:
    """Filter and sort order from the query string."""
    which, by = said.get("show"), said.get("sort")
    return which if which in FILTERS else "all", by if by in SORTS else "name"


def chosen(found: list[Place], which: str) -> list[Place]:
    """Discharged clients are in a list of their own, unless searched for."""
    if which == "discharged":
        return [one for one in found if one.status == "discharged"]
    found = [one for one in found if one.status != "discharged"]
    if which == "supervised":
        return [one for one in found if one.role == "supervisor"]
    if which == "attention":
        return [one for one in found if one.needs_attention]
    if which in ("early", "paused"):
        return [one for one in found if one.status == which]
    return found


def ordered(found: list[Place], by: str) -> list[Place]:
    """Stable by name; clients without a booked or any session come last."""
    if by == "next":
        return sorted(found, key=lambda one: (one.next_at is None, one.next_at or 0))
    if by == "last":
        return sorted(found, key=lambda one: (one.last_at is None, one.last_at or 0))
    if by == "status":
        return sorted(found, key=lambda one: ORDER.index(one.status))
    return found


def counts(found: list[Place]) -> list[tuple[str, str, int]]:
    """Each filter with its count; the heading counts the same list."""
    many = {key: len(chosen(found, key)) for key in FILTERS}
    return [
        (key, str(label), many[key])
        for key, label in FILTERS.items()
        if many[key] or key not in ("supervised", "discharged")
    ]


HEADS = {  # column headings, which a narrow screen repeats in each row
    "name": gettext_lazy("Client"),
    "status": gettext_lazy("Status"),
    "next": gettext_lazy("Next session"),
    "goal": gettext_lazy("Latest goal rating, 0 to 10"),
    "practice": gettext_lazy("Exercises"),
    "last": gettext_lazy("Last contact"),
}
