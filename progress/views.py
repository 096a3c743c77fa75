"""The therapist's pages: today, the caseload, a client, and their sessions."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import audit, errors
from accounts.decorators import therapist_required
from clients import access
from clients.models import Client
from clients.record_access import open_for
from clients.remark_forms import CommentForm
from progress import caseload as lists
from progress.client_page import ClientPage, one_client, session_lines
from progress.discharge import DischargeForm, booked
from progress.forms import BookingForm, monday_of
from progress.models import TherapySession
from progress.today import Today
from ui.search_terms import sought
from ui.toasts import tell, toast

A_PAGE = 50
OFFERED = timedelta(days=5 * 366)  # how far from today weeks can be leafed


@therapist_required
@require_safe
def today(request):
    page = Today(request.user)
    audit.record("opened today")
    slots, wants = page.slots(), page.attention()
    to_go = sum(1 for slot in slots if slot.state != "past")
    context = {
        "nav": "today",
        "slots": slots,
        "to_go": to_go,
        "now_last": slots and not to_go,
        "wants": wants,
        "total_wants": page.total,
        "more": page.more,
        "day": request.user.today(),
        "now": page.now,
        "nobody": not page.clients,
        "notices": page.notices,
    }
    return render(request, "progress/today.html", context)


@therapist_required
@require_safe
def caseload(request):
    text, which, by = sought(request), *lists.asked(request.GET)
    caseload = lists.Caseload(request.user, text)
    found = caseload.found
    listed = found if text and which == "all" else lists.chosen(found, which)
    audit.record("opened caseload")
    if text and len(found) == 1 and "show" not in request.GET:
        return redirect(found[0].client)
    context = {
        "nav": "caseload",
        "page": caseload.page(lists.ordered(listed, by), request.GET.get("page")),
        "counts": lists.counts(found),
        "heads": lists.heads(),
        "which": which,
        "by": by,
        "q": text,
        "total": len(lists.chosen(found, "all")),
        "query": urlencode({"show": which, "sort": by} | ({"q": text} if text else {})),
    }
    return render(request, "progress/caseload.html", context)


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
        "comment_form": comment_form or CommentForm(),
    }
    return render(request, "progress/client_detail.html", context)


@therapist_required
@require_safe
def client_sessions(request, client_id):
    client = open_for(request, Client.objects.visible_to(request.user), pk=client_id)
    rows = TherapySession.objects.visible_to(request.user).filter(client=client)
    page = Paginator(rows.order_by("-starts_at"), A_PAGE).get_page(
        request.GET.get("page")
    )
    lines = session_lines(page.object_list, request.user)
    context = {"nav": "caseload", "client": client, "page": page, "lines": lines}
    context["writes"] = client.pk in access.reach(request.user).writes
    return render(request, "progress/client_sessions.html", context)


# -- the end of therapy here, and back ---------------------------------------------


@therapist_required
def client_discharge(request, client_id):
    mine = Client.objects.editable_by(request.user).select_related("practice", "user")
    client = open_for(request, mine, pk=client_id)
    sessions = list(booked(client, request.user))
    sent = request.POST if request.method == "POST" else None
    form = DischargeForm(sent, client=client, many=len(sessions))
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Discharged."))
        return redirect("client", client.pk)
    context = {"nav": "caseload", "client": client, "form": form, "sessions": sessions}
    return render(request, "progress/client_discharge.html", context)


@therapist_required
@require_POST
def client_take_back(request, client_id):
    client = get_object_or_404(Client.objects.editable_by(request.user), pk=client_id)
    tell(request, client.take_back(by=request.user), _("Back in your care."))
    return redirect("client", client.pk)


# -- booking --------------------------------------------------------------------------


def _week(request) -> date | None:
    """The week to offer, by its Monday in ?week=; nonsense is this week."""
    try:
        day = date.fromisoformat(request.GET.get("week", ""))
    except ValueError:
        return None
    return monday_of(day) if abs(day - request.user.today()) < OFFERED else None


@therapist_required
def session_add(request, client_id):
    mine = Client.objects.editable_by(request.user).select_related("user")
    client = open_for(request, mine, pk=client_id)
    latest = TherapySession.objects.visible_to(request.user).filter(client=client)
    before = latest.standing().order_by("-starts_at").first()
    form = BookingForm(
        request.POST or None,
        session=TherapySession(client=client),
        by=request.user,
        week=_week(request),
        initial={
            "place": before.place if before else "",
            "video_link": before.video_link if before else "",
        },
    )
    if form.is_valid() and form.save(by=request.user):
        toast(
            request,
            _("Booked."),
            undo=reverse("session-cancel", args=[form.session.pk]),
        )
        return redirect("client", client.pk)
    context = {"nav": "caseload", "client": client, "form": form, "before": before}
    return render(request, "progress/session_add.html", context)


@therapist_required
def session_move(request, session_id):
    session = _session_of(request, session_id)
    form = BookingForm(
        request.POST or None, session=session, by=request.user, week=_week(request)
    )
    if session.state != TherapySession.State.PLANNED:
        back, why = reverse("client", args=[session.client_id]), _state_by_now(session)
        if form.is_bound:
            return errors.not_saved(request, why, form=form, back=back)
        messages.warning(request, why)
        return redirect(back)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Moved."))
        return redirect("client", session.client_id)
    context = {
        "nav": "caseload",
        "client": session.client,
        "form": form,
        "session": session,
    }
    return render(request, "progress/session_move.html", context)


@therapist_required
@require_POST
def session_cancel(request, session_id):
    session = _session_of(request, session_id)
    if session.cancel(by=request.user):
        undo = reverse("session-restore", args=[session.pk])
        toast(request, _("The session is cancelled."), undo=undo, seconds=10)
    else:
        messages.warning(request, _state_by_now(session))
    return redirect("client", session.client_id)


def _session_of(request, session_id) -> TherapySession:
    rows = TherapySession.objects.editable_by(request.user)
    return open_for(request, rows.select_related("client__user"), pk=session_id)


def _state_by_now(session: TherapySession) -> str:
    """What became of it since the page was opened."""
    session.refresh_from_db(fields=["state"])
    if session.state == TherapySession.State.CANCELLED:
        return _("This session was canceled already.")
    if session.state == TherapySession.State.MISSED:
        return _("This session was marked missed already.")
    if session.state == TherapySession.State.PLANNED:
        return _("This session has not started yet. Cancel it instead.")
    return _("This session was held and logged. Nothing was changed.")


@therapist_required
@require_POST
def session_missed(request, session_id):
    session = _session_of(request, session_id)
    if session.miss(by=request.user):
        undo = reverse("session-restore", args=[session.pk])
        toast(request, _("Noted as missed."), undo=undo, seconds=10)
    else:
        messages.warning(request, _state_by_now(session))
    return redirect("client", session.client_id)


@therapist_required
@require_POST
def session_restore(request, session_id):
    rows = TherapySession.objects.editable_by(request.user)
    session = get_object_or_404(rows, pk=session_id)
    try:
        with transaction.atomic():
            if session.restore(by=request.user):
                messages.success(request, _("It is booked as before."))
            else:
                messages.warning(request, _("It’s too late to undo."))
    except ValidationError as taken:
        said = {"what": taken.messages[0]}
        words = _("Another session is booked for that hour. %(what)s")
        messages.warning(request, words % said)
    except IntegrityError:
        messages.warning(request, _("Another session is booked for that hour."))
    return redirect("client", session.client_id)
