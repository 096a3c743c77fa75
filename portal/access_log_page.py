"""Who viewed a record, as text: one line per person and day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, Max, QuerySet, Value
from django.db.models.functions import Concat, TruncDate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts import people
from accounts.models import User
from clients.care_page import when_words
from clients.models import CareRole, CareRoleRequest, EmergencyReason
from clients.record_access import looks_at

ROLES = {
    "primary": _("your therapist"),
    "co_therapist": _("your co-therapist"),
    "supervisor": _("your therapist’s supervisor"),
    "cover": _("covering for your therapist"),
    "emergency": _("emergency access, for four hours at most"),
    "admin": _("practice administrator"),
}
KINDS = {
    "opened:client": ngettext_lazy(
        "Viewed your summary", "Viewed your summary, %(times)s times", "times"
    ),
    "opened:goal": ngettext_lazy(
        "Opened a goal", "Opened your goals, %(times)s times", "times"
    ),
    "opened:therapysession": ngettext_lazy(
        "Opened a session", "Opened your sessions, %(times)s times", "times"
    ),
    "opened:correction": ngettext_lazy(
        "Opened a correction you asked for",
        "Opened corrections you asked for, %(times)s times",
        "times",
    ),
    "opened:progressnote": ngettext_lazy(
        "Opened a session note", "Opened session notes, %(times)s times", "times"
    ),
}
VERBS = {
    "emergency": ngettext_lazy(
        "Opened your record in an emergency",
        "Opened your record in an emergency, %(times)s times",
        "times",
    ),
    "opened": ngettext_lazy(
        "Opened a part of your record",
        "Opened parts of your record, %(times)s times",
        "times",
    ),
    "exported": ngettext_lazy(
        "Exported from your record",
        "Exported from your record, %(times)s times",
        "times",
    ),
    "printed": ngettext_lazy(
        "Printed from your record", "Printed from your record, %(times)s times", "times"
    ),
}


@dataclass(frozen=True)
class Looking:
    """One person on one day: the latest time, and what was opened how often."""

    at: datetime
    name: str
    role: str
    times: int
    lines: list[str]
    reasons: list[str]


def days_of_looking(user: User) -> QuerySet:
    """One row per person, role and day in the reader's time zone, newest first."""
    rows = looks_at(user).order_by()
    return (
        rows.annotate(day=TruncDate("at", tzinfo=user.zone))
        .values("day", "actor_id", "role")
        .annotate(
            last=Max("at"),
            times=Count("pk"),
            kinds=ArrayAgg(Concat(F("verb"), Value(":"), F("kind"))),
            reasons=ArrayAgg("reason", distinct=True),
        )
        .order_by("-last", "actor_id", "role", "-day")
    )


def in_words(rows, user: User) -> list[Looking]:
    rows = list(rows)
    reasons = _emergency_reasons(rows, user)
    names = people.named_in_record(row["actor_id"] for row in rows)
    return [_said(row, names, reasons) for row in rows]


def _emergency_reasons(rows, user: User) -> dict[tuple, list[str]]:
    """By person and day, for days with emergency access."""
    whose = {row["actor_id"] for row in rows if row["role"] == "emergency"}
    if not whose:
        return {}
    found = EmergencyReason.objects.visible_to(user).filter(by__in=whose)
    reasons: dict[tuple, list[str]] = {}
    for reason in found.select_related("role").order_by("role__starts_at", "pk"):
        ran = (reason.role.starts_at, reason.role.ends_at)
        for day in {at.astimezone(user.zone).date() for at in ran}:
            reasons.setdefault((reason.by_id, day), []).append(reason.words)
    return reasons


def _said(row, names, reasons) -> Looking:
    said = [reason for reason in row["reasons"] if reason]
    if row["role"] == "emergency":
        said += reasons.get((row["actor_id"], row["day"]), [])
    return Looking(
        at=row["last"],
        name=names.get(row["actor_id"], _("Someone at the practice")),
        role=ROLES.get(row["role"], ""),
        times=row["times"],
        lines=[_line(kind, times) for kind, times in _counted(row["kinds"])],
        reasons=said,
    )


def _counted(kinds: list[str]) -> list[tuple[str, int]]:
    """Most frequent first; ties by name."""
    return sorted(Counter(kinds).items(), key=lambda one: (-one[1], one[0]))


@dataclass(frozen=True)
class Holder:
    """Someone who can open the record, in which role, and from when to when."""

    name: str
    role: str
    when: str


def holders(user: User) -> list[Holder]:
    """Who can open one's record now or later, as text."""
    roles = CareRole.objects.visible_to(user).not_ended().select_related("user")
    found = sorted(
        roles.order_by("starts_at", "pk"), key=lambda role: role.kind != "primary"
    )
    return [_holder(role, user) for role in found]


def waiting(user: User) -> list[Holder]:
    """Who could open it once one's therapist has confirmed."""
    rows = CareRoleRequest.objects.visible_to(user).waiting().select_related("user")
    return [
        Holder(row.user.name, ROLES.get(row.kind, ""), "")
        for row in rows.order_by("asked_at", "pk")
    ]


def _holder(role: CareRole, user: User) -> Holder:
    first = role.starts_at.astimezone(user.zone).date()
    last = role.ends_at and role.ends_at - timedelta(microseconds=1)
    until = last and last.astimezone(user.zone).date()
    when = when_words(first, until, user.today())
    return Holder(role.user.name, ROLES.get(role.kind, ""), when)


def _line(kind: str, times: int) -> str:
    words = KINDS.get(kind) or VERBS[kind.partition(":")[0]]
    return words % {"times": times}
