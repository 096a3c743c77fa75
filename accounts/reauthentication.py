"""When this browser's person last proved who they are, by any of their ways in.

What cannot be taken back (export, emergency access, another address, another factor)
wants a proof of the last five minutes, whoever sits at the keyboard now.
"""

import time
from functools import wraps
from urllib.parse import urlsplit

from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts import errors

FRESH = 5 * 60  # seconds
PROVED_AT = "proved_at"  # in the session, as seconds since 1970


def proved(request) -> None:
    """Remember that they just did: at sign-in, and each time they are asked again."""
    request.session[PROVED_AT] = int(time.time())


def is_fresh(request) -> bool:
    return time.time() - request.session.get(PROVED_AT, 0) < FRESH


def fresh_proof_required(view):
    """Ask again first.  Stands below the audience; a form sent too late loses no word.

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
    """The same for what an admin sends; the page itself, and others, need no proof."""

    proving = fresh_proof_required(view)

    @wraps(view)
    def asking(request, *args, **kwargs):
        if request.method == "POST" and request.user.is_admin:
            return proving(request, *args, **kwargs)
        return view(request, *args, **kwargs)

    return asking


def back(request) -> str:
    """Where to go on afterwards: what was asked for, or the page whose button was
    pressed, since nobody can be led to the press itself."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    if request.method == "POST" and came_from.netloc == request.get_host():
        return came_from._replace(scheme="", netloc="", fragment="").geturl()
    return request.get_full_path()
