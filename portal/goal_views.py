"""Goals as their owner sees them; what is done with them stands in goals/acts.py."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import device_handover, errors
from clients import drafts, signals
from clients.record_access import open_for
from goals import acts, review_acts
from goals.forms import OVERTAKEN
from goals.goal_page import GoalPage
from goals.models import Goal
from goals.page_queries import with_rating_draft
from goals.ways import CLIENTS as WAY
from portal.forms import HereForm, OwnProposalForm
from portal.goals_page import GoalsPage
from portal.own import own_client, own_therapist
from portal.state import client_required, client_writes_required


def _goal(request, goal_id):
    rows = Goal.objects.editable_by(request.user).with_words()
    rows = rows.select_related("client__user", "review")
    return open_for(request, rows, pk=goal_id)


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
    return acts.shown(request, goal, WAY)


@client_writes_required
def goal_add(request):
    client = own_client(request.user)
    form = drafts.restored(OwnProposalForm, request, client=client)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Proposed. Your key is turned."))
        return redirect("portal-goal", form.result.pk)
    therapist = own_therapist(request.user)
    return acts.proposing(request, "goal_add", WAY, form, therapist=therapist)


@client_writes_required
def goal_propose(request, goal_id):
    return acts.propose(request, _goal(request, goal_id), WAY, OwnProposalForm)


@client_writes_required
@require_POST
def goal_agree(request, goal_id, number):
    return acts.agree(request, _goal(request, goal_id), number, WAY)


@client_writes_required
def goal_here(request, goal_id):
    """One act on a therapist's device; whatever was pressed, it goes back."""
    goal = _goal(request, goal_id)
    form = HereForm(request.POST or None)
    if not device_handover.is_for(request, request.user):
        if request.POST.get("words"):
            return acts.late(request, goal, WAY, form)
        return redirect("portal-goal", goal.pk)
    page = GoalPage(goal, request.user, WAY)
    if page.proposal is None and request.POST.get("words"):
        return errors.not_saved(request, OVERTAKEN, form=form, back=request.path)
    if page.proposal is None or (form.is_valid() and form.act(page, by=request.user)):
        return device_handover.give_back(request)
    context = {
        "page": page,
        "form": form,
        "from": device_handover.handed(request)["from"],
    }
    return WAY.page(request, "goal_here", goal, **context)


@client_writes_required
@require_POST
def goal_decline(request, goal_id, number):
    return acts.decline(request, _goal(request, goal_id), number, WAY)


@client_writes_required
def goal_key_back(request, goal_id):
    return acts.take_key_back(request, _goal(request, goal_id), WAY)


@client_writes_required
def goal_differ(request, goal_id):
    return acts.differ(request, _goal(request, goal_id), WAY)


@client_writes_required
@require_POST
def goal_differ_next(request, goal_id):
    return acts.next_after_difference(request, _goal(request, goal_id), WAY)


@client_writes_required
@require_POST
def goal_review_begin(request, goal_id):
    return review_acts.review_begin(request, _goal(request, goal_id), WAY)


@client_writes_required
def goal_review(request, goal_id):
    return review_acts.review(request, _goal(request, goal_id), WAY)


@client_writes_required
def goal_reached(request, goal_id):
    return review_acts.reached(request, _goal(request, goal_id), WAY)


@client_writes_required
@require_POST
def goal_take_up(request, goal_id):
    return review_acts.take_up(request, _goal(request, goal_id), WAY)


@client_writes_required
@require_POST
def goal_rate(request, goal_id):
    return acts.rate(request, _goal(request, goal_id), WAY)


@client_writes_required
def goal_numbers(request, goal_id):
    return acts.numbers(request, _goal(request, goal_id), WAY)


@client_writes_required
@require_POST
def rating_withdraw(request, rating_id):
    return acts.rating_withdraw(request, rating_id, WAY)


@client_writes_required
def step_add(request, goal_id):
    return acts.step_add(request, _goal(request, goal_id), WAY)


@client_writes_required
@require_POST
def step_do(request, step_id, verb):
    return acts.step_do(request, step_id, verb, WAY)


@client_writes_required
def goal_comment(request, goal_id):
    return acts.comment(request, _goal(request, goal_id), WAY)


@client_writes_required
def comment_talked(request, said_id):
    return acts.comment_talked(request, said_id, WAY)


@client_writes_required
def goal_link(request, goal_id):
    return acts.link(request, _goal(request, goal_id), WAY)


@client_writes_required
@require_POST
def link_end(request, link_id):
    return acts.link_end(request, link_id, WAY)
