"""The client's whole way, to read and to take along on paper."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from goals.ways import CLIENTS
from overview.goal_progress_page import GoalProgressPage
from overview.timeline_views import journey_context
from portal.own import own_client
from portal.state import client_required


@client_required
@require_safe
def journey(request):
    return _shown(request, "opened")


@client_required
@require_safe
def progress(request):
    client = own_client(request.user)
    context = {"nav": "goals", "names": CLIENTS, "is_portal": True}
    context["progress"] = GoalProgressPage(client, request.user)
    return render(request, "portal/progress.html", context)


@client_required
@require_safe
def journey_print(request):
    return _shown(request, "printed")


def _shown(request, verb):
    context = journey_context(request, own_client(request.user), verb)
    return render(request, "portal/journey.html", context | {"nav": "more"})
