"""What the demo and the measured practice build alike: a wording and its agreements."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from goals.models import Agreement, Goal, GoalVersion
from goals.models.content import Side


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
