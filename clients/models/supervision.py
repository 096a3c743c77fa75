from __future__ import annotations

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit, row_limits
from accounts.encryption import EncryptedTextField
from accounts.models import User
from clients import access
from clients.models.row import ClientRow

audit.verb("supervision comment", audit.Sort.WROTE, _("Commented to the therapist"))
audit.verb(
    "supervision comment read", audit.Sort.WROTE, _("Read a supervisor’s comment")
)

MOST_A_DAY = 100  # by one person, about one client
FULL = _(
    "You’ve reached the limit of %(most)d comments in 24 hours. Add this one tomorrow."
)


class SupervisionCommentQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The care team and supervisors; never the client."""
        return self.filter(access.rows_held_by(user, access.DISCUSSES))

    def editable_by(self, user):
        """The care team can mark it as read."""
        return self.filter(access.rows_held_by(user, access.WRITES))

    def unread(self):
        return self.filter(read_at=None)


class SupervisionComment(ClientRow):
    """A supervisor's comment to the therapist, about a client or one session."""

    seal_as = "supervision_comment"
    retention = "record"
    not_exported = "what is said in supervision is between the therapists"
    frozen = {"by", "at", "words", "session_id"}

    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    words = EncryptedTextField(_("comment"))
    session_id = models.UUIDField(null=True)  # appointments is above this room
    read_at = models.DateTimeField(null=True)
    read_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = SupervisionCommentQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["client", "-at"], name="comment_by_client")]

    @classmethod
    @transaction.atomic
    def say(
        cls, client, words: str, *, by: User, session_id=None, key=None
    ) -> SupervisionComment:
        mine = cls.objects.filter(client=client, by=by)
        row_limits.require_room_today(mine, MOST_A_DAY, FULL)
        comment = cls(
            practice_id=client.practice_id,
            client=client,
            by=by,
            words=words,
            session_id=session_id,
        )
        comment.pk = key or comment.pk
        comment.save(force_insert=True)
        audit.record("supervision comment", about=comment)
        return comment

    @transaction.atomic
    def read(self, *, by: User) -> bool:
        rows = SupervisionComment.objects.editable_by(by).filter(pk=self.pk)
        done = rows.unread().update(read_at=timezone.now(), read_by=by)
        if done:
            audit.record("supervision comment read", about=self)
        return bool(done)
