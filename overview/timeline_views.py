"""The journey of a client, to read and to print.  Both are written down as a look."""

from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.decorators import therapist_required
from clients import access
from clients.models import Client
from clients.record_access import open_for, shown
from goals.ways import THERAPISTS
from overview.goal_progress_page import GoalProgressPage
from overview.timeline_page import TimelinePage


@therapist_required
@require_safe
def client_journey(request, client_id):
    return _shown(request, client_id, "opened")


@therapist_required
@require_safe
def client_progress(request, client_id):
    rows = Client.objects.visible_to(request.user).select_related("user")
    client = open_for(request, rows, pk=client_id)
    context = {"nav": "caseload", "client": client, "names": THERAPISTS}
    context["writes"] = client.pk in access.reach(request.user).writes
    context["progress"] = GoalProgressPage(client, request.user)
    return render(request, "overview/client_progress.html", context)


@therapist_required
@require_safe
def client_journey_print(request, client_id):
    return _shown(request, client_id, "printed")


def _shown(request, client_id, verb):
    rows = Client.objects.visible_to(request.user).select_related("user")
    client = get_object_or_404(rows, pk=client_id)
    context = journey_context(request, client, verb) | {"nav": "caseload"}
    return render(request, "overview/client_journey.html", context)


def journey_context(request, client, verb) -> dict:
    """The same for both sides, and the row that says who looked."""
    shown(request, client, verb)
    since, with_notes = request.GET.get("since", ""), request.GET.get("notes") == "1"
    journey = TimelinePage(client, request.user, since, with_notes=with_notes)
    return {
        "client": client,
        "journey": journey,
        "chart": journey.chart(),
        "printing": verb == "printed",
        "now": timezone.now(),
    }
