from __future__ import annotations

from django.db import models

from appointments.models import TherapySession
from clients.models import ClientRow
from goals.models import Goal


class SessionGoal(ClientRow):
    """A goal worked on in a session, with the rating given there, if any."""

    retention = "record"
    frozen = "__all__"

    session = models.ForeignKey(
        TherapySession,
        models.PROTECT,
        related_name="goals_worked_on",
        db_constraint=False,
    )
    goal = models.ForeignKey(
        Goal, models.PROTECT, related_name="+", db_constraint=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "goal"], name="session_goal_once"
            ),
        ]

    @classmethod
    def note_down(cls, session: TherapySession, goals: list[Goal]) -> None:
        """Record that these goals were worked on, at most once each."""
        rows = [
            cls(
                practice_id=session.practice_id,
                client_id=session.client_id,
                session=session,
                goal=goal,
            )
            for goal in goals
        ]
        if rows:
            cls.objects.bulk_create(rows, ignore_conflicts=True)
