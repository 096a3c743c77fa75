"""A client goes to another therapist, with the sessions that are booked."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.decorators import admin_required, staff_required
from clients.care_forms import HandOverForm
from clients.care_views import care_page, staffed_client
from clients.models import Client
from clients.person_views import staff_member
from progress.leaving_form import LeavingForm
from progress.transfer import Leaving, call_off, hand_over


@staff_required
@require_POST
def client_hand_over(request, client_id):
    client = staffed_client(request, client_id)
    form = HandOverForm(request.POST, client=client, by=request.user)
    if not (form.is_valid() and _hand_over(form, by=request.user)):
        return care_page(request, client, over=form)
    if form.result:
        messages.success(request, _("Handed over. It holds from the next page on."))
    else:
        messages.warning(request, _("They are the primary therapist already."))
    mine = Client.objects.staffed_by(request.user).filter(pk=client.pk)
    return redirect("client-care", client.pk) if mine.exists() else redirect("caseload")


@staff_required
@require_POST
def client_call_off(request, client_id):
    client = staffed_client(request, client_id)
    if call_off(client, by=request.user):
        messages.success(request, _("Called off. Everything stays as it is."))
    return redirect("client-care", client.pk)


def _hand_over(form, *, by) -> bool:
    said = form.cleaned_data
    return form.written(
        hand_over,
        form.client,
        said["person"],
        by=by,
        since=form.starts_at,
        cancels=said["sessions"] == "cancel",
    )


@admin_required
def person_leave(request, person_id):
    """An account closes once each of its clients has somebody else."""
    leaver = staff_member(request, person_id)
    if leaver.pk == request.user.pk:
        raise Http404
    if not leaver.is_active:  # a second press, or another admin's
        return redirect("person", leaver.pk)
    page = Leaving(leaver, request.user)
    sent = request.POST if request.method == "POST" else None
    form = LeavingForm(sent, page=page, by=request.user)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("The account is closed."))
        return redirect("person", leaver.pk)
    context = {"nav": "people", "person": leaver, "page": page, "form": form}
    return render(request, "progress/person_leave.html", context)
