"""The last ratings of many goals in one query, for spark lines and prefilled stones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

SHOWN = 12

# One index walk for each goal, however long its history.  That goal and rating are of
# one client goes without saying; said, it keeps PostgreSQL from collecting the ratings
# of everybody in care anew for each goal, as row security would let it.
LINES = """
SELECT goal.client_id, goal.id, goal.latest_id, goal.in_force_id,
       line.ratings, line.last_at
FROM goals_goal goal
CROSS JOIN LATERAL (
  SELECT array_agg(recent.value ORDER BY recent.at) AS ratings,
         max(recent.at) AS last_at
  FROM (
    SELECT rating.value, rating.at FROM goals_goalrating rating
    WHERE rating.goal_id = goal.id AND rating.client_id = goal.client_id
      AND rating.withdraws_id IS NULL
      AND NOT EXISTS (SELECT FROM goals_goalrating back
                      WHERE back.withdraws_id = rating.id)
    ORDER BY rating.at DESC LIMIT %s
  ) recent
) line
WHERE goal.client_id = ANY(%s::uuid[]) AND goal.closed_at IS NULL
ORDER BY goal.created_at
"""

# As above, and no further than the last rating that it takes.
OFTEN = """
SELECT DISTINCT goal.client_id FROM goals_goal goal
WHERE goal.client_id = ANY(%s::uuid[]) AND goal.closed_at IS NULL
  AND EXISTS (
    SELECT FROM goals_goalrating rating
    WHERE rating.goal_id = goal.id AND rating.client_id = goal.client_id
      AND rating.withdraws_id IS NULL
      AND NOT EXISTS (SELECT FROM goals_goalrating back
                      WHERE back.withdraws_id = rating.id)
    OFFSET %s LIMIT 1
  )
"""


@dataclass(frozen=True)
class Line:
    """One open goal: its last ratings (0 to 10, oldest first) and when the last was."""

    goal_id: UUID
    agreed: bool
    ratings: list[int]
    last_at: datetime | None

    @property
    def last(self) -> int | None:
        return self.ratings[-1] if self.ratings else None


def recent_lines(client_ids: Iterable[UUID]) -> dict[UUID, list[Line]]:
    """Open goals by client.  The ids are those that `visible_to(user)` gave."""
    with connection.cursor() as cursor:
        cursor.execute(LINES, [SHOWN, [str(pk) for pk in client_ids]])
        rows = cursor.fetchall()
    found: dict[UUID, list[Line]] = {}
    for client_id, goal_id, latest, in_force, ratings, last_at in rows:
        agreed = in_force is not None and latest == in_force
        line = Line(goal_id, agreed, ratings or [], last_at)
        found.setdefault(client_id, []).append(line)
    return found


def rated_often(client_ids: Iterable[UUID], times: int) -> set[UUID]:
    """Whose open goals were rated so many times, one of them at least."""
    with connection.cursor() as cursor:
        cursor.execute(OFTEN, [[str(pk) for pk in client_ids], times - 1])
        return {client_id for (client_id,) in cursor.fetchall()}
