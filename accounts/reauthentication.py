"""Reauthentication: when the user of this browser last confirmed their identity.

Sensitive actions (export, emergency access, a new address, a new sign-in method)
require it within the last five minutes.
"""

import time
from functools import wraps
from urllib.parse import urlsplit

from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts import errors

FRESH = 5 * 60  # seconds
PROVED_AT = "proved_at"  # in the session, seconds since the epoch


def proved(request) -> None:
    """Record that the user authenticated just now: at sign-in and each time after."""
    request.session[PROVED_AT] = int(time.time())


def is_fresh(request) -> bool:
    return time.time() - request.session.get(PROVED_AT, 0) < FRESH


def fresh_proof_required(view):
    """Require recent reauthentication. Goes below the audience decorator.

    A form that is sent too late is shown again with its text.

    ::

        @therapist_required
        @fresh_proof_required
        def emergency(request, client_id): ...
    """

    @wraps(view)
    def proving(request, *args, **kwargs):
        if is_fresh(request):
            return view(request, *args, **kwargs)
        if request.method == "POST" and errors.typed(request):
            return errors.proof_wanted(request, back(request))
        asked = urlencode({"next": back(request)})
        return redirect(f"{reverse('prove')}?{asked}")

    return proving


def admins_prove_to_send(view):
    """Require it for forms that an admin sends, not for the page or other people."""

    proving = fresh_proof_required(view)

    @wraps(view)
    def asking(request, *args, **kwargs):
        if request.method == "POST" and request.user.is_admin:
            return proving(request, *args, **kwargs)
        return view(request, *args, **kwargs)

    return asking


def back(request) -> str:
    """Where to continue afterwards: the requested page, or the page with the button."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    if request.method == "POST" and came_from.netloc == request.get_host():
        return came_from._replace(scheme="", netloc="", fragment="").geturl()
    return request.get_full_path()
