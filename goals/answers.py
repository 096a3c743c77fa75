"""Redirects and pages after an action on a goal, for the side that did it."""

from __future__ import annotations

from django.shortcuts import redirect
from django.urls import reverse

from clients.sides import SidePages
from goals.disagreement_page import with_names
from goals.models import Goal


def to(side: SidePages, goal: Goal, place: str = ""):
    """Redirect to the goal's page, scrolled to `place` ("#steps")."""
    return redirect(reverse(side["goal"], args=[goal.pk]) + place)


def page(request, side: SidePages, name: str, goal: Goal, **context):
    """The page of that name about this goal: `both/step_add`, or each side's own."""
    template = name if "/" in name else f"goals/{name}"
    with_names(request.user, [goal])
    context |= {"client": goal.client, "goal": goal, "nav": "goals"}
    return side.page(request, template, **context)
