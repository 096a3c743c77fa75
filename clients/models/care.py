"""Care roles: who may open a record, as what, from when to when."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from clients import access
from clients.models.row import ClientRow
from database import identity
from database.functions import call
from database.locks import lock
from ui import names

audit.verb("primary therapist set", audit.Sort.ROLE, _("Set the primary therapist"))
audit.verb("primary therapist kept", audit.Sort.ROLE, _("Canceled a handover"))
audit.verb("care role given", audit.Sort.ROLE, _("Gave a care role"))
audit.verb("care role ended", audit.Sort.ROLE, _("Ended a care role"))

EMERGENCY_LASTS = timedelta(hours=4)


class CareRoleQuerySet(models.QuerySet):
    def visible_to(self, user):
        mine = Q(user_id=user.pk) | access.rows_visible_to(user)
        if user.is_admin:
            mine |= Q(practice_id=user.practice_id)
        return self.filter(mine)

    def staffed_by(self, user):
        """Rows that an admin or the primary therapist can end."""
        mine = access.rows_held_by(user, access.LEADS)
        if user.is_admin:
            mine |= Q(practice_id=user.practice_id)
        return self.filter(mine)

    def current(self):
        return self.filter(access.currently())

    def not_ended(self):
        """Current and future roles; a canceled one ends when it begins."""
        ahead = Q(ends_at__gt=Greatest(F("starts_at"), Now()))
        return self.filter(Q(ends_at=None) | ahead)

    def overlapping(self, starts_at, ends_at):
        running = Q(ends_at=None) | Q(ends_at__gt=starts_at)
        before = Q(starts_at__lt=ends_at) if ends_at else Q()
        return self.filter(running & before)

    def primary(self):
        return self.filter(kind=CareRole.Kind.PRIMARY)


class CareRole(ClientRow):
    """A care role: who may open a record, as what, from when to when."""

    retention = "record"
    frozen = {"user", "kind", "starts_at", "given_by"}

    class Kind(models.TextChoices):
        PRIMARY = "primary", _("Primary therapist")
        CO_THERAPIST = "co_therapist", _("Co-therapist")
        SUPERVISOR = "supervisor", _("Supervisor")
        COVER = "cover", _("Cover")
        EMERGENCY = "emergency", _("Emergency access")

    client = models.ForeignKey(
        "clients.Client", models.PROTECT, related_name="care_roles", db_constraint=False
    )
    user = models.ForeignKey(User, models.PROTECT, related_name="care_roles")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    # By the database clock, which also decides whether a role is in effect.
    starts_at = models.DateTimeField(default=Now)
    ends_at = models.DateTimeField(null=True, blank=True)
    given_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = CareRoleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client"],
                condition=Q(kind="primary", ends_at=None),
                name="care_role_one_primary",
                violation_error_message=_("There is already a primary therapist."),
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=models.F("starts_at")),
                name="care_role_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=~Q(kind="cover") | Q(ends_at__isnull=False),
                name="care_role_cover_ends",
                violation_error_code="until",
                violation_error_message=_("Cover needs a last day."),
            ),
            models.CheckConstraint(
                condition=~Q(kind="emergency")
                | Q(
                    ends_at__isnull=False, ends_at__lte=F("starts_at") + EMERGENCY_LASTS
                ),
                name="care_role_emergency_lasts_four_hours",
            ),
        ]
        indexes = [models.Index(fields=["user", "client"], name="care_role_by_user")]

    # -- verbs -------------------------------------------------------------------

    @classmethod
    @transaction.atomic
    def give(
        cls,
        client,
        person: User,
        kind: str,
        *,
        by: User,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
    ) -> bool:
        """Assign the role; False if they already hold it for this period."""
        take_turns(client.pk)
        same = cls.objects.filter(client=client, user=person, kind=kind).not_ended()
        if same.overlapping(starts_at or Now(), ends_at).exists():
            return False
        _write(client, person, kind, by=by, starts_at=starts_at, ends_at=ends_at)
        audit.record("care role given", about=client, care_role=kind, person=person.pk)
        return True

    @transaction.atomic
    def end(self, *, by: User) -> bool:
        """End it: no access from the next request on. False if it had ended."""
        if self.kind == self.Kind.PRIMARY:
            raise ValidationError(_("A primary therapist is required."))
        done = CareRole.objects.filter(pk=self.pk).not_ended().update(ends_at=AT_ONCE)
        if done:
            tell_again(by)
            said = {"care_role": self.kind, "person": self.user_id}
            audit.record("care role ended", client_id=self.client_id, **said)
        return bool(done)


# A future role ends at its start: it never was in effect.
AT_ONCE = Greatest(F("starts_at"), Now())


def take_turns(client_id) -> None:
    """Lock: changes to one client's care roles run one after the other."""
    lock("care roles", client_id)


def primary_is_here(client_id) -> bool:
    """Whether the primary therapist can be asked: active account, and no cover."""
    return call("primary_is_here", client_id)


def end_other_roles(client, person: User, *, by: User, since=None) -> None:
    """End the new primary therapist's cover and supervisor roles for this client."""
    rows = CareRole.objects.filter(client=client, user=person).not_ended()
    rows = rows.exclude(kind=CareRole.Kind.PRIMARY)
    for role in rows.filter(Q(ends_at=None) | Q(ends_at__gt=since or Now())):
        mine = CareRole.objects.filter(pk=role.pk)
        mine.update(ends_at=Greatest(F("starts_at"), since or Now()))
        said = {"care_role": role.kind, "person": person.pk}
        audit.record("care role ended", client_id=role.client_id, **said)


def tell_again(by: User) -> None:
    """What the user may see was read at the start of the transaction; refresh it."""
    if identity.is_set():
        identity.tell(connection)
    access.forget_reach(by)


def require_treats(person: User) -> None:
    """Require an active therapist, and lock the row: closing the account waits."""
    works = User.objects.select_for_update(no_key=True).filter(
        pk=person.pk, is_active=True, is_therapist=True
    )
    if not works.exists():
        raise ValidationError(
            _("%(name)s no longer treats clients here."),
            params={"name": names.isolated(person.name)},
        )


def _write(client, person, kind, *, by, starts_at=None, ends_at=None) -> CareRole:
    require_treats(person)
    role = CareRole(
        practice_id=client.practice_id,
        client=client,
        user=person,
        kind=kind,
        given_by=by,
        ends_at=ends_at,
        starts_at=starts_at or Now(),
    )
    CareRole.objects.bulk_create([role])
    tell_again(by)
    return role


@transaction.atomic
def hand_over(
    client, therapist: User, *, by: User, since: datetime | None = None
) -> bool:
    """Make `therapist` primary from `since` (now if None); False if nothing changes.

    The earlier role ends at the same moment, and its access at the next request.
    Replaces any planned handover.
    """
    take_turns(client.pk)
    roles = CareRole.objects.filter(client=client).primary().not_ended()
    coming = roles.filter(starts_at__gt=Now())
    running = roles.current().first()
    if running and running.user_id == therapist.pk:
        return _keep(running)
    if since and coming.filter(user=therapist, starts_at=since).exists():
        return False
    _call_off(client.pk)
    if running:
        CareRole.objects.filter(pk=running.pk).update(ends_at=since or Now())
    end_other_roles(client, therapist, by=by, since=since)
    _write(client, therapist, CareRole.Kind.PRIMARY, by=by, starts_at=since)
    audit.record("primary therapist set", about=client, therapist=therapist.pk)
    return True


def _keep(running: CareRole) -> bool:
    """The current therapist stays; cancels any planned handover."""
    if not _call_off(running.client_id):
        return False
    audit.record("primary therapist kept", client_id=running.client_id)
    return True


def _call_off(client_id) -> bool:
    """Cancel a planned handover; return whether the current role was going to end.

    Done in SQL functions: the web role can only shorten a care role.
    """
    return call("primary_stays", client_id)
