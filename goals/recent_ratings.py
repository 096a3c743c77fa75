"""The latest ratings of many goals in one query, for sparklines and initial values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.safestring import SafeString

from database.prepared import PreparedSQL
from goals.models import Goal
from goals.voices import BOTH, counted
from goals.wordings import Wordings, for_earlier
from ui.charts.spark import sparkline
from ui.charts.words import ENOUGH

SHOWN = 12
# ratings read for that; a day may have several, of which the last counts
READ = 4 * SHOWN

_OF_SIDE = """FROM goals_goalrating rating
    WHERE rating.goal_id = goal.id AND rating.client_id = goal.client_id
      AND rating.side = '{side}' AND rating.withdraws_id IS NULL
      AND NOT EXISTS (SELECT FROM goals_goalrating back
                      WHERE back.withdraws_id = rating.id)"""
# A rating on a day between the first and the last one makes three days. Each of the
# three takes one index lookup, however long the history.
_ON_THREE_DAYS = f"""EXISTS (
    SELECT {_OF_SIDE}
      AND rating.at >= (date_trunc('day', (
        SELECT rating.at {_OF_SIDE} ORDER BY rating.at LIMIT 1
      ) AT TIME ZONE {{zone}}) + interval '1 day') AT TIME ZONE {{zone}}
      AND rating.at < date_trunc('day', (
        SELECT rating.at {_OF_SIDE} ORDER BY rating.at DESC LIMIT 1
      ) AT TIME ZONE {{zone}}) AT TIME ZONE {{zone}}
  )"""

# One index scan per goal, however long its history. The redundant condition on the
# client keeps PostgreSQL from collecting the ratings of all visible clients for each
# goal, as row-level security would allow.
_SERIES = f"""CROSS JOIN LATERAL (
  SELECT array_agg(recent.value ORDER BY recent.at, recent.id)
           FILTER (WHERE recent.day IS DISTINCT FROM recent.next_day) AS ratings,
         max(recent.at) AS last_at,
         (array_agg(recent.from_list ORDER BY recent.at DESC, recent.id DESC))[1]
           AS is_listed,
         CASE WHEN count(*) < $1 OR count(DISTINCT recent.day) >= {ENOUGH} THEN false
              ELSE {{often}} END AS is_often
  FROM (
    SELECT newest.*,
           lag(newest.day) OVER (ORDER BY newest.at DESC, newest.id DESC) AS next_day
    FROM (
      SELECT rating.id, rating.value, rating.at, rating.from_list,
             (rating.at AT TIME ZONE $3)::date AS day
      FROM goals_goalrating rating
      WHERE rating.goal_id = goal.id AND rating.client_id = goal.client_id
        AND rating.side = '{{side}}' AND rating.withdraws_id IS NULL
        AND rating.id <> ALL (taken_back.ids)
      ORDER BY rating.at DESC, rating.id DESC LIMIT $1
    ) newest
  ) recent
) {{side}}
"""


def _of(side: str) -> str:
    """If there are more ratings than are read, their days are counted separately."""
    return _SERIES.format(side=side, often=_ON_THREE_DAYS.format(side=side, zone="$3"))


LINES = PreparedSQL(f"""
SELECT goal.client_id, goal.id, goal.latest_id, goal.in_force_id,
       client.ratings, client.last_at, client.is_listed, client.is_often,
       therapist.ratings, therapist.last_at, therapist.is_listed, therapist.is_often
FROM (
  SELECT ARRAY(SELECT back.withdraws_id FROM goals_goalrating back
               WHERE back.client_id = ANY($2::uuid[])
                 AND back.withdraws_id IS NOT NULL) AS ids
) taken_back
CROSS JOIN goals_goal goal
{_of("client")}{_of("therapist")}
WHERE goal.client_id = ANY($2::uuid[]) AND goal.closed_at IS NULL
ORDER BY goal.created_at, goal.id
""")

OFTEN = PreparedSQL(f"""
SELECT DISTINCT goal.client_id FROM goals_goal goal
WHERE goal.client_id = ANY($1::uuid[]) AND goal.closed_at IS NULL
  AND ({" OR ".join(_ON_THREE_DAYS.format(side=side, zone="$2") for side in BOTH)})
""")


@dataclass(frozen=True)
class RecentSeries:
    """One side's latest ratings (0 to 10, oldest first), the last of each day, and the
    time of the last one.

    `days`: number of days with a rating, exact below `words.ENOUGH`; `is_listed`: the
    last one was imported, which names nobody.
    """

    side: str
    ratings: list[int]
    last_at: datetime | None
    days: int
    is_listed: bool = False

    @property
    def is_early(self) -> bool:
        return self.days < ENOUGH

    @property
    def spark(self) -> SafeString:
        return sparkline(self.ratings, early=self.is_early)

    @property
    def last(self) -> int | None:
        return self.ratings[-1] if self.ratings else None


@dataclass(frozen=True)
class RecentRatings:
    """One open goal with each side's latest ratings; `agreed`: in effect and without a
    proposal.

    `side`, `ratings`, `last` and `last_at` belong to the side that represents the goal
    in a list (`voices.counted`).
    """

    goal_id: UUID
    agreed: bool
    in_effect: bool
    client: RecentSeries
    therapist: RecentSeries

    @property
    def shown(self) -> RecentSeries:
        both = {one.side: one for one in (self.client, self.therapist)}
        given = {side: range(one.days) for side, one in both.items()}
        return both.get(counted(given), self.therapist)

    @property
    def side(self) -> str:
        return self.shown.side if self.shown.ratings else ""

    def earlier(self, goal: Goal, then: Wordings) -> str:
        """The side whose last rating was for an earlier wording."""
        mine, theirs = (
            then.is_earlier(goal, one.last_at, one.side)
            for one in (self.client, self.therapist)
        )
        return for_earlier(mine, theirs and not self.therapist.is_listed)

    @property
    def rated_by(self) -> str:
        """The `side`, or "list" if its last rating was imported."""
        return "list" if self.shown.is_listed else self.side

    @property
    def ratings(self) -> list[int]:
        return self.shown.ratings

    @property
    def last(self) -> int | None:
        return self.shown.last

    @property
    def last_at(self) -> datetime | None:
        return self.shown.last_at

    @property
    def rated_at(self) -> datetime | None:
        """When either side last rated it."""
        given = [self.client.last_at, self.therapist.last_at]
        return max(filter(None, given), default=None)


def recent_lines(client_ids: Iterable[UUID]) -> dict[UUID, list[RecentRatings]]:
    """Open goals by client. The ids must come from `visible_to(user)`."""
    zone = timezone.get_current_timezone_name()
    rows = LINES.rows(READ, list(client_ids), zone)
    found: dict[UUID, list[RecentRatings]] = {}
    for client_id, goal_id, latest, in_force, *said in rows:
        agreed = in_force is not None and latest == in_force
        client, therapist = _read("client", *said[:4]), _read("therapist", *said[4:])
        is_in_effect = in_force is not None
        line = RecentRatings(goal_id, agreed, is_in_effect, client, therapist)
        found.setdefault(client_id, []).append(line)
    return found


def _read(
    side: str, ratings: list[int] | None, last_at, is_listed, is_often
) -> RecentSeries:
    found = ratings or []
    days = max(len(found), ENOUGH if is_often else 0)
    return RecentSeries(side, found[-SHOWN:], last_at, days, bool(is_listed))


def rated_often(client_ids: Iterable[UUID]) -> set[UUID]:
    """Clients with an open goal that one side rated on three days (`words.ENOUGH`)."""
    rows = OFTEN.rows(list(client_ids), timezone.get_current_timezone_name())
    return {client_id for (client_id,) in rows}
