"""Agreements to a goal version: who agreed to exactly this wording, and when."""

from __future__ import annotations

from django.db import models
from django.db.models import OuterRef, Subquery

from clients import two_keys
from clients.two_keys import AbstractAgreement
from goals.models.move import GoalMove


class GoalAgreementQuerySet(two_keys.AgreementQuerySet):
    def with_declined(self):
        """Annotate `declined_at`: when its version was declined."""
        moves = GoalMove.objects.filter(kind=GoalMove.Kind.DECLINED)
        moves = moves.filter(version=OuterRef("version")).order_by("at", "pk")
        return self.annotate(declined_at=Subquery(moves.values("at")[:1]))


class Agreement(AbstractAgreement):
    """One side's agreement to a version; the GoalMove `taken_back` withdraws it."""

    retention = "record"
    not_exported = {"turn": "counts the keys of one side, given and taken back"}
    frozen = "__all__"

    version = models.ForeignKey(
        "GoalVersion", models.PROTECT, related_name="keys", db_constraint=False
    )

    objects = GoalAgreementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "side", "turn"], name="agreement_one_key_per_side"
            ),
        ]
