"""The only way to a row of a record that is shown: it leaves a row for the client.

Who opened it, as what, when.  A view that shows something of a client loads its row
with `open_for`, or tells `shown` of a row that it found otherwise; a test walks every
address and fails for a page that left no row (tests/test_who_looked.py).  A view that
only writes needs neither: what it does has an audit row of its own.
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
    """The one of `rows` (already what the user may see) or 404; recorded as opened.

    `rows` is a queryset, or what a prepared query found; `verb` is one of LOOKS.  A
    page whose row cannot be written is not shown.  Where a form was sent, the look is
    recorded only if the answer is a page: a form that is saved and goes on was no
    further look.
    """
    if isinstance(rows, models.QuerySet):
        if rows.model is Client:  # the page's head asks, and would read it anew
            rows = apart.with_shares_name(rows, client="")
        found = get_object_or_404(rows, **wanted)
    else:
        found = next(iter(rows), None)
        if found is None:
            raise Http404
    shown(request, found, verb)
    return found


def open_client(request, rows: models.QuerySet, client_id, *, verb: str = "opened"):
    """The client of the address; in the portal, whose addresses name none, oneself."""
    wanted = {} if client_id is None else {"pk": client_id}
    return open_for(request, rows, verb=verb, **wanted)


def shown(request, row: models.Model, verb: str = "opened") -> None:
    """The same for a row that was found otherwise."""
    if request.method == "POST":
        if_a_page(request, lambda: opened(row, request.user, verb))
    else:
        opened(row, request.user, verb)


def opened(row: models.Model, user, verb: str = "opened") -> None:
    """Raise TooFast where somebody opens more than anybody can read."""
    looks = audit.record_look(verb, about=row, role=role_towards(user, row.client_id))
    if looks > record_rate_limit.A_MINUTE:
        raise record_rate_limit.TooFast
    if verb == "opened" and getattr(row, "is_told", False):
        signals.was_opened(row, user)


def looks_at(user) -> models.QuerySet:
    """Every opening of one's own record by somebody else, newest first."""
    own = reach(user).own
    looks = AuditEvent.objects.filter(client_id=own, verb__in=LOOKS)
    if own is None:
        return looks.none()
    return looks.exclude(actor_id=user.pk).order_by("-at", "-pk")
