"""A client's timeline, to read and to print, and goal progress, for both sides.

Each is recorded as a look.
"""

from __future__ import annotations

from django.utils import timezone
from django.views.decorators.http import require_safe

from clients import access
from clients.models import Client
from clients.record_access import open_client
from clients.sides import SidePages, either_side
from overview.goal_progress_page import GoalProgressPage
from overview.timeline_page import TimelinePage


@either_side(only_reads=True)
@require_safe
def progress(request, side: SidePages, client_id=None):
    rows = Client.objects.visible_to(request.user).select_related("user")
    client = open_client(request, rows, client_id)
    context = {
        "client": client,
        "nav": "goals",
        "writes": client.pk in access.reach(request.user).writes,
        "progress": GoalProgressPage(client, request.user),
    }
    return side.page(request, "overview/progress", **context)


@either_side(only_reads=True)
@require_safe
def journey(request, side: SidePages, client_id=None, verb="opened"):
    """`verb` is "opened" or "printed"."""
    rows = Client.objects.visible_to(request.user).select_related("user")
    client = open_client(request, rows, client_id, verb=verb)
    since, with_notes = request.GET.get("since", ""), request.GET.get("notes") == "1"
    timeline = TimelinePage(client, request.user, since, with_notes=with_notes)
    context = {
        "client": client,
        "nav": "more",
        "journey": timeline,
        "chart": timeline.chart(),
        "printing": verb == "printed",
        "now": timezone.now(),
    }
    return side.page(request, "overview/journey", **context)
