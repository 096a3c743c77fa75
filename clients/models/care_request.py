"""Care roles requested by an admin; no access until the primary therapist confirms."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import OutgoingEmail, User
from clients import access
from clients.models.care import CareRole, require_treats, take_turns
from clients.models.notice import Notice
from clients.models.row import ClientRow

audit.verb("care role asked", audit.Sort.ROLE, _("Asked for a care role"))
audit.verb("care role confirmed", audit.Sort.ROLE, _("Confirmed a care role"))
audit.verb("care role refused", audit.Sort.ROLE, _("Declined a care role"))
audit.verb(
    "care role withdrawn", audit.Sort.ROLE, _("Withdrew a request for a care role")
)


class CareRoleRequestQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The client's own, those of one's clients, and an admin's whole practice."""
        mine = access.rows_visible_to(user)
        if user.is_admin:
            mine |= Q(practice_id=user.practice_id)
        return self.filter(mine)

    def editable_by(self, user):
        """Requests that the primary therapist can decide or an admin can withdraw."""
        mine = access.rows_held_by(user, access.LEADS)
        if user.is_admin:
            mine |= Q(practice_id=user.practice_id)
        return self.filter(mine)

    def decidable_by(self, user):
        return self.filter(access.rows_held_by(user, access.LEADS)).waiting()

    def waiting(self):
        """Undecided, and not for a period that has passed."""
        ahead = Q(ends_at=None) | Q(ends_at__gt=Now())
        return self.filter(ahead, outcome="")


class CareRoleRequest(ClientRow):
    """Who should get which role, who asked, and what was decided."""

    retention = "record"
    not_exported = "it opens nothing; what was confirmed is in care"
    frozen = {
        "user",
        "kind",
        "starts_at",
        "ends_at",
        "cancels_sessions",
        "asked_by",
        "asked_at",
    }

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed", _("Confirmed")
        REFUSED = "refused", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    client = models.ForeignKey(
        "clients.Client",
        models.PROTECT,
        related_name="care_role_requests",
        db_constraint=False,
    )
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=CareRole.Kind.choices)
    # None: as soon as it is confirmed.
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    cancels_sessions = models.BooleanField(default=False)  # for a primary role
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = CareRoleRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="", decided_at=None, decided_by=None)
                | (~Q(outcome="") & Q(decided_at__isnull=False)),
                name="care_request_is_decided_or_waits",
            ),
            models.CheckConstraint(
                condition=~Q(kind="emergency"), name="care_request_no_emergency"
            ),
            models.UniqueConstraint(
                fields=["client", "user", "kind"],
                condition=Q(outcome=""),
                name="care_request_once",
            ),
        ]
        indexes = [
            models.Index(fields=["client", "-asked_at"], name="care_request_by_client")
        ]

    @property
    def is_waiting(self) -> bool:
        return not self.outcome and (not self.ends_at or self.ends_at > timezone.now())

    # -- verbs -------------------------------------------------------------------

    @classmethod
    @transaction.atomic
    def ask(
        cls,
        client,
        person: User,
        kind: str,
        *,
        by: User,
        starts_at=None,
        ends_at=None,
        cancels: bool = False,
    ) -> bool:
        """Ask; the client and primary therapist are notified. False if already pending.

        A new request for the primary role replaces the earlier one.
        """
        take_turns(client.pk)
        require_treats(person)
        before = cls.objects.filter(client=client, kind=kind, outcome="")
        if kind == CareRole.Kind.PRIMARY:
            for other in before.exclude(user=person):
                other.withdraw(by=by)
        said = {
            "starts_at": starts_at,
            "ends_at": ends_at,
            "cancels_sessions": cancels,
        }
        for same in before.filter(user=person):
            if all(getattr(same, name) == value for name, value in said.items()):
                return False
            same.withdraw(by=by)
        row = cls(
            practice_id=client.practice_id,
            client=client,
            user=person,
            kind=kind,
            asked_by=by,
            **said,
        )
        cls.objects.bulk_create([row])
        detail = {"care_role": kind, "person": person.pk}
        audit.record("care role asked", about=row, **detail)
        row._tell(by)
        return True

    def _tell(self, by: User) -> None:
        Notice.tell_client(self.client, "role-asked", by=by, request=self)
        for role in CareRole.objects.filter(client=self.client_id).primary().current():
            now = timezone.now()
            OutgoingEmail.queue(
                role.user,
                "care-role-question",
                str(self.pk),
                due_at=now,
                not_after=now + timezone.timedelta(days=7),
                about=self.pk,
            )

    @transaction.atomic
    def decide(self, outcome: str, *, by: User) -> bool:
        """Save the decision; False if it is no longer pending.

        The caller then assigns the role: see `confirm` and overview.handover.
        """
        take_turns(self.client_id)
        rows = CareRoleRequest.objects.editable_by(by).filter(pk=self.pk).waiting()
        done = rows.update(outcome=outcome, decided_at=Now(), decided_by=by)
        if done:
            detail = {"care_role": self.kind, "person": self.user_id}
            refused = outcome == self.Outcome.REFUSED
            verb = "care role refused" if refused else "care role confirmed"
            audit.record(verb, about=self, **detail)
        return bool(done)

    @transaction.atomic
    def confirm(self, *, by: User) -> bool:
        """Confirm as the primary therapist, and assign the role."""
        if not self.decide(self.Outcome.CONFIRMED, by=by):
            return False
        if self.ends_at and self.ends_at <= timezone.now():
            raise ValidationError(_("The dates of this role have passed."))
        starts_at = self.starts_at
        if starts_at and starts_at <= timezone.now():
            starts_at = None
        said = {"starts_at": starts_at, "ends_at": self.ends_at}
        CareRole.give(self.client, self.user, self.kind, by=by, **said)
        return True

    def refuse(self, *, by: User) -> bool:
        return self.decide(self.Outcome.REFUSED, by=by)

    def withdraw(self, *, by: User) -> bool:
        """By an admin. A request whose period has passed counts as withdrawn, too."""
        if self.outcome:
            return False
        rows = CareRoleRequest.objects.editable_by(by).filter(pk=self.pk, outcome="")
        done = rows.update(
            outcome=self.Outcome.WITHDRAWN, decided_at=Now(), decided_by=by
        )
        if done:
            detail = {"care_role": self.kind, "person": self.user_id}
            audit.record("care role withdrawn", about=self, **detail)
        return bool(done)
