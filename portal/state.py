"""Portal access of the current client: full, read-only, or (some time after discharge)
none."""

from functools import wraps

from django.shortcuts import render

from accounts import decorators, errors
from clients.access import reach
from clients.sides import CLIENTS, bound


def _while_open(view, *, writes):
    @wraps(view)
    def inside(request, *args, **kwargs):
        mine = reach(request.user)
        request.reading = mine.own_until
        if mine.own is None:
            context = {"nav": "", "typed": errors.shown(request)}
            return render(request, "portal/closed.html", context, status=403)
        if writes and request.reading:
            context = {"nav": "", "typed": errors.shown(request)}
            return render(request, "portal/for_reading.html", context, status=403)
        return view(request, *args, **kwargs)

    inside.writes_into_record = writes
    return inside


def client_required(view):
    """Decorator for a client's page, also read-only after discharge."""
    return decorators.client_required(_while_open(view, writes=False))


def client_writes_required(view):
    """Decorator for a client's page that writes into the record."""
    return decorators.client_required(_while_open(view, writes=True))


def for_client(view):
    """The client's side of an `either_side` view."""
    guard = client_required if view.only_reads else client_writes_required
    return guard(bound(view, CLIENTS))
