"""Prepared queries per user: `visible_to(user)` and similar, compiled once.

    @prepared_for_user(now=DateTimeField())
    def coming(user, now):
        return TherapySession.objects.visible_to(user).filter(starts_at__gt=now)

    coming(request.user, now=timezone.now())  # a list

The function gets a placeholder for the user, which knows only the kind of person. Which
rows are found is decided on each call by the `reach` of the actual user.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from django.db.models import Field, QuerySet, UUIDField

from accounts.models import User
from clients.access import Reach, reach
from database.prepared import Parameter, Prepared, parameters


class PersonKind(NamedTuple):
    """The properties of a user that decide the shape of a query."""

    own: bool  # their own record, not those of others
    is_admin: bool
    is_therapist: bool

    @classmethod
    def of(cls, user: User) -> PersonKind:
        return cls(bool(reach(user).own), user.is_admin, user.is_therapist)


KINDS = (  # a client, a therapist, an admin, both, a former user
    PersonKind(True, False, False),
    PersonKind(False, False, True),
    PersonKind(False, True, False),
    PersonKind(False, True, True),
    PersonKind(False, False, False),
)


class StandIn(Parameter):
    """Placeholder for a user: a parameter for their id, and what access.py reads."""

    is_authenticated = is_active = True

    def __init__(self, kind: PersonKind):
        super().__init__("who", UUIDField())
        self.pk, self.practice_id = self, Parameter("practice", UUIDField())
        self.is_client = kind.own
        self.is_admin, self.is_therapist = kind.is_admin, kind.is_therapist
        self._reach = _ReachParameter.of(kind)


class _ReachParameter(Reach):
    @classmethod
    def of(cls, kind: PersonKind) -> _ReachParameter:
        if not kind.own:
            return cls({})
        return cls(
            {}, Parameter("own", UUIDField()), Parameter("own_writes", UUIDField())
        )

    def holding(self, wanted: frozenset[str]) -> Parameter:
        return Parameter(",".join(sorted(wanted)), UUIDField(), many=True)


class _Given(dict):
    """Parameter values by name; what the user can reach is read when the query asks."""

    def __init__(self, user: User, values: dict):
        super().__init__(values)
        self.user = user

    def __missing__(self, name: str) -> Any:
        mine = reach(self.user)
        if name == "who":
            return self.user.pk
        if name == "practice":
            return self.user.practice_id
        if name in ("own", "own_writes"):
            return getattr(mine, name)
        return mine.holding(frozenset(name.split(",")))


def prepared_for_user(**fields: Field | tuple[Field, bool]):
    """Decorator for a function of a user and named values; calls return a list."""

    def decorate(build: Callable[..., QuerySet]):
        query = Prepared(f"{build.__module__}.{build.__qualname__}")

        def shaped(kind: PersonKind) -> Callable[[], QuerySet]:
            return lambda: build(StandIn(kind), **parameters(fields))

        query.builds = lambda: {kind: shaped(kind) for kind in KINDS}

        @wraps(build)
        def ask(user: User, **given) -> list:
            kind = PersonKind.of(user)
            return query.rows(kind, shaped(kind), _Given(user, given))

        query.ask, query.fields, ask.queryset = ask, fields, build
        return ask

    return decorate
