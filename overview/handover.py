"""Handover of clients: care roles, booked sessions and whole caseloads."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Q, prefetch_related_objects
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import User
from appointments.models import keep_weeks_still
from clients import apart, assigning, staffing, telling
from clients.models import CareRole, CareRoleRequest, Client, care
from database.functions import call

audit.verb("sessions passed on", audit.Sort.ROLE, gettext_lazy("Passed sessions on"))


class Clashes(ValidationError):
    """Sessions to be moved overlap others of the new therapist, and it was not said
    what to do; `found` is (client, datetime) for each."""

    def __init__(self, found: list[tuple[Client, datetime]]):
        self.found = found
        super().__init__(
            _("Some sessions overlap others of the new therapist’s. Choose what to do.")
        )


@transaction.atomic
def hand_over(
    client,
    therapist: User,
    *,
    by: User,
    since: datetime | None = None,
    cancels: bool = False,
    clashing: str = "",
    asks: bool = False,
) -> str:
    """Return GIVEN, ASKED, LATER or SAME; sessions from `since` on are moved or
    canceled.

    At once by the primary therapist. By an admin: after the primary therapist has
    confirmed, or in 24 hours if nobody can; at once while the record is empty.
    `clashing`: "cancel" or "move" sessions that overlap one of the new therapist's.
    `asks`: ask the primary therapist even if someone covers.
    """
    # Wait for a concurrent closing of the account; and block the new therapist's
    # bookings until this is committed (see keep_weeks_still).
    care.require_treats(therapist)
    assigning.require_joined(therapist)
    care.take_turns(client.pk)
    if assigning.leads(by, client) or assigning.record_is_empty(client):
        outcome, moves_at = assigning.GIVEN, since
    elif asks or care.primary_is_here(client.pk):
        return _ask(client, therapist, by=by, since=since, cancels=cancels)
    else:
        since, moves_at = assigning.in_a_day(since), assigning.about_when(since)
        outcome = assigning.LATER
    _pass_on(client, therapist, moves_at, cancels, clashing)
    assigning.note_first_role(therapist, client, by=by)
    _withdraw_overtaken(client, therapist, by=by)
    team = telling.team_of(client)  # the current primary may have no access afterwards
    prefetch_related_objects([client], "user")
    if not care.hand_over(client, therapist, by=by, since=since):
        return assigning.SAME
    assigning.tell_moved(client, therapist, by=by, team=team, opens_at=moves_at)
    return outcome


def _ask(client, therapist, *, by, since, cancels) -> str:
    """Ask the primary therapist to confirm; the current primary needs no request."""
    roles = CareRole.objects.filter(client=client).primary().not_ended()
    running = roles.current().first()
    if running and running.user_id == therapist.pk:
        planned = roles.exclude(pk=running.pk)
        if not (running.ends_at or planned.exists()):
            return assigning.SAME
        call_off(client, by=by)
        return assigning.GIVEN
    said = {"starts_at": since, "cancels": cancels}
    if not CareRoleRequest.ask(client, therapist, "primary", by=by, **said):
        return assigning.SAME
    assigning.note_first_role(therapist, client, by=by)
    return assigning.ASKED


def _withdraw_overtaken(client, therapist: User, *, by: User) -> None:
    """Withdraw requests for the role now assigned, and for other roles of its
    holder."""
    rows = CareRoleRequest.objects.filter(client=client, outcome="")
    for waits in rows.filter(Q(kind="primary") | Q(user=therapist)):
        waits.withdraw(by=by)


@transaction.atomic
def confirm(request: CareRoleRequest, *, by: User, clashing: str = "") -> bool:
    """Confirm as the primary therapist; a new primary therapist gets the sessions
    too."""
    if request.kind != CareRole.Kind.PRIMARY:
        if not request.confirm(by=by):
            return False
        assigning.tell_given(request.client, request.user, request.kind, by=by)
        return True
    if not request.decide(request.Outcome.CONFIRMED, by=by):
        return False
    since = request.starts_at
    if since and since <= timezone.now():
        since = None
    said = {"since": since, "cancels": request.cancels_sessions, "clashing": clashing}
    return bool(hand_over(request.client, request.user, by=by, **said))


def _pass_on(client, therapist: User, since, cancels, clashing="") -> None:
    """Before the roles change: the one handing over has no access afterwards.

    Sessions already moved to a planned successor are moved back first.
    """
    roles = CareRole.objects.filter(client=client).primary().not_ended()
    running = roles.current().select_related("user").first()
    if running is None:
        return
    for coming in roles.filter(starts_at__gt=Now()).exclude(user=running.user):
        back = [client.pk, coming.user_id, running.user, None, False]
        pass_on_sessions(*back, clashing="move")  # to where they were booked before
    if running.user_id != therapist.pk:
        move = [client.pk, running.user_id, therapist, since, cancels]
        pass_on_sessions(*move, clashing=clashing)


@transaction.atomic
def call_off(client, *, by: User) -> bool:
    """Cancel a planned handover; False if none is planned or it has taken effect."""
    care.take_turns(client.pk)
    roles = CareRole.objects.filter(client=client).primary().not_ended()
    running = roles.current().select_related("user").first()
    asked = CareRoleRequest.objects.filter(client=client, kind="primary", outcome="")
    withdrawn = [waits.withdraw(by=by) for waits in asked]
    if not running:
        return any(withdrawn)
    _pass_on(client, running.user, None, False, "move")
    return care.hand_over(client, running.user, by=by) or any(withdrawn)


class HandoverRow(NamedTuple):
    """A client of a leaving therapist: name, and counts of open items."""

    client: Client
    name: str  # with a hint if another client has the same name
    sessions: int
    drafts: int
    proposals: int
    next_id: UUID | None  # who is or will be primary therapist anyway


class Leaving:
    """A therapist's caseload as an admin sees it: names and counts, no text."""

    def __init__(self, leaver: User, by: User):
        self.leaver = leaver
        counts = _counts(leaver)
        clients = Client.objects.directory_of(by).filter(pk__in=counts).by_name()
        clients = list(clients.select_related("user"))
        hints = apart.hints(clients)
        others = CareRole.objects.filter(client__in=counts).exclude(user=leaver)
        others = others.primary().not_ended()
        following = dict(others.values_list("client_id", "user_id"))
        self.rows = [
            HandoverRow(
                client,
                apart.name_of(client, hints),
                *counts[client.pk],
                following.get(client.pk),
            )
            for client in clients
        ]
        held = CareRole.objects.filter(user=leaver).not_ended()
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
    leaver: User,
    heirs: dict[UUID, User],
    *,
    by: User,
    cancels: bool,
    clashing: str = "",
) -> bool:
    """Assign each client a primary therapist in 24 hours, and close the account; all or
    nothing.

    False if it was already closed: a double click or two admins do it once.
    """
    leaver = staffing.lock(leaver, by=by)
    if not leaver.is_active:
        return False
    if leaver.pk == by.pk:
        raise ValidationError(_("Another admin has to close your account."))
    led = _led_since(leaver)
    _require_all(led, heirs)
    clients = list(Client.objects.directory_of(by).filter(pk__in=led))
    _pass_on_all(clients, leaver, heirs, led, cancels, clashing)
    _pass_on_the_rest(leaver, cancels)
    staffing.close(leaver, by=by, clients=len(led))
    for client in clients:
        if led[client.pk]:  # the leaver was only to follow: the current primary stays
            call_off(client, by=by)
        hand_over(client, heirs[client.pk], by=by, since=led[client.pk])
    return True


@transaction.atomic
def ask_leaver(
    leaver: User, heirs: dict[UUID, User], *, by: User, cancels: bool
) -> str:
    """Ask the leaving therapist to confirm each successor; each client moves when
    confirmed.

    Return who was emailed: "asked" the leaver, "others" the current primaries, "later"
    nobody; "" if all requests are already pending.
    """
    leaver = staffing.lock(leaver, by=by)
    led = _led_since(leaver)
    _require_all(led, heirs)
    found = set()
    for client in Client.objects.directory_of(by).filter(pk__in=led):
        said = {"since": led[client.pk], "cancels": cancels}
        # they are primary now
        said["asks"] = leaver.is_active and led[client.pk] is None
        outcome = hand_over(client, heirs[client.pk], by=by, **said)
        if outcome == assigning.ASKED:
            found.add("asked" if said["asks"] else "others")
        elif outcome:
            found.add("later")
    return next((who for who in ("asked", "others", "later") if who in found), "")


def _require_all(led, heirs) -> None:
    if set(led) != set(heirs):
        raise ValidationError(
            _("The caseload changed in the meantime. Check it again.")
        )
    for heir in set(heirs.values()):
        assigning.require_joined(heir)


def _pass_on_all(clients, leaver, heirs, led, cancels, clashing) -> None:
    """All conflicts are reported at once, not one per request."""
    keep_weeks_still(*(heir.pk for heir in heirs.values()))
    found = []
    for client in clients:
        heir = _who_gets_sessions(client, leaver, heirs[client.pk])
        move = [client.pk, leaver.pk, heir, led[client.pk], cancels]
        try:
            pass_on_sessions(*move, clashing=clashing)
        except Clashes as clashes:
            found += clashes.found
    if found:
        raise Clashes(found)


def _who_gets_sessions(client, leaver: User, heir: User) -> User:
    """The new therapist, or the current one if the leaver was only to follow."""
    roles = CareRole.objects.filter(client=client).primary().current()
    running = roles.exclude(user=leaver).select_related("user").first()
    return running.user if running else heir


def _led_since(leaver: User) -> dict[UUID, datetime | None]:
    """By client, when another therapist takes over: now, or when the leaver was to."""
    found: dict[UUID, datetime | None] = {}
    for role in staffing.leads(leaver).order_by("-starts_at", "-pk"):
        is_to_come = role.starts_at > timezone.now()
        found[role.client_id] = role.starts_at if is_to_come else None
    return found


def _pass_on_the_rest(leaver: User, cancels: bool) -> None:
    """Sessions booked as co-therapist or cover go to the primary therapist."""
    held = CareRole.objects.filter(user=leaver).values("client")
    leads = CareRole.objects.filter(client__in=held).primary().current()
    for role in leads.exclude(user=leaver).select_related("user"):
        rest = [role.client_id, leaver.pk, role.user, None, cancels]
        pass_on_sessions(*rest, clashing="move")


def pass_on_sessions(
    client_id,
    leaver_id,
    heir: User,
    since: datetime | None,
    cancels: bool,
    *,
    clashing: str = "",
) -> None:
    """Move the leaver's booked sessions to the successor, or cancel them.

    In an SQL function: an admin sees no sessions. Sessions that overlap one of the
    successor's are never moved silently: `clashing` says what to do.
    """
    if not cancels and clashing != "move":
        clashes = session_clashes(client_id, leaver_id, heir.pk, since)
        if clashes and clashing == "cancel":
            _cancel_clashing(client_id, leaver_id, heir, since)
        elif clashes:
            [client] = Client.objects.filter(pk=client_id)
            raise Clashes([(client, at) for at in clashes])
    many = call("pass_on_sessions", client_id, leaver_id, heir.pk, since, cancels)
    if many:
        said = {"sessions": many, "cancelled": cancels, "to": heir.pk}
        audit.record("sessions passed on", client_id=client_id, **said)


def session_clashes(
    client_id, leaver_id, heir_id, since: datetime | None = None
) -> list[datetime]:
    """Times at which a session to be moved overlaps one of the new therapist's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT starts_at FROM app.session_clashes(%s, %s, %s, %s)",
            [client_id, leaver_id, heir_id, since],
        )
        return [starts_at for (starts_at,) in cursor.fetchall()]


def _cancel_clashing(client_id, leaver_id, heir: User, since) -> None:
    many = call("cancel_clashing_sessions", client_id, leaver_id, heir.pk, since)
    said = {"sessions": many, "cancelled": True, "to": heir.pk}
    audit.record("sessions passed on", client_id=client_id, **said)
