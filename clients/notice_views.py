"""Mark a notice on one's first page as read."""

from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from accounts.decorators import signed_in_required
from clients.models import Notice
from ui.toasts import tell


@signed_in_required
@require_POST
def notice_seen(request, notice_id):
    rows = Notice.objects.visible_to(request.user)
    tell(request, get_object_or_404(rows, pk=notice_id).see(by=request.user))
    return redirect("start")
