"""Goals created by an import."""

from __future__ import annotations

from django.db import transaction

from accounts import audit
from accounts.models import User
from clients.access import side_of
from goals.models.agreement import Agreement
from goals.models.content import Side
from goals.models.goal import Goal
from goals.models.version import GoalVersion


@transaction.atomic
def import_goals(said: list[tuple[object, str]], *, by: User) -> list[Goal]:
    """Create goals from (client, own words): version 1 of each, with one agreement.

    Like `Goal.propose`, for many at once; no locks, since nobody can know these goals
    yet.
    """
    side, goals, versions, keys = Side(side_of(by)), [], [], []
    for client, words in said:
        both = {"practice_id": client.practice_id, "client_id": client.pk}
        goal = Goal(**both, waits_for=side.other, from_list=True)
        version = GoalVersion(
            **both, goal=goal, number=1, proposed_by=by, side=side, own_words=words
        )
        version.fingerprint = version.compute_fingerprint()
        goal.latest = version  # checked when the transaction ends
        key = Agreement(
            **both, version=version, by=by, side=side, turn=1,
            fingerprint=version.fingerprint,
        )  # fmt: skip
        goals.append(goal)
        versions.append(version)
        keys.append(key)
    for rows in filter(None, (goals, versions, keys)):
        type(rows[0]).objects.bulk_create(rows)
    for verb in ("goal proposed", "goal agreed"):
        audit.record_each(verb, [(goal, {"version": 1}) for goal in goals])
    return goals
