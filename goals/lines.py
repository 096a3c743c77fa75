"""The last ratings of many goals in one query, for spark lines and prefilled stones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.kept import Statement

SHOWN = 12

# One index walk for each goal, however long its history.  That goal and rating are of
# one client goes without saying; said, it keeps PostgreSQL from collecting the ratings
# of everybody in care anew for each goal, as row security would let it.
LINES = Statement("""
SELECT goal.client_id, goal.id, goal.latest_id, goal.in_force_id,
       line.ratings, line.last_at
FROM (
  SELECT ARRAY(SELECT back.withdraws_id FROM goals_goalrating back
               WHERE back.client_id = ANY($2::uuid[])
                 AND back.withdraws_id IS NOT NULL) AS ids
) taken_back
CROSS JOIN goals_goal goal
CROSS JOIN LATERAL (
  SELECT array_agg(recent.value ORDER BY recent.at) AS ratings,
         max(recent.at) AS last_at
  FROM (
    SELECT rating.value, rating.at FROM goals_goalrating rating
    WHERE rating.goal_id = goal.id AND rating.client_id = goal.client_id
      AND rating.withdraws_id IS NULL
      AND rating.id <> ALL (taken_back.ids)
    ORDER BY rating.at DESC LIMIT $1
  ) recent
) line
WHERE goal.client_id = ANY($2::uuid[]) AND goal.closed_at IS NULL
ORDER BY goal.created_at
""")

# As above, and no further than the last rating that it takes.
OFTEN = Statement("""
SELECT DISTINCT goal.client_id FROM goals_goal goal
WHERE goal.client_id = ANY($1::uuid[]) AND goal.closed_at IS NULL
  AND EXISTS (
    SELECT FROM goals_goalrating rating
    WHERE rating.goal_id = goal.id AND rating.client_id = goal.client_id
      AND rating.withdraws_id IS NULL
      AND NOT EXISTS (SELECT FROM goals_goalrating back
                      WHERE back.withdraws_id = rating.id)
    OFFSET $2 LIMIT 1
  )
""")


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
    rows = LINES.rows(SHOWN, list(client_ids))
    found: dict[UUID, list[Line]] = {}
    for client_id, goal_id, latest, in_force, ratings, last_at in rows:
        agreed = in_force is not None and latest == in_force
        line = Line(goal_id, agreed, ratings or [], last_at)
        found.setdefault(client_id, []).append(line)
    return found


def rated_often(client_ids: Iterable[UUID], times: int) -> set[UUID]:
    """Whose open goals were rated so many times, one of them at least."""
    rows = OFTEN.rows(list(client_ids), times - 1)
    return {client_id for (client_id,) in rows}
