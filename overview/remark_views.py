"""Supervision comments and answers to corrections."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.decorators import therapist_required
from appointments.models import TherapySession
from clients.models import Client, Correction, SupervisionComment
from clients.portal_state import reads_note
from clients.record_access import open_for
from clients.remark_forms import SupervisionCommentForm
from notes.views import session_read
from overview.correction_form import CorrectionAnswerForm
from overview.views import client_page
from ui.toasts import tell


@therapist_required
@require_POST
def client_comment(request, client_id):
    mine = Client.objects.supervised_by(request.user)
    client = get_object_or_404(mine, pk=client_id)
    form = SupervisionCommentForm(request.POST)
    if form.is_valid() and form.save(client, by=request.user):
        messages.success(request, _("Comment sent. The therapist sees it on Today."))
        return redirect("client", client.pk)
    return client_page(request, client_id, comment_form=form)


@therapist_required
@require_POST
def session_comment(request, session_id):
    rows = TherapySession.objects.visible_to(request.user).select_related("client")
    mine = Client.objects.supervised_by(request.user)
    session = get_object_or_404(rows.filter(client__in=mine), pk=session_id)
    form = SupervisionCommentForm(request.POST)
    said = {"by": request.user, "session_id": session.pk}
    if form.is_valid() and form.save(session.client, **said):
        messages.success(request, _("Comment sent. The therapist sees it on Today."))
        return redirect("session", session.pk)
    return session_read(request, session_id, comment_form=form)


@therapist_required
@require_POST
def comment_read(request, comment_id):
    rows = SupervisionComment.objects.editable_by(request.user)
    comment = get_object_or_404(rows, pk=comment_id)
    tell(request, comment.read(by=request.user))
    return redirect("client", comment.client_id)


@therapist_required
def correction_answer(request, correction_id):
    rows = Correction.objects.editable_by(request.user)
    rows = rows.select_related("client__user", "answered_by")
    correction = open_for(request, rows, pk=correction_id)
    form = CorrectionAnswerForm(
        request.POST or None, correction=correction, by=request.user
    )
    if form.is_valid() and form.save(correction, by=request.user):
        messages.success(
            request, _("Correction answered.") + " " + reads_note(correction.client)
        )
        return redirect("client", correction.client_id)
    if form.errors:  # a colleague may have answered meanwhile
        correction.refresh_from_db()
    context = {"nav": "caseload", "client": correction.client, "form": form}
    context["correction"] = correction
    return render(request, "overview/correction_answer.html", context)
