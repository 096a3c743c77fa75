"""THE access rule: whose records a person reaches, and how far.

Every `visible_to(user)` and `editable_by(user)` ends here.  PostgreSQL keeps the same
rule a second time (app.login in clients/migrations), and a test compares them.
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
DISCUSSES = WRITES | SUPERVISES  # what a supervisor says to those who treat


class Reach(NamedTuple):
    """`roles`: client -> the care roles held now; `own`: the client one is.

    `own_writes` is the same, or None once the portal is for reading alone, which it is
    until `own_until`.
    """

    roles: dict[UUID, frozenset[str]]
    own: UUID | None = None
    own_writes: UUID | None = None
    own_until: datetime | None = None

    def holding(self, wanted: frozenset[str]) -> list[UUID]:
        """The clients towards whom one is any of `wanted`."""
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
        """Those whose primary therapist one is, and whose care roles one gives."""
        return self.holding(LEADS)


NOTHING = Reach({})


def reach(user) -> Reach:
    """Whom `user` reaches now; read once per request (the user object is its own)."""
    found = user.__dict__.get("_reach")
    if found is None:
        found = user.__dict__["_reach"] = _read_reach(user)
    return found


def forget_reach(user) -> None:
    """After a verb changed somebody's care roles."""
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
    """Until discharge, and for as long after it as the practice says."""
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
    if mine.own:  # nobody's rows have no client: nothing, while it is for reading
        return Q(**{column: mine.own_writes})
    return _any_of(mine.writes, column)


def rows_held_by(user, kinds: frozenset[str], *, column: str = "client_id") -> Q:
    """Rows of those towards whom `user` is any of `kinds`, never a client's own."""
    return _any_of(reach(user).holding(kinds), column)


def _any_of(clients: list[UUID] | Parameter, column: str) -> Q:
    """`Parameter`: a query is prepared, and whose rows it finds is not known yet."""
    if isinstance(clients, Parameter):
        return Q(**{column: clients})
    return Q(**{f"{column}__in": clients})


def may_write(who) -> Q:
    """The rule within the same query, for one row of a client found by its key."""
    roles = apps.get_model("clients", "CareRole").objects.filter(
        currently(), user_id=who, kind__in=WRITES, client_id=OuterRef("client_id")
    )
    return Q(Exists(roles))


def role_towards(user, client_id: UUID) -> str:
    """What the client reads beside a look: how this person belongs to them."""
    mine = reach(user)
    if mine.own == client_id:
        return "client"
    kinds = mine.roles.get(client_id, frozenset())
    for kind in ("primary", "co_therapist", "cover", "supervisor", "emergency"):
        if kind in kinds:
            return kind
    return "admin" if user.is_admin else ""


def side_of(user) -> str:
    """Which of a goal's two keys this person holds."""
    return "client" if user.is_client else "therapist"


def currently() -> Q:
    """Care roles that run at this moment, by the clock of the database."""
    return Q(starts_at__lte=Now()) & (Q(ends_at=None) | Q(ends_at__gt=Now()))
