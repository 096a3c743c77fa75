"""What goals ask of the two who hold them: a talk, a review, a kind question.

A goal is still when nobody touched it for four sessions, or its last five ratings by
the client (the therapist's where the client gave none) are all the same; something
said is unanswered when two sessions went by and nobody noted that it was talked about.
A decision of a review is told to the side that did not press last; so is a
withdrawal, a decline, that the other side took it up again or sees it differently.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from database.prepared import PreparedSQL
from goals.ways import Way

UNTOUCHED, FLAT, UNANSWERED = 4, 5, 2  # sessions, ratings, sessions

# One statement for however many clients; its text stands in the migration.
WATCH = PreparedSQL("""
SELECT kind, client_id, goal_id, at
FROM app.goal_watch($1::uuid[], $2::uuid[], $3, $4::date, $5, $6, $7)
""")
OTHER = _("A goal needs your attention")  # a kind that has no words of its own
# What the therapist reads, and the one act.
TO_THERAPIST = {
    "talk": (_("You both want to talk about a goal you see differently."), _("Read")),
    "talk-client": (
        _("The client wants to talk about a goal you see differently."),
        _("Read"),
    ),
    "talk-therapist": (
        _("The therapist wants to talk about a goal you see differently."),
        _("Read"),
    ),
    "withdrawn": (
        _("The client withdrew from a goal or a proposal, and said why."),
        _("Read"),
    ),
    "declined": (_("The client declined proposed words for a goal."), _("Read")),
    "differs": (_("The client sees a goal differently."), _("Read")),
    "taken-up": (_("The client took up a goal again."), _("Read")),
    "reached": (_("Goal reached. The client prefers to talk about it."), _("Read")),
    "answer": (_("Goal review started. Add your answers."), _("Answer")),
    "decide": (_("Goal review: it is your turn to choose what happens."), _("Decide")),
    "decided-keep": (_("Goal review decided: keep it as it is."), _("Read")),
    "decided-change": (_("Goal review decided: change it."), _("Read")),
    "decided-aside": (_("Goal review decided: set it aside."), _("Read")),
    "decided-reached": (_("Goal review decided: reached."), _("Read")),
    "review": (_("Goal review due."), _("Review")),
    "said": (
        _("Something said about a goal was not talked about for two sessions."),
        _("Read"),
    ),
    "flat": (
        _("The client’s last five ratings of a goal are the same. Still right?"),
        _("Ask"),
    ),
    "flat-therapist": (
        _("The therapist’s last five ratings of a goal are the same. Still right?"),
        _("Ask"),
    ),
    "still": (
        _("Nobody touched a goal for four sessions. Still the right one?"),
        _("Ask"),
    ),
}


# Which of a side's pages it leads to, and where on it; else the goal's own.
PLACES = {
    "talk": ("goal_differ", ""),
    "talk-client": ("goal_differ", ""),
    "talk-therapist": ("goal_differ", ""),
    "withdrawn": ("goal", ""),
    "declined": ("goal", ""),
    "differs": ("goal", ""),
    "taken-up": ("goal", ""),
    "answer": ("goal_review", ""),
    "decide": ("goal_review", ""),
    "reached": ("goal_reached", ""),
    "said": ("goal", "#said"),
} | dict.fromkeys(
    ("decided-keep", "decided-change", "decided-aside", "decided-reached"),
    ("goal", ""),
)
# What stands on top of what is prepared for the session.
FOR_THE_SESSION = ("talk", "talk-client", "talk-therapist", "reached")


def to_therapist(kind: str) -> tuple[str, str]:
    """What the therapist reads about it, and the one act."""
    why, act = TO_THERAPIST.get(kind, (OTHER, _("Read")))
    return str(why), str(act)


class Watch(NamedTuple):
    """`kind` as above; or "strength", with the id of what is offered."""

    kind: str
    client_id: UUID
    goal_id: UUID
    at: datetime | None = None  # since when

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
