"""A session is booked, moved, canceled or marked missed."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import errors
from accounts.decorators import therapist_required
from appointments.booking_form import BookingForm, monday_of
from appointments.models import TherapySession
from clients.models import Client
from clients.record_access import open_for
from ui.templatetags.ui import moment_words
from ui.toasts import toast

OFFERED = timedelta(days=5 * 366)  # how far from today weeks can be leafed


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
    before = latest.not_canceled().order_by("-starts_at", "-pk").first()
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
            _("Session booked for %(when)s.") % {"when": _when(form.session)},
            undo=reverse("session-cancel", args=[form.session.pk]),
        )
        return redirect("client", client.pk)
    context = {"nav": "caseload", "client": client, "form": form, "before": before}
    return render(request, "appointments/session_add.html", context)


@therapist_required
def session_move(request, session_id):
    session = _session_of(request, session_id)
    starts_at = session.starts_at
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
        said = _("Session saved.")  # the place, the link or the length
        if session.starts_at != starts_at:
            said = _("Session moved to %(when)s.") % {"when": _when(session)}
        messages.success(request, said)
        return redirect("client", session.client_id)
    # The form has written its answers into `session`: what is refused has not moved.
    context = {
        "nav": "caseload",
        "client": session.client,
        "form": form,
        "session": session,
        "now": starts_at,
    }
    return render(request, "appointments/session_move.html", context)


@therapist_required
@require_POST
def session_cancel(request, session_id):
    session = _session_of(request, session_id)
    done = session.cancel(by=request.user)
    return _called_off(request, session, done, _("Session canceled."))


def _when(session: TherapySession) -> str:
    """Tue Nov 24, 2:00 pm, within a sentence."""
    return moment_words(session.starts_at, begin=False)


def _called_off(request, session: TherapySession, done: bool, said: str):
    """With ten seconds to undo it; or what became of the session before."""
    if done:
        undo = reverse("session-restore", args=[session.pk])
        toast(request, said, undo=undo, seconds=10)
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
    done = session.miss(by=request.user)
    return _called_off(request, session, done, _("Session marked missed."))


@therapist_required
@require_POST
def session_restore(request, session_id):
    rows = TherapySession.objects.editable_by(request.user)
    session = get_object_or_404(rows, pk=session_id)
    try:
        with transaction.atomic():
            if session.restore(by=request.user):
                messages.success(request, _("Undone. The session is as it was before."))
            else:
                messages.warning(request, _("It’s too late to undo."))
    except ValidationError as taken:
        said = {"what": taken.messages[0]}
        words = _("Another session is booked at that time. %(what)s")
        messages.warning(request, words % said)
    except IntegrityError:
        messages.warning(request, _("Another session is booked at that time."))
    return redirect("client", session.client_id)
