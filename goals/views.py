"""What only the therapist does with a goal; shared actions are in goals/acts.py."""

from uuid import UUID

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import audit, device_handover
from accounts.decorators import therapist_required
from clients import drafts
from clients.models import Client
from clients.record_access import open_for
from clients.sides import CLIENTS, THERAPISTS
from goals import acts, answers
from goals.forms import OVERTAKEN
from goals.models.content import Side
from goals.page_queries import goal_to_change, one_goal
from goals.proposal_form import ProposalForm

audit.verb(
    "device handed over",
    audit.Sort.WROTE,
    gettext_lazy("Handed over the device for one task"),
)


@therapist_required
@require_safe
def goal_detail(request, goal_id):
    goal = open_for(request, one_goal(request.user, goal=goal_id))
    return acts.shown(request, goal, THERAPISTS)


@therapist_required
def goal_add(request, client_id):
    client = open_for(request, Client.objects.editable_by(request.user), pk=client_id)
    form = drafts.restored(ProposalForm, request, client=client)
    after = _session_of(request)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Proposed. It is in effect once you both agree."))
        return redirect("session", after) if after else redirect("goal", form.result.pk)
    return acts.proposing(request, "goal_add", THERAPISTS, form, session=after)


def _session_of(request) -> UUID | None:
    """The session screen that opened the new-goal form, to return to."""
    try:
        return UUID(request.GET.get("session", ""))
    except ValueError:
        return None


@therapist_required
def goal_propose(request, goal_id):
    return acts.propose(
        request, goal_to_change(request, goal_id), THERAPISTS, ProposalForm
    )


@therapist_required
@require_POST
def goal_hand_over(request, goal_id):
    """Hand the device over: the client can agree, and do nothing else, until done."""
    goal = goal_to_change(request, goal_id)
    if not (goal.waits_for == Side.CLIENT and goal.is_shared):
        messages.warning(request, OVERTAKEN)
        return answers.to(THERAPISTS, goal)
    audit.record("device handed over", about=goal)
    act, back = CLIENTS["goal_here"], THERAPISTS["goal"]
    page, after = (reverse(name, args=[goal.pk]) for name in (act, back))
    device_handover.hand_over(request, goal.client.user, page=page, back=after)
    return redirect("handed-over")
