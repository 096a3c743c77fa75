from __future__ import annotations

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit, row_limits
from accounts.models import User
from clients.access import side_of
from clients.models import ClientRow, ClientRowQuerySet
from goals.models.content import Side
from goals.models.goal import Goal

audit.verb("goal linked", audit.Sort.WROTE, _("Linked two goals"))
audit.verb("goal link ended", audit.Sort.WROTE, _("Removed a link between goals"))

MOST = 20  # of one goal, in both directions
FULL = _(
    "This goal already has %(most)d links, the maximum. Remove a link before you add "
    "another."
)


class GoalLinkQuerySet(ClientRowQuerySet):
    def current(self):
        return self.filter(ended_at=None)


class GoalLink(ClientRow):
    """One goal helps another of the same client, or gets in its way."""

    retention = "record"
    frozen = {"goal", "other", "kind", "by", "side", "at"}

    class Kind(models.TextChoices):
        HELPS = "helps", _("helps")
        HINDERS = "hinders", _("gets in the way of")

    goal = models.ForeignKey(
        Goal, models.PROTECT, related_name="links", db_constraint=False
    )
    other = models.ForeignKey(
        Goal, models.PROTECT, related_name="linked_from", db_constraint=False
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    side = models.CharField(max_length=10, choices=Side.choices)
    at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    objects = GoalLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["goal", "other"],
                condition=models.Q(ended_at=None),
                name="goal_link_once",
                violation_error_message=_("They are already linked."),
                violation_error_code="other",
            ),
            models.CheckConstraint(
                condition=~models.Q(goal=models.F("other")),
                name="goal_link_of_two",
                violation_error_message=_("Choose another goal."),
                violation_error_code="other",
            ),
        ]
        indexes = [models.Index(fields=["other"], name="goal_link_by_other")]

    @classmethod
    def of(cls, goal: Goal):
        """Current links of a goal, in either direction."""
        both = models.Q(goal=goal) | models.Q(other=goal)
        return cls.objects.filter(both).current()

    @classmethod
    @transaction.atomic
    def make(cls, goal: Goal, other: Goal, kind: str, *, by: User) -> GoalLink:
        goal.require_open()
        for end in (goal, other):
            row_limits.require_room(cls.of(end), MOST, FULL)
        link = cls(
            practice_id=goal.practice_id,
            client_id=goal.client_id,
            goal=goal,
            other=other,
            kind=kind,
            by=by,
            side=side_of(by),
        )
        link.save(force_insert=True)
        audit.record("goal linked", about=goal, kind=kind)
        return link

    @transaction.atomic
    def end(self, *, by: User) -> bool:
        rows = GoalLink.objects.filter(pk=self.pk).current()
        done = rows.update(ended_at=timezone.now())
        if done:
            audit.record("goal link ended", about=self.goal)
        return bool(done)
