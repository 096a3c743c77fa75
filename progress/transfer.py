"""Clients change hands: roles, booked sessions and a whole caseload, in one go."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from clients import staffing
from clients.models import CareRole, Client, care


@transaction.atomic
def hand_over(
    client,
    therapist: User,
    *,
    by: User,
    since: datetime | None = None,
    cancels: bool = False,
) -> bool:
    """False where nothing changes; sessions from `since` on move or are cancelled."""
    care.require_treats(therapist)  # whose account is closing comes to its end first
    care.take_turns(client.pk)
    _pass_on(client, therapist, since, cancels)
    return care.hand_over(client, therapist, by=by, since=since)


def _pass_on(client, therapist: User, since, cancels) -> None:
    """Before the roles change: who hands over their own client reaches nothing then.

    What had gone to somebody who was to follow comes back first.
    """
    roles = CareRole.objects.filter(client=client).primary().standing()
    running = roles.current().select_related("user").first()
    if running is None:
        return
    for coming in roles.filter(starts_at__gt=Now()).exclude(user=running.user):
        pass_on_sessions(client.pk, coming.user_id, running.user, None, False)
    if running.user_id != therapist.pk:
        pass_on_sessions(client.pk, running.user_id, therapist, since, cancels)


@transaction.atomic
def call_off(client, *, by: User) -> bool:
    """No hand-over is planned any more; False where none was, or it has happened."""
    care.take_turns(client.pk)
    roles = CareRole.objects.filter(client=client).primary().standing()
    running = roles.current().select_related("user").first()
    return bool(running) and hand_over(client, running.user, by=by)


class Row(NamedTuple):
    """One client of who leaves: the name, and numbers of what waits."""

    client: Client
    sessions: int
    drafts: int
    proposals: int
    next_id: UUID | None  # who is, or was to be, primary therapist anyhow


class Leaving:
    """Somebody's caseload as an admin sees it: names and counts, no word."""

    def __init__(self, leaver: User, by: User):
        self.leaver = leaver
        counts = _counts(leaver)
        clients = Client.objects.directory_of(by).filter(pk__in=counts).by_name()
        others = CareRole.objects.filter(client__in=counts).exclude(user=leaver)
        others = others.primary().standing()
        following = dict(others.values_list("client_id", "user_id"))
        self.rows = [
            Row(client, *counts[client.pk], following.get(client.pk))
            for client in clients
        ]
        held = CareRole.objects.filter(user=leaver).standing()
        self.other_roles = held.exclude(kind=CareRole.Kind.PRIMARY).count()

    @property
    def sessions(self) -> int:
        return sum(row.sessions for row in self.rows)

    @property
    def drafts(self) -> int:
        return sum(row.drafts for row in self.rows)

    @property
    def proposals(self) -> int:
        return sum(row.proposals for row in self.rows)


def _counts(leaver: User) -> dict[UUID, tuple[int, int, int]]:
    """Sessions, unsigned notes and open proposals of each client."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM app.caseload_counts(%s)", [leaver.pk])
        return {pk: tuple(many) for pk, *many in cursor.fetchall()}


@transaction.atomic
def close_account(
    leaver: User, heirs: dict[UUID, User], *, by: User, cancels: bool
) -> bool:
    """Everybody gets a primary therapist, and the account ends; all or nothing.

    False where it was closed already: pressing twice, or two admins, do it once.
    """
    leaver = staffing.lock(leaver, by=by)
    if not leaver.is_active:
        return False
    if leaver.pk == by.pk:
        raise ValidationError(_("Another admin has to close your account."))
    led = _led_since(leaver)
    if set(led) != set(heirs):
        raise ValidationError(_("The caseload has changed meanwhile. Look again."))
    for client in Client.objects.directory_of(by).filter(pk__in=led):
        said = {"since": led[client.pk], "cancels": cancels}
        hand_over(client, heirs[client.pk], by=by, **said)
    _pass_on_the_rest(leaver, cancels)
    staffing.close(leaver, by=by, clients=len(led))
    return True


def _led_since(leaver: User) -> dict[UUID, datetime | None]:
    """By client, when somebody else takes over: now, or when the leaver was to."""
    found: dict[UUID, datetime | None] = {}
    for role in staffing.leads(leaver).order_by("-starts_at"):
        is_to_come = role.starts_at > timezone.now()
        found[role.client_id] = role.starts_at if is_to_come else None
    return found


def _pass_on_the_rest(leaver: User, cancels: bool) -> None:
    """What they booked as co-therapist or cover goes to the primary therapist."""
    held = CareRole.objects.filter(user=leaver).values("client")
    leads = CareRole.objects.filter(client__in=held).primary().current()
    for role in leads.exclude(user=leaver).select_related("user"):
        pass_on_sessions(role.client_id, leaver.pk, role.user, None, cancels)


def pass_on_sessions(
    client_id, leaver_id, heir: User, since: datetime | None, cancels: bool
) -> None:
    """What the leaver has booked moves to the heir, or is cancelled.

    Past the policies: an admin sees no session.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT app.pass_on_sessions(%s, %s, %s, %s, %s)",
            [client_id, leaver_id, heir.pk, since, cancels],
        )
        [many] = cursor.fetchone()
    if many:
        said = {"sessions": many, "cancelled": cancels, "to": heir.pk}
        audit.record("sessions passed on", client_id=client_id, **said)
