"""Exercises between sessions."""

from __future__ import annotations

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.encryption import EncryptedTextField
from accounts.models import User
from appointments.models import TherapySession
from clients.models import ClientRow, ClientRowQuerySet
from goals.models import Goal
from ui.screen_privacy import called

audit.verb("practice agreed", audit.Sort.WROTE, _("Assigned an exercise"))
audit.verb("practice reworded", audit.Sort.WROTE, _("Reworded an exercise"))
audit.verb("practice answered", audit.Sort.WROTE, _("Logged an exercise"))


class AssignmentQuerySet(ClientRowQuerySet):
    def open(self):
        return self.filter(answer="")


class Assignment(ClientRow):
    """An exercise to do before the next session. "Some" counts; a miss is no
    failure."""

    retention = "record"
    frozen = {"session", "set_by", "set_at"}

    class Answer(models.TextChoices):
        DID = "did", _("Did it")
        SOME = "some", _("Did some")
        NOT_THIS_TIME = "not", _("Not this time")

    seal_as = "assignment"

    goal = models.ForeignKey(
        Goal, models.PROTECT, null=True, related_name="+", db_constraint=False
    )
    session = models.ForeignKey(  # where it was agreed
        TherapySession, models.PROTECT, null=True, related_name="+", db_constraint=False
    )
    words = EncryptedTextField(_("exercise"))
    due_on = models.DateField(null=True)
    set_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)
    answer = models.CharField(max_length=4, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session"], name="assignment_one_per_session"
            ),
        ]
        indexes = [models.Index(fields=["client", "set_at"], name="assignment_recent")]

    @classmethod
    @transaction.atomic
    def agree(
        cls, client, words: str, *, by: User, session_id=None, due_on=None
    ) -> Assignment:
        assignment = cls(
            practice_id=client.practice_id,
            client=client,
            session_id=session_id,
            words=words,
            due_on=due_on,
            set_by=by,
        )
        assignment.save(force_insert=True)
        audit.record("practice agreed", about=assignment)
        return assignment

    @transaction.atomic
    def reword(self, words: str, *, by: User) -> None:
        self.words = words
        self.save(update_fields=["words"])
        audit.record("practice reworded", about=self)

    @transaction.atomic
    def say(self, answer: str, *, by: User, seen: str) -> bool:
        """Save how it went; a person's later answer replaces their earlier one.

        False, with `self` reloaded, if another person answered differently from `seen`,
        which the page showed: their answer is shown before it is replaced.
        """
        rows = Assignment.objects.filter(pk=self.pk)
        known = Q(answered_by=None) | Q(answered_by=by) | Q(answer__in=[seen, answer])
        said = {"answer": answer, "answered_at": timezone.now(), "answered_by": by}
        # one statement, so no other write comes between
        if not rows.filter(known).update(**said):
            self.refresh_from_db(fields=["answer", "answered_by"])
            return False
        self.answer = answer
        audit.record("practice answered", about=self, answer=answer)
        return True

    def answered_meanwhile(self) -> str:
        """The message to someone who answers after another person did."""
        words = gettext(
            "%(name)s already answered “%(answer)s”. To replace that, answer again."
        )
        answer = self.get_answer_display()
        return words % {"name": called(self.answered_by), "answer": answer}
