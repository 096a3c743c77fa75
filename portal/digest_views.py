"""The client's own week: sessions, open requests, and their own ratings."""

from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import audit
from digests import schedule
from digests.client_week_page import ClientWeekPage
from digests.kinds.client_digest import ClientDigest
from digests.models import Digest
from goals import status
from portal.signal_words import WATCHED
from portal.state import client_required


@client_required
@require_safe
def digest_latest(request):
    newest = Digest.objects.visible_to(request.user).ready().first()
    if newest:
        return redirect("portal-digest", newest.pk)
    me = request.user
    first = schedule.first_weekly(
        ClientDigest.due, timezone.now(), me.zone, me.joined_at
    )
    return render(request, "portal/digest_none.html", {"nav": "home", "first": first})


@client_required
@require_safe
def digest(request, digest_id):
    ready = Digest.objects.visible_to(request.user).ready()
    week = ClientWeekPage(request.user, get_object_or_404(ready, pk=digest_id))
    audit.record("opened digest")
    context = {
        "nav": "home",
        "starts_at": week.starts_at,
        "last_day": week.last_day,
        "sessions": week.sessions,
        "waiting": [
            (goal.latest.own_words, status.earlier(goal)) for goal in week.waiting
        ],
        "reviews": [
            (WATCHED[kind], goal.called, goal.pk) for kind, goal in week.reviews
        ],
        "practice": [practice.words for practice in week.practice],
        "lines": week.lines,
    }
    return render(request, "portal/digest.html", context)
