"""What goals ask of the two who hold them: a talk, a review, a kind question.

A goal is still when nobody touched it for four sessions, or its last five ratings are
all the same; something said is unanswered when two sessions went by and nobody noted
that it was talked about.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.kept import Statement
from goals.ways import Way

UNTOUCHED, FLAT, UNANSWERED = 4, 5, 2  # sessions, ratings, sessions

# One statement for however many clients; its text stands in the migration.
WATCH = Statement("""
SELECT kind, client_id, goal_id
FROM app.goal_watch($1::uuid[], $2::uuid[], $3, $4::date, $5, $6, $7)
""")
# What the therapist reads, and the one act.
TO_THERAPIST = {
    "talk": (_("You see a goal differently, and want to talk about it."), _("Read")),
    "reached": (
        _("A goal is reached, and the client wants to speak of it."),
        _("Read"),
    ),
    "answer": (_("A goal is looked at again; your answers are wanted."), _("Answer")),
    "decide": (_("Both answered about a goal; what becomes of it?"), _("Decide")),
    "review": (_("The day has come to look at a goal again."), _("Look")),
    "said": (
        _("Something said about a goal was not talked about for two sessions."),
        _("Read"),
    ),
    "flat": (_("A goal was rated the same five times. Still the right one?"), _("Ask")),
    "still": (
        _("Nobody touched a goal for four sessions. Still the right one?"),
        _("Ask"),
    ),
}


# Which of a side's pages it leads to, and where on it; else the goal's own.
PLACES = {
    "talk": ("goal_differ", ""),
    "answer": ("goal_review", ""),
    "decide": ("goal_review", ""),
    "reached": ("goal_reached", ""),
    "said": ("goal", "#said"),
}
# What stands on top of what is prepared for the session.
FOR_THE_SESSION = ("talk", "reached")


class Watch(NamedTuple):
    """`kind` as above; or "strength", with the id of what is offered."""

    kind: str
    client_id: UUID
    goal_id: UUID

    def address(self, way: Way) -> str:
        """The page of one's own side on which it is done."""
        if self.kind == "strength":
            return reverse(way["strengths"])
        name, place = PLACES.get(self.kind, ("goal", "#again"))
        return reverse(way[name], args=[self.goal_id]) + place


def watch(
    client_ids: Iterable[UUID],
    side: str,
    today: date,
    *,
    meeting: Iterable[UUID] | None = None,
) -> list[Watch]:
    """In one query.  The ids are those that `visible_to(user)` gave.

    About a goal that stands still only those are asked whom one is `meeting` today, or
    all where that is not said.
    """
    asked = list(client_ids)
    met = asked if meeting is None else list(meeting)
    rows = WATCH.rows(asked, met, side, today, UNTOUCHED, FLAT, UNANSWERED)
    return [Watch(*row) for row in rows]
