"""What the demo and the measured practice build alike."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime

from django.db import connection

from accounts.models import User
from clients.models import Client
from database import identity
from goals.models import Agreement, Goal, GoalVersion
from goals.models.content import Side


@contextmanager
def as_who_seeds():
    """The login of this process, with the keys of the person it acts as: a web login
    can write no note that is signed already."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
    yield
    identity.tell(connection)


def give_portal(client: Client, account: User) -> None:
    """Joined already, which no web login can write: inside acting_as()."""
    with as_who_seeds():
        account.save(force_insert=True)
        Client.objects.filter(pk=client.pk).update(user=account)
    client.user = account


def write_version(
    goal: Goal, number: int, *, by: User, at: datetime, **content
) -> GoalVersion:
    """A version with its proposer's agreement; acting as `by` is up to the caller."""
    same = {"practice": goal.practice, "client": goal.client}
    version = GoalVersion(
        **same, goal=goal, number=number, proposed_by=by, side=side_of(by),
        proposed_at=at, **content,
    )  # fmt: skip
    version.fingerprint = version.compute_fingerprint()
    version.save(force_insert=True)
    agree(version, by=by, at=at)
    return version


def agree(version: GoalVersion, *, by: User, at: datetime) -> None:
    Agreement(
        practice=version.practice, client=version.client, version=version, by=by,
        side=side_of(by), at=at, fingerprint=version.fingerprint,
    ).save(force_insert=True)  # fmt: skip


def side_of(person: User) -> Side:
    return Side.CLIENT if person.is_client else Side.THERAPIST
