"""The therapist's pages: Today, the caseload, a client, and their sessions."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import audit
from accounts.decorators import therapist_required
from appointments.models import TherapySession
from clients import access
from clients.models import Client
from clients.record_access import open_for
from clients.remark_forms import SupervisionCommentForm
from overview import caseload_page as lists
from overview.client_page import ClientPage, one_client
from overview.discharge import DischargeForm, booked, emails_that_stop
from overview.session_lines import session_lines
from overview.today_page import TodayPage
from ui.search_terms import sought
from ui.toasts import tell

audit.verb("opened today", audit.Sort.OPENED, gettext_lazy("The day’s sessions"))
audit.verb("opened caseload", audit.Sort.OPENED, gettext_lazy("The caseload"))

A_PAGE = 50


@therapist_required
@require_safe
def today(request):
    page = TodayPage(request.user)
    audit.record("opened today")
    slots = page.slots()
    to_go = sum(1 for slot in slots if slot.state != "past")
    context = {
        "nav": "today",
        "slots": slots,
        "to_go": to_go,
        "now_last": slots and not to_go,
        "attention": page.attention(everything="all" in request.GET),
        "day": request.user.today(),
        "now": page.now,
        "nobody": not page.clients,
        "notices": page.notices,
    }
    return render(request, "overview/today.html", context)


@therapist_required
@require_safe
def caseload(request):
    text, which, by = sought(request), *lists.asked(request.GET)
    caseload = lists.CaseloadPage(request.user, text)
    found = caseload.found
    listed = found if text and which == "all" else lists.chosen(found, which)
    audit.record("opened caseload")
    if text and len(found) == 1 and "show" not in request.GET:
        return redirect(found[0].client)
    context = {
        "nav": "caseload",
        "page": caseload.page(lists.ordered(listed, by), request.GET.get("page")),
        "counts": lists.counts(found),
        "heads": lists.HEADS,
        "sorts": lists.SORTS,
        "which": which,
        "by": by,
        "q": text,
        "total": len(lists.chosen(found, "all")),
        "query": urlencode({"show": which, "sort": by} | ({"q": text} if text else {})),
    }
    return render(request, "overview/caseload.html", context)


@therapist_required
@require_safe
def client_detail(request, client_id):
    return client_page(request, client_id)


def client_page(request, client_id, *, comment_form=None):
    client = open_for(request, one_client(request.user, client=client_id))
    page = ClientPage(client, request.user)
    context = {
        "nav": "caseload",
        "client": client,
        "page": page,
        "today": request.user.today(),
        "journey": page.journey(),
        "comment_form": comment_form or SupervisionCommentForm(),
    }
    return render(request, "overview/client_detail.html", context)


@therapist_required
@require_safe
def client_sessions(request, client_id):
    client = open_for(request, Client.objects.visible_to(request.user), pk=client_id)
    rows = TherapySession.objects.visible_to(request.user).filter(client=client)
    page = Paginator(rows.order_by("-starts_at", "-pk"), A_PAGE).get_page(
        request.GET.get("page")
    )
    lines = session_lines(page.object_list, request.user)
    context = {"nav": "caseload", "client": client, "page": page, "lines": lines}
    context["writes"] = client.pk in access.reach(request.user).writes
    return render(request, "overview/client_sessions.html", context)


# -- discharge and readmission -----------------------------------------------------


@therapist_required
def client_discharge(request, client_id):
    mine = Client.objects.editable_by(request.user).select_related("practice", "user")
    client = open_for(request, mine, pk=client_id)
    sessions = list(booked(client, request.user))
    sent = request.POST if request.method == "POST" else None
    form = DischargeForm(sent, client=client, many=len(sessions))
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Client discharged."))
        return redirect("client", client.pk)
    context = {"nav": "caseload", "client": client, "form": form, "sessions": sessions}
    context |= emails_that_stop(client, request.user, sessions)
    return render(request, "overview/client_discharge.html", context)


@therapist_required
@require_POST
def client_take_back(request, client_id):
    client = get_object_or_404(Client.objects.editable_by(request.user), pk=client_id)
    tell(request, client.take_back(by=request.user), _("Client readmitted."))
    return redirect("client", client.pk)
