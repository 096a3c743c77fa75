from __future__ import annotations

from collections.abc import Iterable

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from clients.access import side_of
from clients.models import ClientRow, ClientRowQuerySet
from goals.models.content import Side
from goals.models.goal import Goal
from goals.strengths.models.strength import Strength

audit.verb("strength linked", audit.Sort.WROTE, _("Linked a strength to goals"))


class StrengthLinkQuerySet(ClientRowQuerySet):
    def current(self):
        return self.filter(ended_at=None)


class StrengthLink(ClientRow):
    """A link: a strength helps with a goal, as either side sees it."""

    retention = "record"
    frozen = {"strength", "goal", "by", "side", "at"}

    strength = models.ForeignKey(
        Strength, models.PROTECT, related_name="links", db_constraint=False
    )
    goal = models.ForeignKey(
        Goal, models.PROTECT, related_name="strength_links", db_constraint=False
    )
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    side = models.CharField(max_length=10, choices=Side.choices)
    at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    objects = StrengthLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["strength", "goal"],
                condition=Q(ended_at=None),
                name="strength_link_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["client"],
                condition=Q(ended_at=None),
                name="strength_link_standing",
            ),
        ]

    @classmethod
    @transaction.atomic
    def choose(cls, strength: Strength, goals: Iterable[Goal], *, by: User) -> bool:
        """Link it to exactly these open goals; False if nothing changes.

        Links to closed goals stay.
        """
        wanted = {goal.pk for goal in goals}
        rows = cls.objects.visible_to(by).filter(strength=strength).current()
        now = set(rows.filter(goal__closed_at=None).values_list("goal_id", flat=True))
        if wanted == now:
            return False
        rows.filter(goal__in=now - wanted).update(ended_at=timezone.now())
        cls.objects.bulk_create(
            [cls._of(strength, goal_id, by) for goal_id in wanted - now],
            ignore_conflicts=True,
        )
        audit.record("strength linked", about=strength, goals=len(wanted))
        return True

    @classmethod
    def _of(cls, strength, goal_id, by) -> StrengthLink:
        return cls(
            practice_id=strength.practice_id,
            client_id=strength.client_id,
            strength=strength,
            goal_id=goal_id,
            by=by,
            side=side_of(by),
        )
