"""Texts and links of goal signals for either side: a talk, a review, a question.

The signals are `clients.Signal` rows, written by the rules in `goals.signals`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import DateField, DateTimeField, Q, UUIDField
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clients.models import Signal
from clients.prepared import prepared_for_user
from clients.sides import SidePages
from database.prepared import many
from goals.signals import (
    CHOSEN,
    DECIDED,
    DECLINED,
    QUIET,
    SUGGESTS,
    TALK,
    WITHDRAWN,
)

OTHER = _("A goal needs your attention")  # a kind without its own text
# The therapist's text, and the link.
TO_THERAPIST = {
    "talk": (_("You both want to talk about a goal you see differently."), _("Read")),
    "talk-client": (
        _("The client wants to talk about a goal you see differently."),
        _("Read"),
    ),
    "talk-therapist": (
        _("To talk about: a goal you see differently."),
        _("Read"),
    ),
    "agreed": (
        _("The client agreed to the wording of a goal. It is in effect."),
        _("Read"),
    ),
    "withdrawn": (
        _("The client withdrew the agreement to a goal. It is not in effect."),
        _("Read"),
    ),
    "withdrawn-too": (
        _("The client also withdrew the agreement to a goal. It is set aside."),
        _("Read"),
    ),
    "taken-back": (_("The client withdrew a proposal for a goal."), _("Read")),
    "declined": (
        _("The client declined a new wording. The agreed one stays in effect."),
        _("Read"),
    ),
    "declined-back": (
        _("The client declined a new wording. The earlier one is proposed again."),
        _("Read"),
    ),
    "declined-rests": (
        _("The client declined a new wording. No wording of the goal is in effect."),
        _("Read"),
    ),
    "declined-closed": (_("The client declined a goal. It is closed."), _("Read")),
    "declined-aside": (
        _("The client did not agree again to a goal. It is set aside."),
        _("Read"),
    ),
    "suggests-try": (
        _("The client suggests trying both wordings for two weeks."),
        _("Answer"),
    ),
    "suggests-third": (
        _("The client suggests finding a wording that combines both."),
        _("Answer"),
    ),
    "suggests-leave": (
        _("The client suggests keeping both versions."),
        _("Answer"),
    ),
    "chosen-try": (_("You both chose to try both wordings for two weeks."), _("Read")),
    "chosen-leave": (_("You both chose to keep both versions."), _("Read")),
    "combine": (
        _("You both chose a combined wording. Nothing is proposed yet."),
        _("Propose new wording"),
    ),
    "differs": (_("The client sees a goal differently."), _("Read")),
    "taken-up": (_("The client resumed a goal."), _("Read")),
    "reached": (_("Goal reached. The client prefers to talk about it."), _("Read")),
    "answer": (_("The client started a goal review. Add your answers."), _("Answer")),
    # A colleague of the same side may have started it.
    "answer-own": (_("Goal review: your answers are missing."), _("Answer")),
    "decide": (_("Goal review: it is your turn to choose what happens."), _("Decide")),
    "decided-keep": (_("Goal review decided: keep it as it is."), _("Read")),
    "decided-change": (_("Goal review decided: change it."), _("Read")),
    "decided-aside": (_("Goal review decided: set it aside."), _("Read")),
    "decided-reached": (_("Goal review decided: reached."), _("Read")),
    "review": (_("Goal review due."), _("Review")),
    "said": (
        _("A comment on a goal has not been discussed for two sessions."),
        _("Read"),
    ),
    "comment": (_("The client commented on a goal."), _("Read")),
    "flat": (
        _(
            "The client’s last five ratings of a goal are the same. Is it still the "
            "right goal?"
        ),
        _("Ask"),
    ),
    "flat-therapist": (
        _(
            "The therapist’s last five ratings of a goal are the same. Is it still "
            "the right goal?"
        ),
        _("Ask"),
    ),
    "still": (
        _("No activity on a goal for four sessions. Is it still the right goal?"),
        _("Ask"),
    ),
}


# Which page of a side it links to, and where on it; default is the goal's page.
PLACES = {
    "talk": ("goal_differ", ""),
    "talk-client": ("goal_differ", ""),
    "talk-therapist": ("goal_differ", ""),
    "combine": ("goal_propose", ""),
    "agreed": ("goal", ""),
    "differs": ("goal", ""),
    "taken-up": ("goal", ""),
    "answer": ("goal_review", ""),
    "answer-own": ("goal_review", ""),
    "decide": ("goal_review", ""),
    "reached": ("goal_reached", ""),
    "said": ("goal", "#said"),
    "comment": ("goal", "#said"),
}
PLACES |= dict.fromkeys((*WITHDRAWN, *DECLINED, *DECIDED.values()), ("goal", ""))
PLACES |= dict.fromkeys((*SUGGESTS, *CHOSEN), ("goal_differ", ""))
# Shown on top of the session preparation.
REVIEWS = ("review", "answer", "answer-own", "decide")
# The client's suggestion for two wordings, short, for the caseload.
CLIENT_SUGGESTS = {
    "talk-client": _("Suggests: talk"),
    "suggests-try": _("Suggests: try both"),
    "suggests-third": _("Suggests: combined wording"),
    "suggests-leave": _("Suggests: keep both"),
}
# Notifications only: there is nothing to do but read.
TOLD = (
    *TALK, *WITHDRAWN, *DECLINED, *CHOSEN, *DECIDED.values(), "agreed", "differs",
    "taken-up", "reached", "comment",
)  # fmt: skip
ASKED = (*SUGGESTS, "combine", *REVIEWS)
FOR_THE_SESSION = ("talk", "talk-client", "talk-therapist", "reached")
# Lines about the same goal that already say it.
SAID_BY = {
    "differs": frozenset((*TALK, *SUGGESTS, *CHOSEN, "combine")),
    "decided-change": frozenset(["change"]),
    "decided-reached": frozenset(["reached"]),
    "comment": frozenset(["said"]),
}


def rank(kind: str) -> int:
    """Order of a goal's signals: talks, then requests, then notifications."""
    if kind in FOR_THE_SESSION:
        return 0
    if kind in QUIET:
        return 3
    return 1 if kind in ASKED or kind == "said" else 2


def to_therapist(kind: str) -> tuple[str, str]:
    """The therapist's text about it, and the link."""
    why, act = TO_THERAPIST.get(kind, (OTHER, _("Read")))
    return str(why), str(act)


class Watch(NamedTuple):
    """`kind` as above, or "strength" or "correction" with that row's id."""

    kind: str
    client_id: UUID
    goal_id: UUID
    at: datetime | None = None  # since when

    def address(self, side: SidePages) -> str:
        """The reader's page where it is done."""
        if self.kind == "strength":
            return reverse(side["strengths"])
        if self.kind == "correction":
            return reverse(side["corrections"])
        name, place = PLACES.get(self.kind, ("goal", "#again"))
        return reverse(side[name], args=[self.goal_id]) + place


@prepared_for_user(
    clients=many(UUIDField()),
    meeting=many(UUIDField()),
    today=DateField(),
    now=DateTimeField(),
)
def _shown(user, clients, meeting, today, now):
    rows = Signal.objects.visible_to(user).shown(today, now)
    rows = rows.filter(~Q(kind__in=QUIET) | Q(client_id=meeting), client_id=clients)
    # A client who closed the portal answers no review, and nobody decides alone.
    rows = rows.exclude(kind__in=REVIEWS, client__user__is_active=False)
    rows = rows.order_by("kind", "due_on", "since", "about", "pk")
    return rows.values_list("kind", "client_id", "about", "since")


def watch(
    user: User, client_ids: Iterable[UUID], *, meeting: Iterable[UUID] | None = None
) -> list[Watch]:
    """What the reader's side is asked about these clients, in one query.

    Questions about a goal without activity are only for clients the reader is `meeting`
    today (all if not given), and not if its review is due.
    """
    asked = list(client_ids)
    met = asked if meeting is None else list(meeting)
    rows = _shown(
        user, clients=asked, meeting=met, today=user.today(), now=timezone.now()
    )
    found = [Watch(*row) for row in rows]
    due = {one.goal_id for one in found if one.kind == "review"}
    return [one for one in found if one.kind not in QUIET or one.goal_id not in due]
