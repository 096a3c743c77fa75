from __future__ import annotations

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit, row_limits
from accounts.encryption import LATER_ADDED, EncryptedTextField
from accounts.models import User
from clients import signals
from clients.models import ClientRow, ClientRowQuerySet
from goals.models.goal import Goal

audit.verb("step added", audit.Sort.WROTE, _("Added a step"))
audit.verb("step reached", audit.Sort.WROTE, _("Reached a step"))
audit.verb("step undone", audit.Sort.WROTE, _("Undid a reached step"))
audit.verb("step moved", audit.Sort.WROTE, _("Reordered steps"))
audit.verb("step dropped", audit.Sort.WROTE, _("Removed a step"))

MOST, MOST_OPEN = 50, 500  # reached or not: of one goal; open ones of the client
FULL = _(
    "This goal already has %(most)d steps, the maximum. Remove a step, or add the "
    "next part as its own goal."
)


FULL_RECORD = _(
    "The open goals of this record already have %(most)d steps, the maximum. Remove "
    "a step before you add another."
)


class StepQuerySet(ClientRowQuerySet):
    def not_dropped(self):
        return self.filter(dropped_at=None)


class Step(ClientRow):
    """A step of a goal: planned or reached."""

    seal_as = "step"
    retention = "record"
    frozen = {"goal", "cue", "plan", "added_by"}

    goal = models.ForeignKey(
        Goal, models.PROTECT, related_name="steps", db_constraint=False
    )
    words = EncryptedTextField(_("step"))
    # An if-then plan: when `cue` happens, do `plan`.
    cue = EncryptedTextField(_("if"), **LATER_ADDED)
    plan = EncryptedTextField(_("then"), **LATER_ADDED)
    position = models.PositiveSmallIntegerField()
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reached_at = models.DateTimeField(null=True)
    reached_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    dropped_at = models.DateTimeField(null=True)

    objects = StepQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        indexes = [models.Index(fields=["goal", "position"], name="step_by_goal")]

    @classmethod
    @transaction.atomic
    def add(
        cls, goal: Goal, words: str, *, by: User, cue: str = "", plan: str = ""
    ) -> Step:
        goal.require_open()
        row_limits.require_room(goal.steps.not_dropped(), MOST, FULL)
        others = cls.objects.filter(client=goal.client_id, goal__closed_at=None)
        row_limits.require_room(others.not_dropped(), MOST_OPEN, FULL_RECORD)
        last = goal.steps.aggregate(last=models.Max("position"))["last"] or 0
        step = cls(
            practice_id=goal.practice_id,
            client_id=goal.client_id,
            goal=goal,
            words=words,
            cue=cue,
            plan=plan,
            position=last + 1,
            added_by=by,
        )
        step.save(force_insert=True)
        audit.record("step added", about=goal)
        return step

    @signals.changes("goals")
    def reach(self, *, by: User, at=None) -> bool:
        """Mark as reached; False if it already is."""
        done = Step.objects.filter(pk=self.pk, reached_at=None).update(
            reached_at=at or timezone.now(), reached_by=by
        )
        if done:
            audit.record("step reached", about=self.goal, step=self.pk)
        return bool(done)

    @signals.changes("goals")
    def undo(self, *, by: User) -> bool:
        done = (
            Step.objects.filter(pk=self.pk)
            .exclude(reached_at=None)
            .update(reached_at=None, reached_by=None)
        )
        if done:
            audit.record("step undone", about=self.goal, step=self.pk)
        return bool(done)

    @transaction.atomic
    def move(self, up: bool, *, by: User) -> bool:
        """Swap places with the neighbor; False at the end of the list.

        Only planned steps can be moved.
        """
        self.goal.lock()
        row = list(self.goal.steps.not_dropped().filter(reached_at=None))
        place = next((n for n, step in enumerate(row) if step.pk == self.pk), None)
        if place is None:
            return False
        beside = place + (1 if up else -1)
        if not 0 <= beside < len(row):
            return False
        this, that = row[place], row[beside]
        for step, position in ((this, that.position), (that, this.position)):
            Step.objects.filter(pk=step.pk).update(position=position)
        audit.record("step moved", about=self.goal, step=self.pk)
        return True

    @transaction.atomic
    def drop(self, *, by: User) -> bool:
        """Remove a planned step; False if it was reached or removed."""
        rows = Step.objects.filter(pk=self.pk, reached_at=None).not_dropped()
        done = rows.update(dropped_at=timezone.now())
        if done:
            audit.record("step dropped", about=self.goal, step=self.pk)
        return bool(done)
