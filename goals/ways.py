"""The two sides' own addresses and pages for the same act on a goal."""

from __future__ import annotations

from dataclasses import dataclass

from django.shortcuts import redirect, render
from django.urls import reverse

from goals.disagreement_page import with_names
from goals.models import Goal


@dataclass(frozen=True)
class Way:
    """`way["goal_agree"]` is the name of one's own side's address for it."""

    portal: bool

    def __getitem__(self, name: str) -> str:
        return ("portal-" if self.portal else "") + name.replace("_", "-")

    @property
    def nav(self) -> str:
        return "goals" if self.portal else "caseload"

    def to(self, goal: Goal, place: str = ""):
        return redirect(reverse(self["goal"], args=[goal.pk]) + place)

    def page(self, request, name: str, goal: Goal, **context):
        """One's own side's template of that name."""
        with_names(request.user, [goal])
        folder = "portal" if self.portal else "goals"
        context |= {
            "nav": self.nav,
            "goal": goal,
            "client": goal.client,
            "names": self,
            "is_portal": self.portal,
        }
        return render(request, f"{folder}/{name}.html", context)


THERAPISTS, CLIENTS = Way(portal=False), Way(portal=True)
