"""The rows of the caseload: one query a fact, whoever many clients there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, DateTimeField, Max, Min, Q, UUIDField
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.drawing import keys_svg
from accounts.kept import many
from accounts.templatetags.look import day, moment, status
from clients import access
from clients.kept import kept_for_person
from clients.models import Client
from goals import charts
from goals.lines import Line, recent_lines
from goals.models import Goal
from goals.models.content import Side
from progress.models import TherapySession
from toolkit.models import Assignment

QUIET = timedelta(weeks=3)  # no contact for longer, and nothing booked
PRACTICE = timedelta(weeks=4)
SORTS = ("name", "next", "last", "status")
FILTERS = {
    "all": gettext_lazy("All"),
    "attention": gettext_lazy("Needs attention"),
    "early": gettext_lazy("Too early to say"),
    "paused": gettext_lazy("Paused"),
    "supervised": gettext_lazy("Supervised"),
    "discharged": gettext_lazy("Discharged"),
}
# What one is towards a client, where it is not primary therapist.
ROLES = {
    "co_therapist": gettext_lazy("co-therapist"),
    "cover": gettext_lazy("you stand in"),
    "supervisor": gettext_lazy("you supervise"),
    "emergency": gettext_lazy("emergency access"),
}


@dataclass
class Row:
    """One client as the caseload shows them, ready for the template."""

    id: UUID
    name: str
    pronouns: str
    address: str
    role: str  # what one is towards them
    status: str  # "key", "no_contact", "paused", "discharged", "early" or ""
    next_at: datetime | None
    last_at: datetime | None
    spark: SafeString
    rating: int | None
    has_goal: bool
    practice_done: int
    practice_total: int

    @property
    def shown_status(self) -> SafeString:
        """Word and shape; a plain state gets neither."""
        if self.status == "key":
            waits = keys_svg(True, False, mini=True, label=_("One key of two"))
            return format_html(
                '<span class="status">{} {}</span>', waits, _("Your key")
            )
        return status(self.status) if self.status else SafeString()

    @property
    def next_words(self):
        return moment(self.next_at) if self.next_at else _("None booked")

    @property
    def last_words(self):
        return day(self.last_at) if self.last_at else _("Not yet")

    @property
    def goal_words(self) -> SafeString:
        if self.rating is not None:
            return format_html(
                '<span class="pair">{}<b>{}</b></span>', self.spark, self.rating
            )
        words = _("Not rated") if self.has_goal else _("No goal yet")
        return format_html('<span class="muted">{}</span>', words)

    @property
    def practice_words(self) -> SafeString:
        if not self.practice_total:
            return format_html('<span class="muted">{}</span>', _("None set"))
        said = {"done": self.practice_done, "total": self.practice_total}
        words = mark_safe(_("<b>%(done)s</b> of %(total)s") % said)  # two numbers
        return format_html('<span class="frac">{}</span>', words)

    @property
    def role_words(self) -> str:
        return ROLES.get(self.role, "")

    @property
    def needs_attention(self) -> bool:
        return self.status in ("key", "no_contact")


ORDER = ["key", "no_contact", "", "early", "paused", "discharged"]


def rows(user, text: str = "") -> list[Row]:
    """The clients in one's care whose name has every word of `text`."""
    words = [f" {word.casefold()}" for word in text.split()]
    clients = [
        client
        for client in _in_care(user)
        if all(word in f" {client.name.casefold()}" for word in words)
    ]
    facts = Facts(clients, user)
    return [facts.row(client) for client in clients]


SHOWN = ["preferred_name", "family_name", "pronouns", "state", "created_at"]


@kept_for_person()
def _in_care(user):
    return Client.objects.visible_to(user).by_name().only(*SHOWN)


CLIENTS = {"clients": many(UUIDField())}


@kept_for_person(**CLIENTS, now=DateTimeField())
def _next_and_last(user, clients, now):
    coming = Q(state="planned", ends_at__gt=now)
    rows = TherapySession.objects.visible_to(user).filter(client_id=clients)
    return rows.values_list("client_id").order_by().annotate(
        next=Min("starts_at", filter=coming),
        last=Max("starts_at", filter=Q(state="held")),
    )  # fmt: skip


@kept_for_person(**CLIENTS)
def _waiting(user, clients):
    rows = Goal.objects.visible_to(user).filter(client_id=clients)
    return rows.waiting_for(Side.THERAPIST).values_list("client_id", flat=True)


@kept_for_person(**CLIENTS, since=DateTimeField())
def _practice(user, clients, since):
    rows = Assignment.objects.visible_to(user).filter(client_id=clients)
    return rows.filter(set_at__gt=since).values_list("client_id").annotate(
        total=Count("pk"), done=Count("pk", filter=Q(answer__in=["did", "some"])),
    )  # fmt: skip


class Facts:
    """What is known of these clients, read once for all of them, if it is shown."""

    def __init__(self, clients: list[Client], user):
        ids = [client.pk for client in clients]
        self.ids, self.user, self.now = ids, user, timezone.now()
        # Whom one treats; who supervises is asked for no key and books nothing.
        self.mine = set(access.reach(user).writes)
        sessions = _next_and_last(user, clients=ids, now=self.now)
        self.next, self.last = {}, {}
        for client_id, following, last in sessions:
            self.next |= {client_id: following} if following else {}
            self.last |= {client_id: last} if last else {}
        self.waiting = set(_waiting(user, clients=ids))

    @cached_property
    def lines(self) -> dict[UUID, list[Line]]:
        return recent_lines(self.ids)

    @cached_property
    def practice(self) -> dict[UUID, tuple[int, int]]:
        """How much of the last weeks' practice was done, of how much."""
        since = self.now - PRACTICE
        counted = _practice(self.user, clients=self.ids, since=since)
        return {pk: (done, total) for pk, total, done in counted}

    def row(self, client: Client) -> Row:
        lines = self.lines.get(client.pk, [])
        shown = max(lines, key=_when, default=None)
        done, total = self.practice.get(client.pk, (0, 0))
        return Row(
            id=client.pk,
            name=client.name,
            pronouns=client.pronouns,
            address=reverse("client", args=[client.pk]),
            role=access.role_towards(self.user, client.pk),
            status=self.status(client, lines),
            next_at=self.next.get(client.pk),
            last_at=self.last.get(client.pk),
            spark=charts.sparkline(shown.ratings) if shown else SafeString(),
            rating=shown.last if shown else None,
            has_goal=bool(lines),
            practice_done=done,
            practice_total=total,
        )

    def status(self, client: Client, lines: list[Line]) -> str:
        if client.state in (Client.State.PAUSED, Client.State.DISCHARGED):
            return client.state
        if client.pk in self.mine and client.pk in self.waiting:
            return "key"
        if client.pk in self.mine and self.is_quiet(client):
            return "no_contact"
        enough = any(len(line.ratings) >= charts.ENOUGH for line in lines)
        return "" if enough else "early"

    def is_quiet(self, client: Client) -> bool:
        """Nothing booked, and nothing happened for three weeks."""
        since = self.last.get(client.pk, client.created_at)
        return client.pk not in self.next and since < self.now - QUIET


def _when(line: Line):
    return (line.last_at is not None, line.last_at)


def chosen(found: list[Row], which: str) -> list[Row]:
    """Who was discharged stands in a list of their own, unless they are looked for."""
    if which == "discharged":
        return [row for row in found if row.status == "discharged"]
    found = [row for row in found if row.status != "discharged"]
    if which == "supervised":
        return [row for row in found if row.role == "supervisor"]
    if which == "attention":
        return [row for row in found if row.needs_attention]
    if which in ("early", "paused"):
        return [row for row in found if row.status == which]
    return found


def ordered(found: list[Row], by: str) -> list[Row]:
    """By name as they came; what is not booked or never was, comes last."""
    if by == "next":
        return sorted(found, key=lambda row: (row.next_at is None, row.next_at or 0))
    if by == "last":
        return sorted(found, key=lambda row: (row.last_at is None, row.last_at or 0))
    if by == "status":
        return sorted(found, key=lambda row: ORDER.index(row.status))
    return found


def counts(found: list[Row]) -> list[tuple[str, str, int]]:
    """Each filter with how many it shows; the heading counts the same list."""
    many = {key: len(chosen(found, key)) for key in FILTERS}
    return [
        (key, str(label), many[key])
        for key, label in FILTERS.items()
        if many[key] or key not in ("supervised", "discharged")
    ]


def heads() -> list[tuple[str, str]]:
    """The columns: how to sort by one ("" where one cannot), and what it is called."""
    return [
        ("name", _("Client")),
        ("status", _("Status")),
        ("next", _("Next session")),
        ("", _("Goals, 0 to 10")),
        ("", _("Practice")),
        ("last", _("Last contact")),
    ]
