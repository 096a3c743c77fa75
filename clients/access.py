"""The access rule: whose records a user can reach, and what they may do there.

Every `visible_to(user)` and `editable_by(user)` uses it. PostgreSQL enforces the same
rule independently (app.login in clients/migrations), and a test compares the two.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.apps import apps  # the models import this module
from django.db.models import (
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    UUIDField,
)
from django.db.models.functions import Now

from database.prepared import Parameter, prepared

READS = frozenset({"primary", "co_therapist", "supervisor", "cover", "emergency"})
WRITES = frozenset({"primary", "co_therapist", "cover"})
SUPERVISES = frozenset({"supervisor"})
LEADS = frozenset({"primary"})
DISCUSSES = WRITES | SUPERVISES  # a supervisor's comments to the care team


class Reach(NamedTuple):
    """`roles`: client id to the care roles held now; `own`: the user's own client id.

    `own_writes` is the same, or None when the portal is read-only, which it is until
    `own_until`.
    """

    roles: dict[UUID, frozenset[str]]
    own: UUID | None = None
    own_writes: UUID | None = None
    own_until: datetime | None = None

    def holding(self, wanted: frozenset[str]) -> list[UUID]:
        """The clients for whom the user holds any of the roles `wanted`."""
        return [pk for pk, kinds in self.roles.items() if kinds & wanted]

    @property
    def reads(self) -> list[UUID]:
        return self.holding(READS)

    @property
    def writes(self) -> list[UUID]:
        return self.holding(WRITES)

    @property
    def supervises(self) -> list[UUID]:
        return self.holding(SUPERVISES)

    @property
    def leads(self) -> list[UUID]:
        """Clients whose primary therapist the user is; they manage the care roles."""
        return self.holding(LEADS)


NOTHING = Reach({})


def reach(user) -> Reach:
    """Whom `user` can reach now; read once per request (cached on the user object)."""
    found = user.__dict__.get("_reach")
    if found is None:
        found = user.__dict__["_reach"] = _read_reach(user)
    return found


def forget_reach(user) -> None:
    """Drop the cache; call after someone's care roles changed."""
    user.__dict__.pop("_reach", None)


def _read_reach(user) -> Reach:
    if not user.is_authenticated or not user.is_active:
        return NOTHING
    if user.is_client:
        return _read_own(user)
    if not user.is_therapist:
        return NOTHING
    roles: dict[UUID, frozenset[str]] = {}
    for client_id, kind in _held_now(who=user.pk):
        roles[client_id] = roles.get(client_id, frozenset()) | {kind}
    return Reach(roles)


@prepared(who=UUIDField())
def _held_now(who):
    roles = apps.get_model("clients", "CareRole").objects
    held = roles.filter(user_id=who).current()
    return held.values_list("client_id", "kind")


@prepared(who=UUIDField())
def _own_now(who):
    clients = apps.get_model("clients", "Client").objects
    own = clients.filter(portal_is_open(), user_id=who)
    return own.order_by("pk").values_list("pk", "state", "discharged_at")


def _read_own(user) -> Reach:
    found = _own_now(who=user.pk)
    if not found:
        return NOTHING
    pk, state, discharged_at = found[0]
    if state != "discharged":
        return Reach({}, pk, pk)
    days = timedelta(days=user.practice.portal_days)
    return Reach({}, pk, own_until=discharged_at + days)


def portal_is_open() -> Q:
    """Open until discharge, and then for the period that the practice has set."""
    days = ExpressionWrapper(
        F("practice__portal_days") * timedelta(days=1), DurationField()
    )
    return ~Q(state="discharged") | Q(discharged_at__gt=Now() - days)


def rows_visible_to(user, *, column: str = "client_id") -> Q:
    """The filter behind every clinical `visible_to`."""
    mine = reach(user)
    if mine.own:
        return Q(**{column: mine.own})
    return _any_of(mine.reads, column)


def rows_editable_by(user, *, column: str = "client_id") -> Q:
    mine = reach(user)
    # rows without a client belong to nobody: none while the portal is read-only
    if mine.own:
        return Q(**{column: mine.own_writes})
    return _any_of(mine.writes, column)


def rows_held_by(user, kinds: frozenset[str], *, column: str = "client_id") -> Q:
    """Rows of clients for whom `user` holds any of `kinds`; never a client's own."""
    return _any_of(reach(user).holding(kinds), column)


def _any_of(clients: list[UUID] | Parameter, column: str) -> Q:
    """Uses `Parameter`: a query is prepared before it is known whose rows it finds."""
    if isinstance(clients, Parameter):
        return Q(**{column: clients})
    return Q(**{f"{column}__in": clients})


def may_write(who) -> Q:
    """The access rule as part of a query, for one row of a client found by its id."""
    roles = apps.get_model("clients", "CareRole").objects.filter(
        currently(), user_id=who, kind__in=WRITES, client_id=OuterRef("client_id")
    )
    return Q(Exists(roles))


def role_towards(user, client_id: UUID) -> str:
    """The user's role for the audit log, as the client reads it under Who looked."""
    mine = reach(user)
    if mine.own == client_id:
        return "client"
    kinds = mine.roles.get(client_id, frozenset())
    for kind in ("primary", "co_therapist", "cover", "supervisor", "emergency"):
        if kind in kinds:
            return kind
    return "admin" if user.is_admin else ""


def side_of(user) -> str:
    """Which side of the client's goals this user is on."""
    return "client" if user.is_client else "therapist"


def currently() -> Q:
    """Care roles that are in effect now, by the database clock."""
    return Q(starts_at__lte=Now()) & (Q(ends_at=None) | Q(ends_at__gt=Now()))
