"""The home page, and the few actions that it offers directly."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from digests.models import Digest
from portal.home_page import HomePage
from portal.state import client_required, client_writes_required
from toolkit.models import Assignment

SAID = {
    "did": gettext_lazy("Saved: you did it."),
    "some": gettext_lazy("Saved: you did some of it."),
    "not": gettext_lazy("Saved. You can make it smaller next time."),
}


@client_required
@require_safe
def home(request):
    page = HomePage(request.user, everything="all" in request.GET)
    return render(request, "portal/home.html", {"nav": "home", "home": page})


@client_required
@require_safe
def more(request):
    context = {"nav": "more"}
    if request.reading:  # no weekly page is made anymore
        weeks = Digest.objects.visible_to(request.user).ready()
        context["has_last_week"] = weeks.exists()
    return render(request, "portal/more.html", context)


@client_writes_required
@require_POST
def practice_say(request, assignment_id):
    rows = Assignment.objects.editable_by(request.user)
    assignment = get_object_or_404(rows, pk=assignment_id)
    answer = request.POST.get("answer")
    from_goals = request.POST.get("from") == "goals"
    seen = request.POST.get("was", "")
    if answer not in SAID:
        messages.warning(request, _("Choose an answer."))
    elif assignment.say(answer, by=request.user, seen=seen):
        messages.success(request, SAID[answer])
    else:  # no longer a request at home
        messages.warning(request, assignment.answered_meanwhile())
        from_goals = True
    return redirect("portal-goals" if from_goals else "portal-home")
