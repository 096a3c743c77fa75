"""Sessions: dates, takeaways, and notes that the therapist shares."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.views.decorators.http import require_safe

from appointments.models import TherapySession
from clients.record_access import open_for
from portal.own import own_therapist
from portal.sessions_page import (
    PortalSessionPage,
    coming,
    door_is_open,
    past,
    shared_notes,
)
from portal.state import client_required

A_PAGE = 20
SHOWN = 9  # booked sessions shown


@client_required
@require_safe
def sessions(request):
    page = Paginator(past(request.user), A_PAGE).get_page(request.GET.get("page"))
    booked = coming(request.user)
    context = {
        "nav": "sessions",
        "therapist": own_therapist(request.user),
        "coming": booked,
        "more_coming": max(0, len(booked) - SHOWN),
        "door_is_open": bool(booked) and door_is_open(booked[0]),
        "page": page,
        "shared": shared_notes(request.user, page.object_list),
    }
    return render(request, "portal/sessions.html", context)


@client_required
@require_safe
def session_detail(request, session_id):
    rows = TherapySession.objects.visible_to(request.user).select_related("therapist")
    session = open_for(request, rows, pk=session_id)
    context = {"nav": "sessions", "session": session}
    context["page"] = PortalSessionPage(session, request.user)
    return render(request, "portal/session_detail.html", context)
