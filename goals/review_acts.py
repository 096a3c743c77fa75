"""Views of goal reviews, reached goals and resuming a goal."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clients import drafts
from clients.access import side_of
from clients.models import ContactPreferences
from clients.sides import SidePages, either_side
from goals import acts, answers, status
from goals.forms import NO_REVIEW, LineForm
from goals.models import Goal, Overtaken, Review
from goals.models.move import GoalMove
from goals.page_queries import goal_to_change
from goals.reached_page import ReachedPage
from goals.review_form import ReviewForm
from goals.review_page import ReviewPage
from ui import toasts


@either_side
@require_POST
def review_begin(request, side: SidePages, goal_id):
    goal = goal_to_change(request, goal_id)
    try:
        Review.begin(goal, by=request.user, seen=_seen(request))
    except Overtaken:
        why = status.no_review(goal)
        why = why or (goal.is_open and status.decided(_last_decision(goal)))
        messages.warning(request, why or acts.overtaken_by(request, goal))
        return answers.to(side, goal)
    return redirect(side["goal_review"], goal.pk)


def _seen(request):
    """The time of the newest history line that the submitted page showed."""
    try:
        found = parse_datetime(request.POST.get("seen", ""))
    except ValueError:
        return None
    return found if found and timezone.is_aware(found) else None


@either_side
def review(request, side: SidePages, goal_id):
    """One's own answers, the other side's once both have answered, and the decision."""
    goal = goal_to_change(request, goal_id)
    read = request.POST.get("review", str(goal.review_id))
    if goal.review_id is None or read != str(goal.review_id):
        form = drafts.restored(ReviewForm, request, goal=goal)
        return acts.late(request, goal, side, form, _decided_meanwhile(request, goal))
    page = ReviewPage(goal, request.user, side)
    form = drafts.restored(ReviewForm, request, goal=goal, mine=page.mine)
    if why := status.no_review(goal):
        return acts.late(request, goal, side, form, why)
    if form.is_valid() and form.save(page.review, by=request.user):
        return _after_answer(request, goal, side)
    return answers.page(request, side, "goal_review", goal, page=page, form=form)


def _decided_meanwhile(request, goal: Goal):
    """There is no open review: say how the last one ended, and that this is late."""
    said = [status.decided(_last_decision(goal)) or NO_REVIEW]
    if request.method == "POST":
        said.append(_("Your answers arrived after that and were not saved."))
    return format_html("{}" + " {}" * (len(said) - 1), *said)


def _last_decision(goal: Goal) -> GoalMove | None:
    moves = goal.moves.filter(kind=GoalMove.Kind.DECIDED)
    return moves.select_related("by").order_by("-at", "-pk").first()


def _after_answer(request, goal: Goal, side: SidePages):
    goal.refresh_from_db()
    if goal.review_id:
        messages.success(request, _("Answers saved."))
        return redirect(side["goal_review"], goal.pk)
    if goal.ended_as == Goal.Ended.REACHED:
        return redirect(side["goal_reached"], goal.pk)
    decided = _last_decision(goal)
    messages.success(request, status.decided(decided))
    if decided and decided.choice == Review.Choice.CHANGE:
        return redirect(side["goal_propose"], goal.pk)
    return answers.to(side, goal)


@either_side
def reached(request, side: SidePages, goal_id):
    """What helped; and, if the client chose that, a line for a harder day."""
    goal = goal_to_change(request, goal_id)
    form = drafts.restored(LineForm, request, goal=goal)
    if goal.ended_as != Goal.Ended.REACHED:
        return (
            acts.late(request, goal, side, form)
            if form.is_bound
            else answers.to(side, goal)
        )
    page = ReachedPage(goal, request.user, side)
    preferences = ContactPreferences.objects.visible_to(request.user)
    styles = preferences.filter(client=goal.client_id).values_list(
        "celebrates", flat=True
    )
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Saved with the goal."))
        return answers.to(side, goal)
    return answers.page(
        request, side, "goal_reached", goal, page=page, form=form, style=styles.first()
    )


@either_side
@require_POST
def take_up(request, side: SidePages, goal_id):
    goal = goal_to_change(request, goal_id)
    try:
        taken_up = goal.take_up(by=request.user)
    except ValidationError as full:
        messages.warning(request, full.messages[0])
        return answers.to(side, goal)
    words = ""
    if taken_up:
        status.with_past(request.user, [goal])
        said = [status.standing(goal, status.Reader(side_of(request.user)))]
        said += [status.did_not_agree_again(status.refusal(goal), request.user)]
        standing = format_html_join(" ", "{}", ((one,) for one in said if one))
        words = format_html(_("Resumed. {standing}"), standing=standing)
    toasts.tell(request, taken_up, words)
    return answers.to(side, goal)
