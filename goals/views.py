"""A goal's pages for the therapist; what is done on them stands in goals/acts.py."""

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
from goals import acts, review_acts
from goals.forms import OVERTAKEN
from goals.models import Goal
from goals.models.content import Side
from goals.page_queries import one_goal
from goals.proposal_form import ProposalForm
from goals.ways import CLIENTS as CLIENTS_WAY
from goals.ways import THERAPISTS as WAY

audit.verb(
    "device handed over",
    audit.Sort.WROTE,
    gettext_lazy("Handed the device over for one act"),
)


def _goal(request, goal_id):
    rows = Goal.objects.editable_by(request.user).with_words()
    rows = rows.select_related("client__user", "review")
    return open_for(request, rows, pk=goal_id)


@therapist_required
@require_safe
def goal_detail(request, goal_id):
    goal = open_for(request, one_goal(request.user, goal=goal_id))
    return acts.shown(request, goal, WAY)


@therapist_required
def goal_add(request, client_id):
    client = open_for(request, Client.objects.editable_by(request.user), pk=client_id)
    form = drafts.restored(ProposalForm, request, client=client)
    after = _session_of(request)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Proposed. It is in effect once both agreed."))
        return redirect("session", after) if after else redirect("goal", form.result.pk)
    return acts.proposing(request, "goal_add", WAY, form, session=after)


def _session_of(request) -> UUID | None:
    """The session screen that asked for a new goal, to go back to."""
    try:
        return UUID(request.GET.get("session", ""))
    except ValueError:
        return None


@therapist_required
def goal_propose(request, goal_id):
    return acts.propose(request, _goal(request, goal_id), WAY, ProposalForm)


@therapist_required
@require_POST
def goal_agree(request, goal_id, number):
    return acts.agree(request, _goal(request, goal_id), number, WAY)


@therapist_required
@require_POST
def goal_hand_over(request, goal_id):
    """The client agrees on this very device: theirs alone until they are done."""
    goal = _goal(request, goal_id)
    if not (goal.waits_for == Side.CLIENT and goal.is_shared):
        messages.warning(request, OVERTAKEN)
        return WAY.to(goal)
    audit.record("device handed over", about=goal)
    act, back = CLIENTS_WAY["goal_here"], WAY["goal"]
    page, after = (reverse(name, args=[goal.pk]) for name in (act, back))
    device_handover.hand_over(request, goal.client.user, page=page, back=after)
    return redirect("handed-over")


@therapist_required
@require_POST
def goal_decline(request, goal_id, number):
    return acts.decline(request, _goal(request, goal_id), number, WAY)


@therapist_required
def goal_key_back(request, goal_id):
    return acts.take_key_back(request, _goal(request, goal_id), WAY)


@therapist_required
def goal_differ(request, goal_id):
    return acts.differ(request, _goal(request, goal_id), WAY)


@therapist_required
@require_POST
def goal_differ_next(request, goal_id):
    return acts.next_after_difference(request, _goal(request, goal_id), WAY)


@therapist_required
@require_POST
def goal_review_begin(request, goal_id):
    return review_acts.review_begin(request, _goal(request, goal_id), WAY)


@therapist_required
def goal_review(request, goal_id):
    return review_acts.review(request, _goal(request, goal_id), WAY)


@therapist_required
@require_safe
def goal_reached(request, goal_id):
    return review_acts.reached(request, _goal(request, goal_id), WAY)


@therapist_required
@require_POST
def goal_take_up(request, goal_id):
    return review_acts.take_up(request, _goal(request, goal_id), WAY)


@therapist_required
@require_POST
def goal_rate(request, goal_id):
    return acts.rate(request, _goal(request, goal_id), WAY)


@therapist_required
def goal_numbers(request, goal_id):
    return acts.numbers(request, _goal(request, goal_id), WAY)


@therapist_required
@require_POST
def rating_withdraw(request, rating_id):
    return acts.rating_withdraw(request, rating_id, WAY)


@therapist_required
def step_add(request, goal_id):
    return acts.step_add(request, _goal(request, goal_id), WAY)


@therapist_required
@require_POST
def step_do(request, step_id, verb):
    return acts.step_do(request, step_id, verb, WAY)


@therapist_required
def goal_comment(request, goal_id):
    return acts.comment(request, _goal(request, goal_id), WAY)


@therapist_required
def comment_talked(request, said_id):
    return acts.comment_talked(request, said_id, WAY)


@therapist_required
def goal_link(request, goal_id):
    return acts.link(request, _goal(request, goal_id), WAY)


@therapist_required
@require_POST
def link_end(request, link_id):
    return acts.link_end(request, link_id, WAY)
