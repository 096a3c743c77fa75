"""Between-session practice."""

from __future__ import annotations

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.encryption import EncryptedTextField
from accounts.models import User
from clients.models import ClientRow, ClientRowQuerySet
from goals.models import Goal


class AssignmentQuerySet(ClientRowQuerySet):
    def open(self):
        return self.filter(answer="")


class Assignment(ClientRow):
    """One thing to do before the next session.  "Some" counts; a miss is no failure."""

    class Answer(models.TextChoices):
        DID = "did", _("Did it")
        SOME = "some", _("Did some")
        NOT_THIS_TIME = "not", _("Not this time")

    goal = models.ForeignKey(Goal, models.PROTECT, null=True, related_name="+")
    session_id = models.UUIDField(null=True)  # where it was agreed
    words = EncryptedTextField(_("practice"))
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
                fields=["session_id"], name="assignment_one_per_session"
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
    def say(self, answer: str, *, by: User) -> None:
        """Write how it went; a later word replaces an earlier one."""
        Assignment.objects.filter(pk=self.pk).update(
            answer=answer, answered_at=timezone.now(), answered_by=by
        )
        self.answer = answer
        audit.record("practice answered", about=self, answer=answer)
