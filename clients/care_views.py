"""Who cares for a client: shown and changed by the admin and the primary therapist."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.decorators import staff_required
from clients.care_forms import CareRoleForm, HandOverForm
from clients.care_page import CarePage
from clients.models import CareRole, Client


def staffed_client(request, client_id) -> Client:
    mine = Client.objects.staffed_by(request.user)
    return get_object_or_404(mine, pk=client_id)


@staff_required
def client_care(request, client_id):
    client = staffed_client(request, client_id)
    form = CareRoleForm(request.POST or None, client=client, by=request.user)
    if form.is_valid() and form.save(by=request.user):
        if form.result:
            messages.success(request, _("Done. It holds from the next page on."))
        else:
            messages.warning(request, _("They have this role in that time already."))
        return redirect("client-care", client.pk)
    return care_page(request, client, form=form)


def care_page(request, client, *, form=None, over=None):
    """The page with both of its forms, one of them as it was sent."""
    page, asks = CarePage(client, request.user), {"client": client, "by": request.user}
    context = {
        "nav": "caseload" if page.leads else "care-roles",
        "base": "base_therapist.html" if page.leads else "base_admin.html",
        "client": client,
        "page": page,
        "form": form or CareRoleForm(**asks),
        "over": over or HandOverForm(**asks),
    }
    return render(request, "clients/client_care.html", context)


@staff_required
@require_POST
def care_role_end(request, role_id):
    """By the admin, by the primary therapist; an emergency also by who opened it."""
    rows = CareRole.objects.staffed_by(request.user) | CareRole.objects.filter(
        user_id=request.user.pk, kind=CareRole.Kind.EMERGENCY
    )
    ends = rows.exclude(kind=CareRole.Kind.PRIMARY)
    role = get_object_or_404(ends, pk=role_id)
    if role.end(by=request.user):
        messages.success(request, _("Ended. It opens nothing from the next page on."))
    if role.user_id == request.user.pk:
        return redirect("start")
    return redirect("client-care", role.client_id)
