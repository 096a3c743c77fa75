"""Assign a care role: at once by the primary therapist; by an admin after confirmation,
or after one day. The database rejects anything sooner from an admin."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import Invitation, User
from clients import access, telling
from clients.models import CareRole, CareRoleRequest, Client, Notice, care
from database.functions import call

audit.verb(
    "first role from who invited",
    audit.Sort.ROLE,
    gettext_lazy("Gave a care role to someone an admin invited recently"),
)

DELAY = timedelta(hours=24)
NEWLY_JOINED = timedelta(days=30)
GIVEN, ASKED, LATER, SAME = "given", "asked", "later", ""


@transaction.atomic
def assign(
    client: Client,
    person: User,
    kind: str,
    *,
    by: User,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> str:
    """Return GIVEN, ASKED (the primary therapist decides), LATER (in a day) or SAME."""
    care.take_turns(client.pk)
    require_joined(person)
    _require_not_primary(client, person)
    said = {"starts_at": starts_at, "ends_at": ends_at}
    if leads(by, client):
        return _give_now(client, person, kind, by=by, **said)
    if care.primary_is_here(client.pk):
        return _ask(client, person, kind, by=by, **said)
    return _give_later(client, person, kind, by=by, **said)


def _give_now(client, person, kind, *, by, **said) -> str:
    """Assign as the primary therapist. If they are an admin too, all are notified."""
    note_first_role(person, client, by=by)
    if not CareRole.give(client, person, kind, by=by, **said):
        return SAME
    if by.is_admin:
        tell_given(client, person, kind, by=by)
    return GIVEN


def leads(by: User, client: Client) -> bool:
    return client.pk in access.reach(by).leads


def in_a_day(starts_at: datetime | None):
    """`starts_at`, or a day from now if that is later; by the database clock."""
    if starts_at and starts_at > timezone.now() + DELAY:
        return starts_at
    return Now() + DELAY


def about_when(starts_at: datetime | None) -> datetime:
    """The same by this process's clock: from when sessions are transferred."""
    return max(starts_at or timezone.now(), timezone.now() + DELAY)


def require_joined(person: User) -> None:
    if not person.joined_at:
        raise ValidationError(
            _("%(name)s has not joined yet. Choose someone who has an account."),
            params={"name": person.name},
        )


def _require_not_primary(client, person) -> None:
    """The primary therapist cannot cover, supervise or join as well."""
    leads = CareRole.objects.filter(client=client, user=person).primary().not_ended()
    if leads.exists():
        raise ValidationError(
            _("%(name)s is this client’s primary therapist and needs no other role."),
            params={"name": person.name},
        )


def _ask(client, person, kind, *, by, starts_at, ends_at) -> str:
    held = CareRole.objects.filter(client=client, user=person, kind=kind).not_ended()
    if held.overlapping(starts_at or Now(), ends_at).exists():
        return SAME
    said = {"starts_at": starts_at, "ends_at": ends_at}
    if not CareRoleRequest.ask(client, person, kind, by=by, **said):
        return SAME
    note_first_role(person, client, by=by)
    return ASKED


def _give_later(client, person, kind, *, by, starts_at, ends_at) -> str:
    starts = in_a_day(starts_at)
    if ends_at and ends_at <= timezone.now() + DELAY:
        raise ValidationError(
            _("This role starts in 24 hours. Choose a later last day.")
        )
    note_first_role(person, client, by=by)
    if not CareRole.give(
        client, person, kind, by=by, starts_at=starts, ends_at=ends_at
    ):
        return SAME
    tell_given(client, person, kind, by=by)
    return LATER


def tell_given(client, person, kind, *, by) -> None:
    """Notify beforehand: the client, the new member, and the primary or cover."""
    held = CareRole.objects.filter(client=client, user=person, kind=kind).not_ended()
    role = held.latest("starts_at")
    said = {"person": person, "care_role": kind, "opens_at": role.starts_at}
    Notice.tell_client(client, "role-given", by=by, **said)
    Notice.tell_staff(person, "role-given", by=by, client=client, **said)
    team = telling.team_of(client)
    telling.tell_team(team, "role-given", by=by, client=client, **said)


def tell_ended(role: CareRole, *, by: User) -> None:
    """Notify the client and the primary therapist that an admin ended it."""
    said = {"person": role.user, "care_role": role.kind}
    Notice.tell_client(role.client, "role-ended", by=by, **said)
    rows = CareRole.objects.filter(client=role.client_id).primary().current()
    for lead in rows.select_related("user"):
        Notice.tell_staff(lead.user, "role-ended", by=by, client=role.client, **said)


def tell_moved(
    client: Client, therapist: User, *, by: User, team: list[User], opens_at=None
) -> None:
    """Another primary therapist, now or later: notify the client, the new therapist,
    and the previous `team`."""
    said = {"person": therapist, "care_role": "primary", "opens_at": opens_at}
    Notice.tell_client(client, "therapist-changed", by=by, **said)
    Notice.tell_staff(therapist, "client-moved", by=by, client=client, **said)
    telling.tell_team(team, "therapist-changed", by=by, client=client, **said)


def note_first_role(person: User, client: Client, *, by: User) -> None:
    """Flag for review in the audit log: an admin assigns a role to someone whom an
    admin invited, within their first 30 days. Call it before the role is saved."""
    if not by.is_admin or person.pk == by.pk:
        return
    joined = person.joined_at
    if joined and joined < timezone.now() - NEWLY_JOINED:
        return
    invited = Invitation.objects.filter(user=person, invited_by__is_admin=True)
    if invited.exists():
        audit.record("first role from who invited", about=client, person=person.pk)


def record_is_empty(client: Client) -> bool:
    """Whether nobody has written anything about this client yet."""
    return call("record_is_empty", client.pk)
