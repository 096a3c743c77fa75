"""The last ratings of many goals in one query, for spark lines and prefilled stones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from database.prepared import PreparedSQL

SHOWN = 12

# One index walk for each goal, however long its history.  That goal and rating are of
# one client goes without saying; said, it keeps PostgreSQL from collecting the ratings
# of everybody in care anew for each goal, as row security would let it.
_SERIES = """CROSS JOIN LATERAL (
  SELECT array_agg(recent.value ORDER BY recent.at, recent.id) AS ratings,
         max(recent.at) AS last_at
  FROM (
    SELECT rating.id, rating.value, rating.at FROM goals_goalrating rating
    WHERE rating.goal_id = goal.id AND rating.client_id = goal.client_id
      AND rating.side = '{side}' AND rating.withdraws_id IS NULL
      AND rating.id <> ALL (taken_back.ids)
    ORDER BY rating.at DESC, rating.id DESC LIMIT $1
  ) recent
) {side}
"""
LINES = PreparedSQL(f"""
SELECT goal.client_id, goal.id, goal.latest_id, goal.in_force_id,
       client.ratings, client.last_at, therapist.ratings, therapist.last_at
FROM (
  SELECT ARRAY(SELECT back.withdraws_id FROM goals_goalrating back
               WHERE back.client_id = ANY($2::uuid[])
                 AND back.withdraws_id IS NOT NULL) AS ids
) taken_back
CROSS JOIN goals_goal goal
{_SERIES.format(side="client")}{_SERIES.format(side="therapist")}
WHERE goal.client_id = ANY($2::uuid[]) AND goal.closed_at IS NULL
ORDER BY goal.created_at, goal.id
""")

# As above, and no further than the last rating that it takes.
_RATED = """EXISTS (
    SELECT FROM goals_goalrating rating
    WHERE rating.goal_id = goal.id AND rating.client_id = goal.client_id
      AND rating.side = '{side}' AND rating.withdraws_id IS NULL
      AND NOT EXISTS (SELECT FROM goals_goalrating back
                      WHERE back.withdraws_id = rating.id)
    OFFSET {beyond} LIMIT 1
  )"""
# The client's ratings, and the therapist's only where the client gave none.
OFTEN = PreparedSQL(f"""
SELECT DISTINCT goal.client_id FROM goals_goal goal
WHERE goal.client_id = ANY($1::uuid[]) AND goal.closed_at IS NULL
  AND CASE WHEN {_RATED.format(side="client", beyond="0")}
      THEN {_RATED.format(side="client", beyond="$2")}
      ELSE {_RATED.format(side="therapist", beyond="$2")} END
""")


@dataclass(frozen=True)
class RecentSeries:
    """The last ratings of one side (0 to 10, oldest first) and when the last was."""

    side: str
    ratings: list[int]
    last_at: datetime | None

    @property
    def last(self) -> int | None:
        return self.ratings[-1] if self.ratings else None


@dataclass(frozen=True)
class RecentRatings:
    """One open goal with the last ratings of each side.

    `side`, `ratings`, `last` and `last_at` are those of the one that stands for the
    goal in a list: the client's, and the therapist's only where the client gave none.
    """

    goal_id: UUID
    agreed: bool
    client: RecentSeries
    therapist: RecentSeries

    @property
    def shown(self) -> RecentSeries:
        return self.client if self.client.ratings else self.therapist

    @property
    def side(self) -> str:
        return self.shown.side if self.shown.ratings else ""

    @property
    def ratings(self) -> list[int]:
        return self.shown.ratings

    @property
    def last(self) -> int | None:
        return self.shown.last

    @property
    def last_at(self) -> datetime | None:
        return self.shown.last_at


def recent_lines(client_ids: Iterable[UUID]) -> dict[UUID, list[RecentRatings]]:
    """Open goals by client.  The ids are those that `visible_to(user)` gave."""
    rows = LINES.rows(SHOWN, list(client_ids))
    found: dict[UUID, list[RecentRatings]] = {}
    for client_id, goal_id, latest, in_force, *said in rows:
        agreed = in_force is not None and latest == in_force
        client = RecentSeries("client", said[0] or [], said[1])
        therapist = RecentSeries("therapist", said[2] or [], said[3])
        line = RecentRatings(goal_id, agreed, client, therapist)
        found.setdefault(client_id, []).append(line)
    return found


def rated_often(client_ids: Iterable[UUID], times: int) -> set[UUID]:
    """Whose open goals were rated so many times, one of them at least."""
    rows = OFTEN.rows(list(client_ids), times - 1)
    return {client_id for (client_id,) in rows}
