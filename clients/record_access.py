"""The only way to load a record's row for display: it records who looked.

Who opened it, as what, and when. A view that shows something of a client loads its row
with `open_for`, or passes a row found otherwise to `shown`; a test requests every URL
and fails for a page that wrote no row (tests/test_who_looked.py). A view that only
writes needs neither: its action has its own audit row.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.decorators import if_a_page
from accounts.models import AuditEvent
from clients import apart, record_rate_limit, signals
from clients.access import reach, role_towards
from clients.models import Client

audit.verb("opened", audit.Sort.OPENED, _("Part of the record"))
audit.verb("exported", audit.Sort.EXPORTED, _("From the record"))
audit.verb("printed", audit.Sort.EXPORTED, _("A printout from the record"))

LOOKS = ("opened", "exported", "printed", "emergency")


def open_for(request, rows: Iterable, *, verb: str = "opened", **wanted):
    """One of `rows` (what the user may see) or 404; recorded as opened.

    `rows` is a queryset or the result of a prepared query; `verb` is one of LOOKS. A
    page whose audit row cannot be written is not shown. For a submitted form the look
    is recorded only if the response is a page, not a redirect.
    """
    if isinstance(rows, models.QuerySet):
        if rows.model is Client:  # needed by the page header, which would load it again
            rows = apart.with_shares_name(rows, client="")
        found = get_object_or_404(rows, **wanted)
    else:
        found = next(iter(rows), None)
        if found is None:
            raise Http404
    shown(request, found, verb)
    return found


def open_client(request, rows: models.QuerySet, client_id, *, verb: str = "opened"):
    """The client in the URL; in the portal, whose URLs contain none, the user's own."""
    wanted = {} if client_id is None else {"pk": client_id}
    return open_for(request, rows, verb=verb, **wanted)


def shown(request, row: models.Model, verb: str = "opened") -> None:
    """The same for a row that was found otherwise."""
    if request.method == "POST":
        if_a_page(request, lambda: opened(row, request.user, verb))
    else:
        opened(row, request.user, verb)


def opened(row: models.Model, user, verb: str = "opened") -> None:
    """Record the opening; raise TooFast above the rate limit."""
    looks = audit.record_look(verb, about=row, role=role_towards(user, row.client_id))
    if looks > record_rate_limit.A_MINUTE:
        raise record_rate_limit.TooFast
    if verb == "opened" and getattr(row, "is_told", False):
        signals.was_opened(row, user)


def looks_at(user) -> models.QuerySet:
    """Each time another person opened the user's own record, newest first."""
    own = reach(user).own
    looks = AuditEvent.objects.filter(client_id=own, verb__in=LOOKS)
    if own is None:
        return looks.none()
    return looks.exclude(actor_id=user.pk).order_by("-at", "-pk")
