"""Opening a record leaves a row that the client can read: who, as what, when."""

from __future__ import annotations

from django.db import models
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts import audit
from accounts.models import AuditEvent
from clients import pace
from clients.access import reach, role_towards

LOOKS = ("opened", "exported", "printed", "emergency")


def open_record(rows: models.QuerySet, user, **wanted):
    """The one of `rows` (already what `user` may see), or 404; and that it was opened.

    A page whose row cannot be written is not shown.
    """
    found = get_object_or_404(rows, **wanted)
    opened(found, user)
    return found


def open_found(found: list, user):
    """The same where a kept query found it (clients/kept.py): the first, or 404."""
    if not found:
        raise Http404
    opened(found[0], user)
    return found[0]


def opened(row: models.Model, user, verb: str = "opened") -> None:
    """Raise TooFast where somebody opens more than anybody can read."""
    looks = audit.record_look(verb, about=row, role=role_towards(user, row.client_id))
    if looks > pace.A_MINUTE:
        raise pace.TooFast


def looks_at(user) -> models.QuerySet:
    """Every opening of one's own record by somebody else, newest first."""
    own = reach(user).own
    looks = AuditEvent.objects.filter(client_id=own, verb__in=LOOKS)
    if own is None:
        return looks.none()
    return looks.exclude(actor_id=user.pk).order_by("-at")
