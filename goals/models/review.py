"""Goal reviews: each side answers on its own, both decide."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.encryption import EncryptedTextField
from accounts.models import User
from clients import signals
from clients.access import reach, side_of
from clients.models import ClientRow, ClientRowQuerySet
from goals.models.content import Side
from goals.models.goal import CHANGE_WITHIN, REVIEW_AFTER, Goal, Overtaken

audit.verb("goal review begun", audit.Sort.WROTE, _("Started a goal review"))
audit.verb("goal review answered", audit.Sort.WROTE, _("Answered a goal review"))
audit.verb("goal review decided", audit.Sort.WROTE, _("Decided a goal review"))


class Review(ClientRow):
    """A review of one goal; open until both choose the same of four options."""

    retention = "record"
    not_exported = {
        "client_at": "the moment of the client’s answer",
        "therapist_at": "the moment of the therapist’s answer",
    }
    frozen = {"goal", "opened_by", "opened_at"}

    class Choice(models.TextChoices):
        KEEP = "keep", _("Keep it as it is")
        CHANGE = "change", _("Change it")
        ASIDE = "aside", _("Set it aside")
        REACHED = "reached", _("Reached")

    goal = models.ForeignKey(
        Goal, models.PROTECT, related_name="reviews", db_constraint=False
    )
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(default=timezone.now)
    # When each side first answered: an answer is hidden from the other side until both
    # have.
    client_at = models.DateTimeField(null=True)
    therapist_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=10, blank=True, choices=Choice.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["goal"],
                condition=models.Q(closed_at=None),
                name="review_one_open_per_goal",
                violation_error_message=_("A review is already open."),
            ),
        ]

    @property
    def both_answered(self) -> bool:
        """Only then can each side see the other's answers."""
        return bool(self.client_at and self.therapist_at)

    # -- verbs -------------------------------------------------------------------

    @classmethod
    @signals.changes("goals")
    def begin(cls, goal: Goal, *, by: User, seen: datetime | None = None) -> Review:
        """The goal's open review, started now if there is none.

        `seen` is the time of the newest history line that the user read. Raise
        Overtaken for a goal that cannot be reviewed (`can_review`), or if a review was
        decided after that time.
        """
        goal.lock()
        if goal.review_id:
            return goal.review
        if seen and goal.moves.filter(kind="decided", at__gt=seen).exists():
            raise Overtaken
        if not goal.can_review:
            raise Overtaken
        review = cls(
            practice_id=goal.practice_id,
            client_id=goal.client_id,
            goal=goal,
            opened_by=by,
        )
        review.save(force_insert=True)
        goal.review = review
        goal.save(update_fields=["review"])
        audit.record("goal review begun", about=goal)
        return review

    @signals.changes("goals")
    def answer(self, said: dict, *, by: User) -> ReviewAnswer:
        """Save one's answer, or change it; each side's newest one counts.

        Decides if both chose the same. Raise Overtaken if it was decided meanwhile or
        waits for a client who cannot write, ValidationError for an empty answer.
        """
        if not any(said.values()):
            raise ValidationError(_("Answer at least one of the questions."))
        self.goal.lock()
        if self.goal.review_id != self.pk or not self.goal.can_decide:
            raise Overtaken
        answer = ReviewAnswer(
            practice_id=self.practice_id,
            client_id=self.client_id,
            review=self,
            by=by,
            side=side_of(by),
            **said,
        )
        answer.save(force_insert=True)
        audit.record("goal review answered", about=self.goal)
        self._note_answered(answer.side)
        self._weigh(answer, by)
        return answer

    def _note_answered(self, side: str) -> None:
        self.refresh_from_db(fields=["client_at", "therapist_at"])
        name = f"{side}_at"
        if getattr(self, name) is None:
            setattr(self, name, timezone.now())
            self.save(update_fields=[name])

    def _weigh(self, mine: ReviewAnswer, by: User) -> None:
        if self.goal.is_alone:
            return self._decide(mine.choice, by) if mine.choice else None
        theirs = self.answers.newest_of(Side(mine.side).other)
        if mine.choice and theirs and theirs.choice == mine.choice:
            self._decide(mine.choice, by)

    def _decide(self, choice: str, by: User) -> None:
        goal = self.goal
        self.closed_at, self.decision = timezone.now(), choice
        self.save(update_fields=["closed_at", "decision"])
        goal.review = None
        if after := NEXT_REVIEW.get(choice):  # otherwise for when it is resumed
            goal.review_on = by.today() + after
        goal.save(update_fields=["review", "review_on"])
        goal._note("decided", by=by, choice=choice, at=self.closed_at)
        audit.record("goal review decided", about=goal, choice=choice)
        if choice in (self.Choice.ASIDE, self.Choice.REACHED):
            goal._close(choice, by=by)


# Next review of a goal that stays open; soon if nobody proposed the change yet.
NEXT_REVIEW = {
    Review.Choice.KEEP: REVIEW_AFTER,
    Review.Choice.CHANGE: CHANGE_WITHIN,
}


class ReviewAnswerQuerySet(ClientRowQuerySet):
    def visible_to(self, user):
        """One's own side's answers; the other side's once both have answered."""
        mine = Side.CLIENT if reach(user).own else Side.THERAPIST
        both = ~models.Q(review__client_at=None) & ~models.Q(review__therapist_at=None)
        return super().visible_to(user).filter(models.Q(side=mine) | both)

    def newest_of(self, side: str):
        return self.filter(side=side).order_by("-at", "-pk").first()


class ReviewAnswer(ClientRow):
    """One side's answers to three questions, and a choice. Append-only."""

    retention = "record"
    frozen = "__all__"

    class Fits(models.TextChoices):
        YES = "yes", _("Yes")
        PARTLY = "partly", _("Not quite")
        NO = "no", _("No")

    QUESTIONS = {
        "goal": _("Still the right goal?"),
        "size": _("Still the right size?"),
        "way": _("Still the right way to get there?"),
    }

    seal_as = "review_answer"

    review = models.ForeignKey(
        Review, models.PROTECT, related_name="answers", db_constraint=False
    )
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    side = models.CharField(max_length=10, choices=Side.choices)
    at = models.DateTimeField(default=timezone.now)
    goal_fits = models.CharField(max_length=8, blank=True, choices=Fits.choices)
    goal_words = EncryptedTextField(blank=True)
    size_fits = models.CharField(max_length=8, blank=True, choices=Fits.choices)
    size_words = EncryptedTextField(blank=True)
    way_fits = models.CharField(max_length=8, blank=True, choices=Fits.choices)
    way_words = EncryptedTextField(blank=True)
    choice = models.CharField(max_length=10, blank=True, choices=Review.Choice.choices)

    objects = ReviewAnswerQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["review", "side", "-at"], name="review_answer")]

    def fits(self, question: str) -> str:
        """The text of the answer to one of QUESTIONS; '' if missing."""
        return getattr(self, f"get_{question}_fits_display")()

    @property
    def choice_words(self) -> str:
        return str(Review.Choice(self.choice).label) if self.choice else ""
