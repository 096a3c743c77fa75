"""Moves: comments and decisions on a goal that are no wording, agreement or rating."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.encryption import EncryptedTextField
from accounts.models import User
from clients.models import ClientRow
from goals.models.content import Side
from goals.models.goal import Goal


class GoalMove(ClientRow):
    """One line of the history. Append-only, here and in the database."""

    retention = "record"
    frozen = "__all__"

    class Kind(models.TextChoices):
        KEY_WITHDRAWN = "key_withdrawn", _("Agreement withdrawn")
        DECLINED = "declined", _("Current wording stays")
        DIFFERS = "differs", _("Seen differently")
        NEXT = "next", _("Suggestion")
        DECIDED = "decided", _("Decided in a review")
        TAKEN_UP = "taken_up", _("Resumed")
        LINE = "line", _("A note for a harder day")

    class Next(models.TextChoices):
        TALK = "talk", _("Talk about it at the next session")
        TRY = "try", _("Try both for two weeks")
        THIRD = "third", _("Find a wording that combines both")
        LEAVE = "leave", _("Keep both versions")

    seal_as = "goal_move"

    goal = models.ForeignKey(
        Goal, models.PROTECT, related_name="moves", db_constraint=False
    )
    version = models.ForeignKey(
        "GoalVersion", models.PROTECT, null=True, related_name="+", db_constraint=False
    )
    # The agreement that this withdraws; a trigger requires one of the user's own side.
    agreement = models.OneToOneField(
        "Agreement",
        models.PROTECT,
        null=True,
        related_name="taken_back",
        db_constraint=False,
    )
    kind = models.CharField(max_length=15, choices=Kind.choices)
    choice = models.CharField(max_length=10, blank=True)
    words = EncryptedTextField(_("reason"), blank=True)
    wording = EncryptedTextField(_("whose words"), blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    side = models.CharField(max_length=10, choices=Side.choices)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["goal", "at"], name="goal_move_by_goal")]
