"""One view for both sides; each side's urls.py lists it under its own name.

    @either_side
    @require_POST
    def agree(request, side, goal_id, number): ...

    goals/urls.py         path(..., for_therapist(acts.agree), name="goal-agree")
    portal/goal_urls.py   path(..., for_client(acts.agree), name="portal-goal-agree")

urls.py sets its audience (`for_client` is in portal/state.py): a client can only do
what a urls.py of the portal lists.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps

from django.shortcuts import render

from accounts.decorators import therapist_required


@dataclass(frozen=True)
class SidePages:
    """The side that a page is for: `side["goal_agree"]` is its URL name there."""

    portal: bool

    def __getitem__(self, name: str) -> str:
        return ("portal-" if self.portal else "") + name.replace("_", "-")

    def page(self, request, template: str, *, client, nav: str, **context):
        """Render the page for one side.

        `both/step_add` is one template for both sides, which extends base_both.html.
        Otherwise each side has its own: `goals/goal_detail`, and in the portal
        `portal/goal_detail`. `nav` is the portal's tab; a therapist's client pages are
        under the caseload.
        """
        folder, _slash, name = template.rpartition("/")
        if self.portal and folder != "both":
            folder = "portal"
        context |= {
            "nav": nav if self.portal else "caseload",
            "client": client,
            "names": self,
            "is_portal": self.portal,
            "base": f"base_{'portal' if self.portal else 'therapist'}.html",
        }
        return render(request, f"{folder}/{name}.html", context)


THERAPISTS, CLIENTS = SidePages(portal=False), SidePages(portal=True)


def either_side(view: Callable | None = None, *, only_reads: bool = False) -> Callable:
    """Decorator for a view of both sides, which gets its SidePages after the request.

    `only_reads`: a discharged client may still use it while the portal is open.
    """
    if view is None:
        return partial(either_side, only_reads=only_reads)
    view.only_reads = only_reads
    return view


def bound(view: Callable, side) -> Callable:
    """The view bound to one side."""

    @wraps(view)
    def theirs(request, *args, **kwargs):
        return view(request, side, *args, **kwargs)

    return theirs


def for_therapist(view: Callable) -> Callable:
    """The therapist's side of an `either_side` view."""
    return therapist_required(bound(view, THERAPISTS))
