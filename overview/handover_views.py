"""Hand a client over to another therapist, with the booked sessions."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.decorators import admin_required, staff_required, therapist_required
from accounts.reauthentication import admins_prove_to_send, fresh_proof_required
from clients.care_views import NOT_TOLD, care_page, say_outcome, staffed_client
from clients.models import CareRoleRequest, Client, Notice
from clients.person_views import staff_member
from overview.handover import Leaving, call_off
from overview.handover_forms import ConfirmForm, MovingForm
from overview.leaving_form import LeavingForm
from ui.toasts import tell

LEFT = {
    "closed": gettext_lazy("The account is closed."),
    "asked": gettext_lazy("%(name)s has to confirm who takes over. We emailed them."),
    "others": gettext_lazy(
        "The primary therapists of these clients have to confirm who takes over. We "
        "emailed them."
    ),
    "later": gettext_lazy("No confirmation is needed. The clients move as planned."),
    "": gettext_lazy("%(name)s was asked before and has not confirmed yet."),
}


@staff_required
@require_POST
@admins_prove_to_send
def client_hand_over(request, client_id):
    client = staffed_client(request, client_id)
    form = MovingForm(request.POST, client=client, by=request.user)
    if not (form.is_valid() and form.save(by=request.user)):
        return care_page(request, client, over=form)
    same = _("They are already the primary therapist, or a confirmation is pending.")
    given = _("Handed over. The change takes effect immediately.")
    say_outcome(request, form.result, client, same=same, given=given)
    return _back_to(request, client)


def _back_to(request, client):
    """The care team page, or the caseload for users without access to it anymore."""
    mine = Client.objects.staffed_by(request.user).filter(pk=client.pk)
    return redirect("client-care", client.pk) if mine.exists() else redirect("caseload")


@therapist_required
@require_POST
def care_request_confirm(request, request_id):
    """By the primary therapist, after a page that says what the role allows."""
    asked = _decidable(request, request_id)
    form = ConfirmForm(request.POST)
    if not (form.is_valid() and form.save(asked, by=request.user)):
        return care_page(request, asked.client, confirming=(asked.pk, form))
    if form.result:
        _say_confirmed(request, asked.client)
    return _back_to(request, asked.client)


def _say_confirmed(request, client: Client) -> None:
    if Notice.can_tell(client):
        messages.success(request, _("Confirmed. The client was told."))
    else:
        messages.success(request, _("Confirmed."))
        messages.warning(request, NOT_TOLD)


@therapist_required
@require_POST
def care_request_refuse(request, request_id):
    asked = _decidable(request, request_id)
    if asked.refuse(by=request.user):
        messages.success(request, _("Declined. Nothing changes."))
    return redirect("client-care", asked.client_id)


def _decidable(request, request_id) -> CareRoleRequest:
    rows = CareRoleRequest.objects.decidable_by(request.user)
    return get_object_or_404(rows.select_related("client__user", "user"), pk=request_id)


@staff_required
@require_POST
@admins_prove_to_send
def client_call_off(request, client_id):
    client = staffed_client(request, client_id)
    done = call_off(client, by=request.user)
    tell(request, done, _("Handover canceled. Nothing changes."))
    return redirect("client-care", client.pk)


@admin_required
@fresh_proof_required
def person_leave(request, person_id):
    """Close an account once each of its clients has another therapist."""
    leaver = staff_member(request, person_id)
    if leaver.pk == request.user.pk:
        raise Http404
    if not leaver.is_active:  # a double click, or another admin
        return redirect("person", leaver.pk)
    page = Leaving(leaver, request.user)
    sent = request.POST if request.method == "POST" else None
    form = LeavingForm(sent, page=page, by=request.user)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, LEFT[form.outcome] % {"name": leaver.name})
        return redirect("person", leaver.pk)
    context = {"nav": "people", "person": leaver, "page": page, "form": form}
    return render(request, "overview/person_leave.html", context)
