from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit, row_limits
from accounts.encryption import EncryptedTextField
from accounts.models import User
from clients import access, signals
from clients.models.row import ClientRow, ClientRowQuerySet

audit.verb("strength proposed", audit.Sort.WROTE, _("Suggested a strength"))
audit.verb("strength answered", audit.Sort.WROTE, _("Answered a suggested strength"))
audit.verb("strength reworded", audit.Sort.WROTE, _("Reworded a strength"))

MOST = 60  # of one client, whatever their answer
FULL = _("This record already has %(most)d strengths, the maximum. Nothing was added.")


class StrengthQuerySet(ClientRowQuerySet):
    def editable_by(self, user):
        """Only the client decides whether it is a strength of theirs."""
        return self.filter(client=access.reach(user).own_writes)

    def accepted(self):
        return self.filter(state=Strength.State.ACCEPTED)


class Strength(ClientRow):
    """Something that the client is good at, with an example.

    Either side proposes it. The client's own counts at once; a suggested one when the
    client agrees or rewords it.
    """

    retention = "record"
    frozen = {
        "name",
        "moment",
        "setting",
        "happened_on",
        "proposed_by",
        "side",
        "at",
        "rewords",
    }

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Waiting for an answer")
        ACCEPTED = "accepted", _("Yes, that’s me")
        DECLINED = "declined", _("That’s not me")
        REWORDED = "reworded", _("Reworded")

    seal_as = "strength"

    name = EncryptedTextField(_("strength"))
    moment = EncryptedTextField(_("example"))
    setting = EncryptedTextField(_("where and when"), blank=True)
    happened_on = models.DateField(_("date"), null=True, blank=True)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    side = models.CharField(max_length=10)
    at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State.choices, default="proposed")
    answered_at = models.DateTimeField(null=True)
    rewords = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        related_name="in_own_words",
        error_messages={"unique": _("This is already in your own words.")},
        db_constraint=False,
    )

    objects = StrengthQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="proposed", side="therapist", answered_at=None)
                | (~Q(state="proposed") & Q(answered_at__isnull=False)),
                name="strength_waits_or_is_answered",
            ),
            models.CheckConstraint(
                condition=Q(side="therapist") | Q(side="client"),
                name="strength_is_of_a_side",
            ),
        ]
        indexes = [models.Index(fields=["client", "-at"], name="strength_by_client")]

    @property
    def is_own(self) -> bool:
        """Whether the client added it; a suggested one keeps the therapist's words."""
        return self.side == "client"

    @property
    def when(self) -> date:
        """The date of the example; else the date it was added."""
        return self.happened_on or timezone.localtime(self.at).date()

    # -- verbs -------------------------------------------------------------------

    @classmethod
    @signals.changes("strengths")
    def propose(
        cls,
        client,
        *,
        by: User,
        name: str,
        moment: str,
        setting: str = "",
        happened_on: date | None = None,
        rewords: Strength | None = None,
        key=None,
    ) -> Strength:
        """Add it: the client's own counts at once, the therapist's needs an answer."""
        row_limits.require_room(cls.objects.filter(client=client), MOST, FULL)
        side, now = access.side_of(by), timezone.now()
        own = side == "client"
        strength = cls(
            practice_id=client.practice_id,
            client_id=client.pk,
            name=name,
            moment=moment,
            setting=setting,
            happened_on=happened_on,
            proposed_by=by,
            side=side,
            at=now,
            state=cls.State.ACCEPTED if own else cls.State.PROPOSED,
            answered_at=now if own else None,
            rewords=rewords,
        )
        strength.pk = key or strength.pk
        strength.save(force_insert=True)
        audit.record("strength proposed", about=strength)
        return strength

    @signals.changes("strengths")
    def answer(self, yes: bool, *, by: User) -> bool:
        """Save the client's answer; False for anyone else, and after it was reworded.

        The answer can be changed later.
        """
        return self._turn(self.State.ACCEPTED if yes else self.State.DECLINED, by)

    @signals.changes("strengths")
    def unanswer(self, *, by: User) -> bool:
        """Reset: the client's own counts, a suggested one waits."""
        own = self.is_own
        return self._turn(self.State.ACCEPTED if own else self.State.PROPOSED, by)

    def _turn(self, state, by) -> bool:
        waits = state == self.State.PROPOSED
        rows = Strength.objects.editable_by(by).filter(pk=self.pk)
        done = rows.exclude(state__in=[state, self.State.REWORDED]).update(
            state=state, answered_at=None if waits else timezone.now()
        )
        if done:
            self.state = state
            audit.record("strength answered", about=self, answer=str(state))
        return bool(done)

    @signals.changes("strengths")
    def reword(self, client, *, by: User, key=None, **said) -> Strength:
        """Replace it by the client's own wording."""
        words = Strength.propose(client, by=by, rewords=self, key=key, **said)
        rows = Strength.objects.editable_by(by).filter(pk=self.pk)
        rows.update(state=self.State.REWORDED, answered_at=timezone.now())
        audit.record("strength reworded", about=self)
        return words
