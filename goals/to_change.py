"""Goals that a review decided to change, until someone proposes a new wording."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from goals.models import GoalVersion, Review


def to_change(goals: QuerySet, today) -> QuerySet:
    """Those of `goals`; both sides are asked until the next review date."""
    last = Review.objects.filter(goal=OuterRef("pk")).exclude(decision="")
    last = last.order_by("-closed_at", "-pk")
    newer = GoalVersion.objects.filter(
        goal=OuterRef("pk"), proposed_at__gt=OuterRef("decided_at")
    )
    found = goals.open().annotate(
        decided_at=Subquery(last.values("closed_at")[:1]),
        decision=Subquery(last.values("decision")[:1]),
    )
    found = found.filter(Q(review_on=None) | Q(review_on__gt=today), review=None)
    return found.filter(~Exists(newer), decision=Review.Choice.CHANGE)
