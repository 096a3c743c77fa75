"""A client's care team, shown to and edited by the admin and the primary therapist."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.decorators import admin_required, staff_required
from accounts.reauthentication import admins_prove_to_send
from clients import apart, assigning
from clients.care_forms import CareRoleForm, HandOverForm
from clients.care_page import CarePage
from clients.models import CareRole, CareRoleRequest, Client, Notice


def staffed_client(request, client_id) -> Client:
    mine = Client.objects.staffed_by(request.user)
    return get_object_or_404(mine, pk=client_id)


# Messages for the outcome of assigning a role; a handover uses them too.
NOT_TOLD = gettext_lazy("The client has no portal. Please tell them yourself.")
OUTCOMES = {
    assigning.GIVEN: gettext_lazy("Role given. The change takes effect immediately."),
    assigning.ASKED: gettext_lazy(
        "The primary therapist has to confirm this first. We emailed them and the "
        "client."
    ),
    assigning.LATER: gettext_lazy(
        "This takes effect in 24 hours. The client was told."
    ),
}
OF_WHO_HAS_NO_PORTAL = {
    assigning.ASKED: gettext_lazy(
        "The primary therapist has to confirm this first. We emailed them."
    ),
    assigning.LATER: gettext_lazy("This takes effect in 24 hours."),
}


def say_outcome(
    request, outcome: str, client: Client, *, same: str, given: str = ""
) -> None:
    """Name only those as notified who have an email queued."""
    if outcome == assigning.SAME:
        messages.warning(request, same)
        return
    words = given if outcome == assigning.GIVEN else ""
    told = outcome not in OF_WHO_HAS_NO_PORTAL or Notice.can_tell(client)
    if not told:
        words = OF_WHO_HAS_NO_PORTAL[outcome]
    messages.success(request, words or OUTCOMES[outcome])
    if not told:
        messages.warning(request, NOT_TOLD)


@staff_required
@admins_prove_to_send
def client_care(request, client_id):
    client = staffed_client(request, client_id)
    form = CareRoleForm(request.POST or None, client=client, by=request.user)
    if form.is_valid() and form.save(by=request.user):
        same = _("This person already has this role, or a confirmation is pending.")
        say_outcome(request, form.result, client, same=same)
        return redirect("client-care", client.pk)
    return care_page(request, client, form=form)


def care_page(request, client, *, form=None, over=None, confirming=(None, None)):
    """The page with its forms, one as submitted; `confirming`: (request id, form)."""
    page, asks = CarePage(client, request.user), {"client": client, "by": request.user}
    context = {
        "nav": "caseload" if page.leads else "care-roles",
        "base": "base_therapist.html" if page.leads else "base_admin.html",
        "client": client,
        "hint": apart.hint_of(client, Client.objects.staffed_by(request.user)),
        "page": page,
        "form": form or CareRoleForm(**asks),
        "over": over or HandOverForm(**asks),
        "confirming": confirming[0],
        "confirm": confirming[1],
    }
    return render(request, "clients/client_care.html", context)


@staff_required
@require_POST
@admins_prove_to_send
def care_role_end(request, role_id):
    """End a role: by the admin, the primary therapist or an emergency's holder."""
    rows = CareRole.objects.staffed_by(request.user) | CareRole.objects.filter(
        user_id=request.user.pk, kind=CareRole.Kind.EMERGENCY
    )
    ends = rows.exclude(kind=CareRole.Kind.PRIMARY)
    role = get_object_or_404(ends.select_related("user"), pk=role_id)
    tells = request.user.is_admin and role.kind != CareRole.Kind.EMERGENCY
    if role.end(by=request.user):
        if tells:
            assigning.tell_ended(role, by=request.user)
        messages.success(request, _("Role ended. The change takes effect immediately."))
    if role.user_id == request.user.pk:
        return redirect("start")
    return redirect("client-care", role.client_id)


@admin_required
@require_POST
def care_request_withdraw(request, request_id):
    """By an admin, while the request is pending."""
    rows = CareRoleRequest.objects.filter(practice_id=request.user.practice_id)
    asked = get_object_or_404(rows.waiting(), pk=request_id)
    if asked.withdraw(by=request.user):
        messages.success(request, _("Request withdrawn."))
    return redirect("client-care", asked.client_id)
