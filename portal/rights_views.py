"""A client's requests about their record: a correction, and closing the account."""

from django.contrib import messages
from django.contrib.auth import logout
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.decorators import for_everyone
from accounts.reauthentication import fresh_proof_required
from clients import record_access, signals
from clients.models import Correction
from notes.models import NoteAddition
from portal.forms import CorrectionForm
from portal.own import own_client, own_client_and_therapist
from portal.sessions_page import coming
from portal.state import client_required

A_PAGE = 20


@client_required
def corrections(request):
    client, therapist = own_client_and_therapist(request.user)
    form = CorrectionForm(request.POST or None)
    if form.is_valid() and form.save(client, by=request.user):
        messages.success(request, _("Request sent. You’ll see the reply here."))
        return redirect("portal-corrections")
    rows = Correction.objects.visible_to(request.user).select_related("answered_by")
    added = NoteAddition.objects.visible_to(request.user).defer("text", "reason")
    added = added.select_related("note__session").defer(
        "note__session__take_away", "note__body"
    )
    rows = signals.with_told(rows, request.user)
    rows = rows.prefetch_related(Prefetch("additions", added))
    page = Paginator(rows.order_by("-at", "-pk"), A_PAGE).get_page(
        request.GET.get("page")
    )
    for row in page.object_list:
        if row.is_told:
            record_access.shown(request, row)
    context = {"nav": "more", "form": form, "page": page, "therapist": therapist}
    return render(request, "portal/corrections.html", context)


@client_required
@fresh_proof_required
def account_close(request):
    """Close the account, not the record: the page says who keeps that and why."""
    if request.method == "POST":
        own_client(request.user).close_portal(by=request.user)
        logout(request)
        return redirect("portal-account-closed")
    client, therapist = own_client_and_therapist(request.user)
    context = {"nav": "more", "client": client, "therapist": therapist}
    context["booked"] = bool(coming(request.user))
    return render(request, "portal/account_close.html", context)


@for_everyone
@require_safe
def account_closed(request):
    return render(request, "portal/account_closed.html")
