"""Scores: importance, confidence, and attainment."""

from __future__ import annotations

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit, row_limits
from accounts.encryption import EncryptedTextField
from accounts.models import User
from clients.access import side_of
from clients.models import ClientRow
from goals.models.content import Side
from goals.models.goal import Goal

audit.verb(
    "goal scored", audit.Sort.WROTE, _("Rated a goal’s importance or confidence")
)

MOST_A_DAY = 100  # by one person, on one goal
FULL = _(
    "You’ve reached the limit of %(most)d changes in 24 hours. Change them tomorrow."
)


class GoalScore(ClientRow):
    """One score of a goal. Append-only.

    Importance and confidence are 0 to 10, with why not lower and what would make it one
    higher; attainment is -2 to +2, where 0 is the expected outcome.
    """

    retention = "record"
    frozen = "__all__"

    class Kind(models.TextChoices):
        IMPORTANCE = "importance", _("How important")
        CONFIDENCE = "confidence", _("How confident")
        ATTAINMENT = "attainment", _("Attainment")

    seal_as = "goal_score"

    goal = models.ForeignKey(
        Goal, models.PROTECT, related_name="scores", db_constraint=False
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    value = models.SmallIntegerField()
    why_not_lower = EncryptedTextField(_("why not lower"), blank=True)
    what_would_raise = EncryptedTextField(_("what would raise it"), blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    side = models.CharField(max_length=10, choices=Side.choices)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="attainment", value__gte=-2, value__lte=2)
                | Q(kind__in=["importance", "confidence"], value__gte=0, value__lte=10),
                name="goal_score_in_range",
                violation_error_message=_("Choose a value on this scale."),
            ),
        ]
        indexes = [models.Index(fields=["goal", "kind", "at"], name="goal_score")]

    @classmethod
    @transaction.atomic
    def give(
        cls,
        goal: Goal,
        kind: str,
        value: int,
        *,
        by: User,
        why_not_lower: str = "",
        what_would_raise: str = "",
    ) -> GoalScore:
        goal.require_open()
        mine = cls.objects.filter(goal=goal, by=by)
        row_limits.require_room_today(mine, MOST_A_DAY, FULL)
        score = cls(
            practice_id=goal.practice_id,
            client_id=goal.client_id,
            goal=goal,
            kind=kind,
            value=value,
            why_not_lower=why_not_lower,
            what_would_raise=what_would_raise,
            by=by,
            side=side_of(by),
        )
        score.save(force_insert=True)
        audit.record("goal scored", about=goal, kind=kind, value=value)
        return score
