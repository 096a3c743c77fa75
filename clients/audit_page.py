"""The audit log for admins: who did what kind of thing, when and from where.

Contains no clinical content. The text of each verb is declared in the module that
writes it (accounts/audit.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.audit import KINDS, VERBS, Sort
from accounts.models import AuditEvent, User
from clients import apart
from clients.models import Client


@dataclass(frozen=True)
class AuditLine:
    at: datetime
    who: str
    sort: str
    what: str
    of: str
    whence: str
    is_refusal: bool


def events(by: User, said: dict) -> models.QuerySet:
    """The practice's events that match the filter, newest first."""
    if not by.is_admin:
        return AuditEvent.objects.none()
    rows = AuditEvent.objects.visible_to(by).order_by("-at", "-pk")
    if said.get("who"):
        rows = rows.filter(actor_id=said["who"].pk)
    if said.get("sort"):
        verbs = [name for name, verb in VERBS.items() if verb.sort == said["sort"]]
        rows = rows.filter(verb__in=verbs)
    if said.get("since"):
        rows = rows.filter(at__gte=said["since"])
    if said.get("until"):
        rows = rows.filter(at__lt=said["until"])
    if said.get("client"):
        found = Client.objects.directory_of(by).named(said["client"])
        rows = rows.filter(client_id__in=found.values("pk"))
    return rows


def in_words(rows: Iterable[AuditEvent], by: User) -> list[AuditLine]:
    """As readable lines with people's names; two queries for any number of rows."""
    rows = list(rows)
    people = dict(
        User.objects.visible_to(by)
        .filter(pk__in={pk for row in rows for pk in _people(row)})
        .values_list("pk", "name")
    )
    clients = (
        Client.objects.directory_of(by)
        .select_related("user")
        .in_bulk({row.client_id for row in rows if row.client_id})
    )
    hints = apart.hints(clients.values())
    names = {pk: apart.name_of(client, hints) for pk, client in clients.items()}
    return [_line(row, people, names) for row in rows]


def what(verb: str) -> str:
    """The text for a verb, without who and when."""
    return str(VERBS[verb].words) if verb in VERBS else verb.capitalize()


def _other(row: AuditEvent) -> UUID | None:
    """The other person that the event is about."""
    if row.kind == "user":
        return row.object_id if row.object_id != row.actor_id else None
    said = row.detail.get("person") or row.detail.get("therapist")
    return UUID(said) if said and said != str(row.actor_id) else None


def _people(row: AuditEvent) -> set[UUID]:
    return {pk for pk in (row.actor_id, _other(row)) if pk}


def _nobody(row: AuditEvent):
    if row.role == "operator":
        return _("Server operator")
    return _("Not signed in")


def _line(row, people, names) -> AuditLine:
    sort, words = VERBS.get(row.verb, (None, row.verb.capitalize()))
    if row.verb == "opened":
        words = KINDS.get(row.kind, words)
    of = [names.get(row.client_id, ""), people.get(_other(row), "")]
    return AuditLine(
        at=row.at,
        who=people.get(row.actor_id) or str(_nobody(row)),
        sort=str(sort.label if sort else _("Other")),
        what=str(words),
        of=", ".join(filter(None, of)),
        whence=row.address or "",
        is_refusal=sort == Sort.REFUSED,
    )
