"""Hand a therapist's device to a client for a single task.

Handing it over signs the therapist out, so none of their pages can be reached. The
client then signs in as themselves; until the task is done, this sign-in opens one page
only.
"""

from __future__ import annotations

from django.contrib.auth import logout
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User

# in the session after the task: therapist's name, URL to return to
GIVEN_BACK = "given_back"
# in the session: client, therapist, the page, and the URL to return to
HANDED = "handed"


def hand_over(request, to: User, *, page: str, back: str) -> None:
    """Sign the current user out and store which page the next sign-in may open."""
    said = {"to": str(to.pk), "from": request.user.name, "page": page, "back": back}
    logout(request)
    request.session[HANDED] = said


def handed(request) -> dict | None:
    """What this device was handed over for, or None."""
    return request.session.get(HANDED)


def is_for(request, user) -> bool:
    said = handed(request)
    return bool(said and said["to"] == str(user.pk))


def during_one_act(view):
    """Mark a view as reachable during a handover: help, leaving, signing out."""
    view.during_one_act = True
    return view


def give_back(request):
    """End the handover: sign the client out and say whom to return the device to."""
    said = handed(request) or {}
    logout(request)
    request.session[GIVEN_BACK] = {
        "from": said.get("from", ""),
        "back": said.get("back", reverse("start")),
    }
    return redirect("handed-back")
