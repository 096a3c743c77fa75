from __future__ import annotations

from datetime import datetime

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit, row_limits
from accounts.encryption import LATER_ADDED, EncryptedTextField
from accounts.models import User
from appointments.models import TherapySession
from clients import signals
from clients.access import side_of
from clients.models import ClientRow, ClientRowQuerySet
from goals.models.content import Side
from goals.models.goal import Goal

audit.verb("goal rated", audit.Sort.WROTE, _("Rated a goal"))
audit.verb("rating withdrawn", audit.Sort.WROTE, _("Removed a rating"))

MOST_A_DAY = 300  # by one person, in one record, outside sessions
FULL = _(
    "You’ve reached the limit of %(most)d ratings in 24 hours. Rate again tomorrow."
)


class GoalRatingQuerySet(ClientRowQuerySet):
    def not_withdrawn(self):
        """Ratings that count: lists and charts hide those withdrawn by their author."""
        return self.filter(withdraws=None, withdrawn_by=None)


class GoalRating(ClientRow):
    """A rating of 0 to 10, where 10 is the goal's best end. Append-only.

    A rating withdrawn by its author stays, with a row that says so.
    """

    seal_as = "goal_rating"
    retention = "record"
    not_exported = {"withdraws": "as `removed_at` of the rating that it takes back"}
    frozen = "__all__"

    goal = models.ForeignKey(
        Goal, models.PROTECT, related_name="ratings", db_constraint=False
    )
    value = models.PositiveSmallIntegerField()
    word = EncryptedTextField(_("comment"), **LATER_ADDED)
    context = EncryptedTextField(_("what was going on"), **LATER_ADDED)
    # Chosen by both together, and entered by `by`.
    together = models.BooleanField(default=False, db_default=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    side = models.CharField(max_length=10, choices=Side.choices)
    at = models.DateTimeField(default=timezone.now)
    # From an import: the date comes from the file; there is no time and no author.
    from_list = models.BooleanField(default=False, db_default=False)
    session = models.ForeignKey(
        TherapySession, models.PROTECT, null=True, related_name="+", db_constraint=False
    )
    withdraws = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        related_name="withdrawn_by",
        db_constraint=False,
    )

    objects = GoalRatingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(value__gte=0, value__lte=10),
                name="goal_rating_0_to_10",
                violation_error_message=_("A rating is from 0 to 10."),
            ),
        ]
        indexes = [
            models.Index(fields=["goal", "at"], name="goal_rating_by_goal"),
            models.Index(fields=["goal", "side", "at"], name="goal_rating_by_side"),
            models.Index(
                fields=["client"],
                condition=models.Q(withdraws__isnull=False),
                name="goal_rating_withdrawals",
            ),
        ]

    @classmethod
    def require_room(cls, client_id, *, by: User) -> None:
        """ValidationError if one person adds more ratings than anyone would read."""
        mine = cls.objects.filter(client_id=client_id, by=by, withdraws=None)
        row_limits.require_room_today(mine, MOST_A_DAY, FULL)

    @classmethod
    def give(cls, values: dict[Goal, int], *, by: User, **said) -> list[GoalRating]:
        """Add ratings to goals of one client, in two statements for any number.

        `said` may contain `session`, `at`, `word`, `context` and `together`, the same
        for each.
        """
        if not values:
            return []
        with signals.together(next(iter(values)).client_id, "goals"):
            return cls._give(values, by=by, **said)

    @classmethod
    def _give(cls, values, *, by, session=None, at=None, **said) -> list[GoalRating]:
        ratings = [
            cls(
                practice_id=goal.practice_id,
                client_id=goal.client_id,
                goal=goal,
                value=value,
                by=by,
                side=side_of(by),
                session_id=session.pk if session else None,
                at=at or timezone.now(),
                **said,
            )
            for goal, value in values.items()
        ]
        cls.objects.bulk_create(ratings)
        said = [(goal, {"value": value}) for goal, value in values.items()]
        audit.record_each("goal rated", said)
        return ratings

    @classmethod
    @transaction.atomic
    def import_many(
        cls, said: list[tuple[Goal, int, datetime, object]], *, by: User
    ) -> None:
        """Earlier ratings as (goal, value, datetime, session id or None)."""
        ratings = [
            cls(
                practice_id=goal.practice_id,
                client_id=goal.client_id,
                goal=goal,
                value=value,
                by=by,
                side=side_of(by),
                at=at,
                session_id=session_id,
                from_list=True,
            )
            for goal, value, at, session_id in said
        ]
        cls.objects.bulk_create(ratings)
        rated = [(goal, {"value": value}) for goal, value, _at, _session_id in said]
        audit.record_each("goal rated", rated)

    @signals.changes("goals")
    def withdraw(self, *, by: User) -> bool:
        """Withdraw one's own rating; False if it is another's or already withdrawn."""
        if self.by_id != by.pk or self.withdraws_id or hasattr(self, "withdrawn_by"):
            return False
        GoalRating(
            practice_id=self.practice_id,
            client_id=self.client_id,
            goal_id=self.goal_id,
            value=self.value,
            by=by,
            side=self.side,
            session_id=self.session_id,
            withdraws=self,
        ).save(force_insert=True)
        audit.record("rating withdrawn", about=self.goal, value=self.value)
        return True
