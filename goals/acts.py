"""Actions on a goal that both sides have; each side's urls.py lists its own."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import encryption, errors
from clients import drafts
from clients.access import side_of
from clients.record_access import open_for
from clients.sides import SidePages, either_side
from goals import answers, status
from goals.agreement_lines import colleague
from goals.disagreement_page import DisagreementPage, with_names, with_ways
from goals.forms import (
    NEWER_WORDS,
    OVERTAKEN,
    CommentForm,
    DifferForm,
    KeyBackForm,
    LinkForm,
    NextForm,
    RatingForm,
    StepForm,
    TalkedForm,
)
from goals.goal_page import GoalPage
from goals.models import (
    Comment,
    Goal,
    GoalLink,
    GoalRating,
    Overtaken,
    Step,
)
from goals.models.move import GoalMove
from goals.numbers_form import NumbersForm
from goals.page_queries import goal_to_change
from goals.strengths import next_step
from ui import toasts


def shown(request, goal: Goal, side: SidePages, *, rating_form=None, **context):
    """The page of a goal."""
    status.with_past(request.user, with_ways(request.user, [goal]))
    page = GoalPage(goal, request.user, side, everything="all" in request.GET)
    context |= {
        "page": page,
        "chart": page.numbers.chart(),
        "rating_form": rating_form or _rating_form(page, request.user),
    }
    return answers.page(request, side, "goal_detail", goal, **context)


def _rating_form(page: GoalPage, user) -> RatingForm:
    form = RatingForm(goal=page.goal, last=page.numbers.my_last)
    begun = getattr(page.goal, "has_rating_draft", True) and page.may_change
    return drafts.begun(form, user) if begun else form


def proposing(request, template: str, side: SidePages, form, **context):
    """The form that proposes a new goal, or a new wording for one."""
    goal = form.goal or form.like or Goal(client=form.client)
    if not goal.is_open:
        context["closed_because"] = _closed_because(request, goal)
    if goal.differs_since:  # a wording that combines both starts with both texts
        context["differ"] = DisagreementPage(goal, request.user)
    return answers.page(request, side, template, goal, form=form, **context)


def late(request, goal: Goal, side: SidePages, form=None, why=None):
    """Someone else acted first; what was typed is shown again with the reason."""
    why = why or overtaken_by(request, goal)
    if form is not None and form.is_bound and errors.typed(request):
        back = reverse(side["goal"], args=[goal.pk])
        return errors.not_saved(request, why, form=form, back=back)
    messages.warning(request, why)
    return answers.to(side, goal)


def propose(request, goal: Goal, side: SidePages, form_class):
    """Propose a new wording; for a closed goal, propose a new goal with it."""
    if request.method == "POST" and "as_new" in request.POST and not goal.is_open:
        about = {"like": goal}
    else:
        about = {"goal": goal}
    form = drafts.restored(form_class, request, client=goal.client, **about)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _proposed(form.result))
        return answers.to(side, form.result)
    return proposing(request, "goal_propose", side, form)


def _proposed(goal: Goal) -> str:
    if goal.in_force_id:
        return _("Proposed. The current wording stays in effect until you both agree.")
    return _("Proposed. You agreed to it; it is in effect once you both agree.")


def _closed_because(request, goal: Goal):
    return status.closed_because(goal, request.user)


def overtaken_by(request, goal: Goal):
    """What happened meanwhile: that the goal was closed, and by whom."""
    return OVERTAKEN if goal.is_open else _closed_because(request, goal)


def _overtaken(request, goal: Goal) -> None:
    messages.warning(request, overtaken_by(request, goal))


# -- agreements -----------------------------------------------------------------------


@either_side
@require_POST
def agree(request, side: SidePages, goal_id, number):
    goal = goal_to_change(request, goal_id)
    version = get_object_or_404(goal.versions, number=number)
    version.goal = goal
    try:
        is_new = version.agree(by=request.user)
    except Overtaken:
        if goal.is_open:
            messages.warning(request, NEWER_WORDS)
        else:
            _overtaken(request, goal)
    except ValidationError as full:
        messages.warning(request, full.messages[0])
    else:
        held = None if is_new else version.key_of(side_of(request.user))
        messages.success(request, _agreed(colleague(held, request.user)))
    return answers.to(side, goal)


def _agreed(giver: str) -> str:
    """Who of the reader's own side had already agreed to a wording."""
    if giver:
        said = _("%(name)s had already agreed for the therapists.")
        return said % {"name": giver}
    return _("You agreed to this goal.")


@either_side
def take_key_back(request, side: SidePages, goal_id):
    """Withdraw one's agreement: from one's own proposal, or from what is agreed."""
    goal = goal_to_change(request, goal_id)
    encryption.expect(goal.practice_id, [goal.client_id])
    version = goal.keyed_by(side_of(request.user))
    form = drafts.restored(KeyBackForm, request, goal=goal)
    if version is None or not goal.is_open:
        return late(request, goal, side, form)
    version.goal = goal
    giver = colleague(version.key_of(side_of(request.user)), request.user)
    in_effect = goal.in_force_id == version.pk
    is_proposal = not in_effect and not version.was_agreed
    if form.is_valid() and form.save(version, by=request.user):
        messages.success(request, _withdrawn(giver, is_proposal))
        return answers.to(side, goal)
    context = {"form": form, "version": version, "colleague": giver}
    context |= {"in_effect": in_effect, "is_proposal": is_proposal}
    if is_proposal and goal.in_force_id is None:
        before = context["before"] = version.before()
        # Without the proposal, nobody is asked again about what was agreed before.
        context["before_rests"] = before and before.was_agreed
    return answers.page(request, side, "both/goal_key_back", goal, **context)


def _withdrawn(giver: str, was_proposal: bool) -> str:
    """What was withdrawn; `giver` is the colleague who had agreed, '' if oneself."""
    if giver and was_proposal:
        return _("%(name)s’s proposal is withdrawn.") % {"name": giver}
    if giver:
        said = _("The therapists’ agreement, given by %(name)s, is withdrawn.")
        return said % {"name": giver}
    return _("Proposal withdrawn.") if was_proposal else _("Agreement withdrawn.")


@either_side
@require_POST
def decline(request, side: SidePages, goal_id, number):
    goal = goal_to_change(request, goal_id)
    version = get_object_or_404(goal.versions, number=number)
    version.goal = goal
    try:
        version.decline("", by=request.user)
    except Overtaken:
        _overtaken(request, goal)
    else:
        messages.success(request, _declined(goal))
    return answers.to(side, goal)


def _declined(goal: Goal) -> str:
    if goal.ended_as == Goal.Ended.ASIDE:
        return _("Goal set aside. Either of you can resume it.")
    if not goal.is_open:
        return _("Declined. The goal is closed and keeps its history.")
    if goal.in_force_id:
        return _("Declined. The current wording stays in effect.")
    if not goal.waits_for:
        return _("Declined. The wording you both once agreed to is not in effect.")
    number = {"number": goal.latest.number}
    return _("Declined. Version %(number)s is the proposal again.") % number


@either_side
def differ(request, side: SidePages, goal_id):
    goal = goal_to_change(request, goal_id)
    page = DisagreementPage(goal, request.user)
    form = drafts.restored(DifferForm, request, goal=goal)
    if page.proposal is None:
        return late(request, goal, side, form)
    if form.is_valid() and form.save(page.proposal, by=request.user):
        messages.success(request, _("Both versions are saved."))
        return redirect(side["goal_differ"], goal.pk)
    status.with_past(request.user, [goal])
    context = {"page": page, "form": form, "next_form": NextForm(goal=goal)}
    context["trial_ended"] = status.decided(page.trial_ended_by)
    return answers.page(request, side, "goal_differ", goal, **context)


@either_side
@require_POST
def next_after_difference(request, side: SidePages, goal_id):
    goal = goal_to_change(request, goal_id)
    form = NextForm(request.POST, goal=goal)
    page = DisagreementPage(goal, request.user)
    if page.proposal is None:
        _overtaken(request, goal)
        return answers.to(side, goal)
    if not (form.is_valid() and form.save(page.proposal, by=request.user)):
        messages.warning(request, _first_error(form))
        return redirect(side["goal_differ"], goal.pk)
    messages.success(request, _suggested(DisagreementPage(goal, request.user)))
    if form.cleaned_data["choice"] == GoalMove.Next.THIRD:
        return redirect(side["goal_propose"], goal.pk)
    return redirect(side["goal_differ"], goal.pk)


def _suggested(page: DisagreementPage) -> str:
    if page.both_next:
        return _("You both chose the same: %(choice)s.") % {"choice": page.both_next}
    return _("Suggested. It is decided once you both choose the same.")


# -- ratings and scores ---------------------------------------------------------------


@either_side
@require_POST
def rate(request, side: SidePages, goal_id):
    goal = goal_to_change(request, goal_id)
    form = drafts.restored(RatingForm, request, goal=goal)
    if form.is_valid() and form.save(by=request.user):
        said = _("Rating saved: %(value)s.") % {"value": form.cleaned_data["value"]}
        back = reverse(side["rating_withdraw"], args=[form.result.pk])
        toasts.toast(request, said, undo=back)
        return answers.to(side, goal)
    if not goal.is_open:
        return late(request, goal, side, form)
    messages.warning(request, _first_error(form))
    return shown(request, goal, side, rating_form=form)


@either_side
@require_POST
def rating_withdraw(request, side: SidePages, rating_id):
    rows = GoalRating.objects.editable_by(request.user)
    rating = get_object_or_404(rows.select_related("goal"), pk=rating_id)
    toasts.tell(request, rating.withdraw(by=request.user), _("Rating removed."))
    return answers.to(side, rating.goal)


@either_side
def numbers(request, side: SidePages, goal_id):
    goal = goal_to_change(request, goal_id)
    encryption.expect(goal.practice_id, [goal.client_id])
    who = side_of(request.user)
    mine = goal.scores.filter(side=who).order_by("kind", "-at", "-pk").distinct("kind")
    last = {score.kind: score for score in mine}
    form = drafts.restored(NumbersForm, request, goal=goal, last=last, side=who)
    if not goal.is_open:
        return late(request, goal, side, form)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Importance and confidence saved."))
        return answers.to(side, goal)
    return answers.page(request, side, "both/goal_numbers", goal, form=form, last=last)


# -- steps, comments, links -----------------------------------------------------------


@either_side
def step_add(request, side: SidePages, goal_id):
    goal = goal_to_change(request, goal_id)
    encryption.expect(goal.practice_id, [goal.client_id])
    form = drafts.restored(StepForm, request, goal=goal)
    if not goal.is_open:
        return late(request, goal, side, form)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Step added."))
        return answers.to(side, goal, "#steps")
    at_hand = next_step.at_hand(goal, request.user)
    return answers.page(
        request, side, "both/step_add", goal, form=form, strengths=at_hand
    )


@either_side
@require_POST
def step_do(request, side: SidePages, step_id, verb):
    """`verb` is "reach", "undo", "up", "down" or "drop"."""
    rows = Step.objects.editable_by(request.user).select_related("goal")
    step = get_object_or_404(rows.not_dropped(), pk=step_id)
    by = request.user
    if verb == "reach":
        back = reverse(side["step_undo"], args=[step.pk])
        toasts.tell(request, step.reach(by=by), _("Step reached."), undo=back)
    elif verb == "undo":
        toasts.tell(request, step.undo(by=by), _("Undone."))
    elif verb == "drop":
        toasts.tell(request, step.drop(by=by), _("Step removed."))
    else:
        step.move(verb == "up", by=by)
    return answers.to(side, step.goal, "#steps")


@either_side
def comment(request, side: SidePages, goal_id):
    goal = goal_to_change(request, goal_id)
    encryption.expect(goal.practice_id, [goal.client_id])
    form = drafts.restored(CommentForm, request, goal=goal)
    if form.is_valid() and form.save(by=request.user):
        both, alone = _("Comment saved for both of you."), _("Comment saved.")
        messages.success(request, both if goal.is_shared else alone)
        return answers.to(side, goal, "#said")
    return answers.page(request, side, "both/goal_comment", goal, form=form)


@either_side
def comment_talked(request, side: SidePages, said_id):
    rows = Comment.objects.editable_by(request.user)
    rows = rows.select_related("goal__client", "by").with_seen()
    said = open_for(request, rows, pk=said_id)
    form = drafts.restored(TalkedForm, request, comment=said, by=request.user)
    if form.is_valid() and form.save():
        both, alone = _("Saved for both of you."), _("Saved.")
        messages.success(request, both if said.goal.is_shared else alone)
        return answers.to(side, said.goal, "#said")
    return answers.page(
        request, side, "both/comment_talked", said.goal, form=form, comment=said
    )


@either_side
def link(request, side: SidePages, goal_id):
    goal = goal_to_change(request, goal_id)
    encryption.expect(goal.practice_id, [goal.client_id])
    rows = Goal.objects.visible_to(request.user).filter(client=goal.client_id)
    others = rows.open().exclude(pk=goal.pk).with_words().order_by("created_at", "pk")
    form = LinkForm(
        request.POST or None, goal=goal, others=with_names(request.user, list(others))
    )
    if not goal.is_open:
        return late(request, goal, side, form)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Linked."))
        return answers.to(side, goal, "#links")
    return answers.page(request, side, "both/goal_link", goal, form=form)


@either_side
@require_POST
def link_end(request, side: SidePages, link_id):
    rows = GoalLink.objects.editable_by(request.user).select_related("goal")
    found = get_object_or_404(rows, pk=link_id)
    toasts.tell(request, found.end(by=request.user), _("No longer linked."))
    return answers.to(side, found.goal, "#links")


def _first_error(form) -> str:
    return next(iter(form.errors.values()))[0]
