"""A therapist's device in a client's hands, for one act and nothing else.

Handing it over signs the therapist out, so nothing of theirs can be reached.  The
client then signs in as themselves; until the act is done this opens one page alone.
"""

from __future__ import annotations

from django.contrib.auth import logout
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User

GIVEN_BACK = "given_back"  # in the session, once the act is done: whose, and where to
HANDED = "handed"  # in the session: to whom, from whom, for which page, and then where


def hand_over(request, to: User, *, page: str, back: str) -> None:
    """Sign whoever asks out here, and remember what the next one signs in for."""
    said = {"to": str(to.pk), "from": request.user.name, "page": page, "back": back}
    logout(request)
    request.session[HANDED] = said


def handed(request) -> dict | None:
    """What this device was handed over for; None if it was not."""
    return request.session.get(HANDED)


def is_for(request, user) -> bool:
    said = handed(request)
    return bool(said and said["to"] == str(user.pk))


def during_one_act(view):
    """Reachable for who signed in for one act: help, leaving, signing out."""
    view.during_one_act = True
    return view


def give_back(request):
    """The act is done: sign the client out, and say whom the device goes back to."""
    said = handed(request) or {}
    logout(request)
    request.session[GIVEN_BACK] = {
        "from": said.get("from", ""),
        "back": said.get("back", reverse("start")),
    }
    return redirect("handed-back")
