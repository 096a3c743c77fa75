"""Comments on a goal, with receipts: seen, discussed, what changed."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit, row_limits
from accounts.encryption import EncryptedTextField
from accounts.models import AuditEvent, User
from clients import signals
from clients.access import WRITES, side_of
from clients.models import ClientRow, ClientRowQuerySet
from goals.models.content import Side
from goals.models.goal import Goal

audit.verb("goal commented", audit.Sort.WROTE, _("Commented on a goal"))
audit.verb(
    "goal comment talked about", audit.Sort.WROTE, _("Marked a comment as discussed")
)

MOST_A_DAY = 100  # by one person, in one record
FULL = _(
    "You’ve reached the limit of %(most)d comments in 24 hours. Add this one tomorrow."
)


class CommentQuerySet(ClientRowQuerySet):
    def with_seen(self):
        """Annotate `seen_at`: when the other side first opened the goal after the
        comment.

        Taken from the audit log, which records openings anyway.
        """
        looks = AuditEvent.objects.filter(
            client_id=OuterRef("client_id"),
            verb="opened",
            object_id=OuterRef("goal_id"),
            at__gt=OuterRef("at"),
        ).order_by("at", "pk")
        by_client = looks.filter(role="client").values("at")[:1]
        by_therapist = looks.filter(role__in=WRITES).values("at")[:1]
        return self.annotate(
            seen_at=models.Case(
                models.When(side=Side.CLIENT, then=Subquery(by_therapist)),
                default=Subquery(by_client),
            )
        )


class Comment(ClientRow):
    seal_as = "comment"
    retention = "record"
    frozen = {"goal", "by", "side", "at", "words"}

    goal = models.ForeignKey(
        Goal, models.PROTECT, related_name="comments", db_constraint=False
    )
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    side = models.CharField(max_length=10, choices=Side.choices)
    at = models.DateTimeField(default=timezone.now)
    words = EncryptedTextField(_("comment"))
    discussed_on = models.DateField(_("discussed on"), null=True, blank=True)
    discussed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    changed = EncryptedTextField(_("what changed"), blank=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["goal", "-at"], name="comment_by_goal"),
            models.Index(
                fields=["client", "at"],
                condition=Q(discussed_on=None),
                name="comment_unanswered",
            ),
        ]

    @classmethod
    @signals.changes("goals")
    def say(cls, goal: Goal, words: str, *, by: User, key=None) -> Comment:
        mine = cls.objects.filter(client_id=goal.client_id, by=by)
        row_limits.require_room_today(mine, MOST_A_DAY, FULL)
        comment = cls(
            practice_id=goal.practice_id,
            client_id=goal.client_id,
            goal=goal,
            by=by,
            side=side_of(by),
            words=words,
        )
        comment.pk = key or comment.pk
        comment.save(force_insert=True)
        audit.record("goal commented", about=goal)
        return comment

    @signals.changes("goals")
    def talked_about(self, on: date, changed: str, *, by: User) -> bool:
        """Mark as discussed, with what came of it; False if already marked."""
        sealed = self._meta.get_field("changed").seal(self, changed)
        rows = Comment.objects.filter(pk=self.pk, discussed_on=None)
        done = rows.update(discussed_on=on, discussed_by=by, changed=sealed)
        if done:
            audit.record("goal comment talked about", about=self.goal)
        return bool(done)
