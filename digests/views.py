"""A therapist's weekly page. The client's is in portal/digest_views.py."""

from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts import audit
from accounts.decorators import therapist_required
from digests import schedule
from digests.kinds.therapist_digest import TherapistDigest
from digests.models import Digest
from digests.therapist_week_page import TherapistWeekPage

audit.verb("opened digest", audit.Sort.OPENED, _("The week"))


@therapist_required
@require_safe
def digest_latest(request):
    newest = Digest.objects.visible_to(request.user).ready().first()
    if newest:
        return redirect(newest)
    me = request.user
    first = schedule.first_weekly(
        TherapistDigest.due, timezone.now(), me.zone, me.joined_at
    )
    return render(
        request, "digests/digest_none.html", {"nav": "digest", "first": first}
    )


@therapist_required
@require_safe
def digest(request, digest_id):
    ready = Digest.objects.visible_to(request.user).ready()
    digest = get_object_or_404(ready.with_week_before(), pk=digest_id)
    week = TherapistWeekPage(request.user, digest)
    audit.record("opened digest")
    context = {"nav": "digest", "digest": digest, "week": week}
    return render(request, "digests/digest.html", context)
