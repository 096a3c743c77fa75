"""Emergency access to another clinician's client, if the care team is unreachable."""

from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.decorators import therapist_required
from accounts.reauthentication import fresh_proof_required
from clients.models import EmergencyReason
from clients.models.care import EMERGENCY_LASTS
from clients.models.emergency import emergencies_from, too_early
from clients.remark_forms import EmergencyForm
from ui.toasts import tell


@therapist_required
@fresh_proof_required
def emergency(request):
    form = EmergencyForm(request.POST or None, by=request.user)
    if form.is_valid() and form.save(by=request.user):
        return redirect("client", form.client_id)
    now = timezone.now()
    context = {"nav": "caseload", "form": form, "now": now}
    context["until"] = now + EMERGENCY_LASTS
    begins = emergencies_from()
    context["too_early"] = too_early(begins) if begins else ""
    return render(request, "clients/emergency.html", context)


@therapist_required
@require_POST
def emergency_seen(request, reason_id):
    rows = EmergencyReason.objects.editable_by(request.user)
    reason = get_object_or_404(rows, pk=reason_id)
    tell(request, reason.see(by=request.user))
    return redirect("client", reason.client_id)
