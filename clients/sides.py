"""What both sides can do is one view; each side's urls.py lists it by its own name.

    @either_side
    @require_POST
    def agree(request, side, goal_id, number): ...

    goals/urls.py         path(..., for_therapist(acts.agree), name="goal-agree")
    portal/goal_urls.py   path(..., for_client(acts.agree), name="portal-goal-agree")

Only there it gets its audience (`for_client` stands in portal/state.py): what no
urls.py of the portal lists, a client cannot do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps

from django.shortcuts import render

from accounts.decorators import therapist_required


@dataclass(frozen=True)
class SidePages:
    """Whose pages: `side["goal_agree"]` is the name of their address for it."""

    portal: bool

    def __getitem__(self, name: str) -> str:
        return ("portal-" if self.portal else "") + name.replace("_", "-")

    def page(self, request, template: str, *, client, nav: str, **context):
        """The page of one side, as a response.

        `both/step_add` is one template for both sides, which extends base_both.html.
        Else each side has its own: `goals/goal_detail`, and in the portal
        `portal/goal_detail`.  `nav` is the portal's tab; a therapist's page of a client
        is in the caseload.
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
    """A view of both sides, which gets its SidePages after the request.

    `only_reads`: a client may still do it for a while after discharge.
    """
    if view is None:
        return partial(either_side, only_reads=only_reads)
    view.only_reads = only_reads
    return view


def bound(view: Callable, side) -> Callable:
    """The view as one side's address calls it."""

    @wraps(view)
    def theirs(request, *args, **kwargs):
        return view(request, side, *args, **kwargs)

    return theirs


def for_therapist(view: Callable) -> Callable:
    """The therapist's side of a view of both."""
    return therapist_required(bound(view, THERAPISTS))
