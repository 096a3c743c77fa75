"""Quick exit: leave the page first, then sign out."""

from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts.decorators import signed_in_required
from accounts.device_handover import during_one_act

AWAY = "https://www.bbc.co.uk/weather"


@during_one_act
@signed_in_required
@require_POST
def leave(request):
    """End the session, whoever owns the device, and leave nothing behind on it.

    With JavaScript the page has already navigated away and ignores the response;
    without it, a neutral page redirects at once. "Back" then finds a sign-in page.
    """
    logout(request)
    if "text/html" in request.headers.get("Accept", ""):
        response = render(request, "portal/left.html", {"away": AWAY})
        response["Refresh"] = f"0; url={AWAY}"
    else:
        response = HttpResponse(status=204)
    response["Clear-Site-Data"] = '"storage"'
    return response
