"""The keys of a version: who agreed to exactly these words, and when."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from accounts.models import User
from clients.models import ClientRow, ClientRowQuerySet
from goals.models.content import Side
from goals.models.move import GoalMove

if TYPE_CHECKING:
    from goals.models.version import GoalVersion


class AgreementQuerySet(ClientRowQuerySet):
    def not_withdrawn(self):
        """Keys that nobody took back."""
        taken = GoalMove.objects.filter(agreement=OuterRef("pk"))
        return self.filter(~Exists(taken))

    def of(self, version, side: str):
        """Those of one side on one version, taken back or not."""
        return self.filter(version=version, side=side)

    def last_agreed(self) -> dict[UUID, GoalVersion]:
        """By goal, the version on which both agreements stood last; in one query."""
        rows = self.select_related("version", "taken_back").order_by("at", "pk")
        found: dict[UUID, GoalVersion] = {}
        standing: dict[tuple[UUID, str], Agreement] = {}
        for key in rows:
            standing[key.version_id, key.side] = key
            other = standing.get((key.version_id, Side(key.side).other))
            if other and not other.was_taken_back_before(key.at):
                found[key.version.goal_id] = key.version
        return found

    def with_declined(self):
        """`declined_at`: when the version it is about was declined."""
        moves = GoalMove.objects.filter(kind=GoalMove.Kind.DECLINED)
        moves = moves.filter(version=OuterRef("version")).order_by("at", "pk")
        return self.annotate(declined_at=Subquery(moves.values("at")[:1]))


class Agreement(ClientRow):
    """One key turned by one side on one exact version.  Append-only.

    A key that was taken back may be turned again: that is the next `turn`.
    """

    retention = "record"
    not_exported = {"turn": "counts the keys of one side, given and taken back"}
    frozen = "__all__"

    version = models.ForeignKey(
        "GoalVersion", models.PROTECT, related_name="keys", db_constraint=False
    )
    side = models.CharField(max_length=10, choices=Side.choices)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    turn = models.PositiveSmallIntegerField(default=1, db_default=1)
    fingerprint = models.CharField(max_length=64)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "side", "turn"], name="agreement_one_key_per_side"
            ),
        ]

    def was_taken_back_before(self, when: datetime) -> bool:
        return hasattr(self, "taken_back") and self.taken_back.at < when
