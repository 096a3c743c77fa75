"""What only the client does with a goal; shared actions are in goals/acts.py."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import device_handover, errors
from clients import drafts, signals
from clients.record_access import open_for
from clients.sides import CLIENTS
from goals import acts, answers
from goals.forms import OVERTAKEN
from goals.goal_page import GoalPage
from goals.models import Goal
from goals.page_queries import goal_to_change, with_rating_draft
from portal.forms import HereForm, OwnProposalForm
from portal.goals_page import GoalsPage
from portal.own import own_client, own_therapist
from portal.state import client_required, client_writes_required


@client_required
@require_safe
def goals(request):
    context = {"nav": "goals", "list": GoalsPage(request.user)}
    return render(request, "portal/goals.html", context)


@client_required
@require_safe
def goal_detail(request, goal_id):
    rows = Goal.objects.visible_to(request.user).with_words()
    rows = with_rating_draft(rows.select_related("client__user"), request.user)
    rows = signals.with_told(rows, request.user)
    goal = open_for(request, rows, pk=goal_id)
    return acts.shown(request, goal, CLIENTS)


@client_writes_required
def goal_add(request):
    client = own_client(request.user)
    form = drafts.restored(OwnProposalForm, request, client=client)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Proposed. You agreed to this wording."))
        return redirect("portal-goal", form.result.pk)
    therapist = own_therapist(request.user)
    return acts.proposing(request, "goal_add", CLIENTS, form, therapist=therapist)


@client_writes_required
def goal_propose(request, goal_id):
    return acts.propose(
        request, goal_to_change(request, goal_id), CLIENTS, OwnProposalForm
    )


@client_writes_required
def goal_here(request, goal_id):
    """One action on a therapist's device; after any button the device is returned."""
    goal = goal_to_change(request, goal_id)
    form = HereForm(request.POST or None)
    if not device_handover.is_for(request, request.user):
        if request.POST.get("words"):
            return acts.late(request, goal, CLIENTS, form)
        return redirect("portal-goal", goal.pk)
    page = GoalPage(goal, request.user, CLIENTS)
    if page.proposal is None and request.POST.get("words"):
        return errors.not_saved(request, OVERTAKEN, form=form, back=request.path)
    if page.proposal is None or (form.is_valid() and form.act(page, by=request.user)):
        return device_handover.give_back(request)
    context = {
        "page": page,
        "form": form,
        "from": device_handover.handed(request)["from"],
    }
    return answers.page(request, CLIENTS, "goal_here", goal, **context)
