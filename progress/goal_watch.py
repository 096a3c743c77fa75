"""What goals ask of the two who hold them: a talk, a review, a kind question.

A goal is still when nobody touched it for four sessions, or its last five ratings are
all the same; something said is unanswered when two sessions went by and nobody noted
that it was talked about.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from goals.ways import Way

UNTOUCHED, FLAT, UNANSWERED = 4, 5, 2  # sessions, ratings, sessions

# One statement for however many clients; every part walks an index from its goal.
WATCH = """
WITH goal AS MATERIALIZED (
  SELECT id, client_id, review_id, review_on, in_force_at, differs_since
  FROM goals_goal
  WHERE client_id = ANY(%(clients)s::uuid[]) AND closed_at IS NULL
    AND in_force_id IS NOT NULL
), said AS (
  SELECT DISTINCT ON (comment.goal_id) comment.goal_id, comment.client_id, comment.at
  FROM goals_comment comment JOIN goals_goal g ON g.id = comment.goal_id
  WHERE comment.client_id = ANY(%(clients)s::uuid[]) AND comment.talked_on IS NULL
    AND g.closed_at IS NULL
    AND (SELECT count(*) FROM progress_therapysession s
         WHERE s.client_id = comment.client_id AND s.state = 'held'
           AND s.starts_at > comment.at) >= %(unanswered)s
  ORDER BY comment.goal_id, comment.at
), quiet AS (
  SELECT goal.id, goal.client_id, touched.at, flat.same
  FROM goal
  CROSS JOIN LATERAL (
    SELECT greatest(goal.in_force_at,
      (SELECT max(r.at) FROM goals_goalrating r WHERE r.goal_id = goal.id),
      (SELECT max(s.reached_at) FROM goals_step s WHERE s.goal_id = goal.id),
      (SELECT max(c.at) FROM goals_comment c WHERE c.goal_id = goal.id),
      (SELECT max(m.at) FROM goals_goalmove m WHERE m.goal_id = goal.id)) AS at
  ) touched
  CROSS JOIN LATERAL (
    SELECT count(*) = %(flat)s AND min(last.value) = max(last.value)
      AND min(last.at) > coalesce((SELECT max(m.at) FROM goals_goalmove m
                                   WHERE m.goal_id = goal.id), '-infinity') AS same
    FROM (
      SELECT r.value, r.at FROM goals_goalrating r
      WHERE r.goal_id = goal.id AND r.client_id = goal.client_id
        AND r.withdraws_id IS NULL
        AND NOT EXISTS (SELECT FROM goals_goalrating b WHERE b.withdraws_id = r.id)
      ORDER BY r.at DESC LIMIT %(flat)s
    ) last
  ) flat
  WHERE goal.client_id = ANY(%(meeting)s::uuid[])
    AND goal.review_id IS NULL AND goal.differs_since IS NULL
    AND (goal.review_on IS NULL OR goal.review_on > %(today)s)
)
SELECT 'talk', g.client_id, g.id, next.at
FROM goals_goal g
CROSS JOIN LATERAL (
  SELECT m.choice, m.at FROM goals_goalmove m
  WHERE m.goal_id = g.id AND m.kind = 'next' AND m.at >= g.differs_since
  ORDER BY m.at DESC LIMIT 1
) next
WHERE g.client_id = ANY(%(clients)s::uuid[]) AND g.closed_at IS NULL
  AND g.differs_since IS NOT NULL AND next.choice = 'talk'
  AND NOT EXISTS (SELECT FROM progress_therapysession s
                  WHERE s.client_id = g.client_id AND s.state = 'held'
                    AND s.starts_at > next.at)
UNION ALL
SELECT 'reached', g.client_id, g.id, g.closed_at
FROM goals_goal g JOIN clients_contactcharter charter USING (client_id)
WHERE g.client_id = ANY(%(clients)s::uuid[]) AND g.ended_as = 'reached'
  AND charter.celebrates = 'talk'
  AND NOT EXISTS (SELECT FROM progress_therapysession s
                  WHERE s.client_id = g.client_id AND s.state = 'held'
                    AND s.starts_at > g.closed_at)
UNION ALL
SELECT 'answer', goal.client_id, goal.id, review.opened_at
FROM goal JOIN goals_review review ON review.id = goal.review_id
WHERE NOT EXISTS (SELECT FROM goals_reviewanswer a
                  WHERE a.review_id = review.id AND a.side = %(side)s)
UNION ALL
SELECT 'decide', goal.client_id, goal.id,
  greatest(review.client_at, review.therapist_at)
FROM goal JOIN goals_review review ON review.id = goal.review_id
WHERE review.client_at IS NOT NULL AND review.therapist_at IS NOT NULL
  AND (SELECT a.choice FROM goals_reviewanswer a
       WHERE a.review_id = review.id AND a.side = %(side)s
       ORDER BY a.at DESC, a.id DESC LIMIT 1) = ''
UNION ALL
SELECT 'review', client_id, id, review_on::timestamptz
FROM goal WHERE review_id IS NULL AND review_on <= %(today)s
UNION ALL
SELECT 'said', client_id, goal_id, at FROM said
UNION ALL
SELECT 'strength', strength.client_id, strength.id, strength.at
FROM clients_strength strength
WHERE strength.client_id = ANY(%(clients)s::uuid[]) AND strength.state = 'proposed'
  AND %(side)s = 'client'
UNION ALL
SELECT CASE WHEN same THEN 'flat' ELSE 'still' END, client_id, id, at FROM quiet
WHERE same OR (SELECT count(*) FROM progress_therapysession s
               WHERE s.client_id = quiet.client_id AND s.state = 'held'
                 AND s.starts_at > quiet.at) >= %(untouched)s
ORDER BY 1, 4
"""
# What the therapist reads, and the one act.
TO_THERAPIST = {
    "talk": (_("You see a goal differently, and want to talk about it."), _("Read")),
    "reached": (
        _("A goal is reached, and the client wants to speak of it."),
        _("Read"),
    ),
    "answer": (_("A goal is looked at again; your answers are wanted."), _("Answer")),
    "decide": (_("Both answered about a goal; what becomes of it?"), _("Decide")),
    "review": (_("The day has come to look at a goal again."), _("Look")),
    "said": (
        _("Something said about a goal was not talked about for two sessions."),
        _("Read"),
    ),
    "flat": (_("A goal was rated the same five times. Still the right one?"), _("Ask")),
    "still": (
        _("Nobody touched a goal for four sessions. Still the right one?"),
        _("Ask"),
    ),
}


# Which of a side's pages it leads to, and where on it; else the goal's own.
PLACES = {
    "talk": ("goal_differ", ""),
    "answer": ("goal_review", ""),
    "decide": ("goal_review", ""),
    "reached": ("goal_reached", ""),
    "said": ("goal", "#said"),
}
# What stands on top of what is prepared for the session.
FOR_THE_SESSION = ("talk", "reached")


class Watch(NamedTuple):
    """`kind` as above; or "strength", with the id of what is offered."""

    kind: str
    client_id: UUID
    goal_id: UUID

    def address(self, way: Way) -> str:
        """The page of one's own side on which it is done."""
        if self.kind == "strength":
            return reverse(way["strengths"])
        name, place = PLACES.get(self.kind, ("goal", "#again"))
        return reverse(way[name], args=[self.goal_id]) + place


def watch(
    client_ids: Iterable[UUID],
    side: str,
    today: date,
    *,
    meeting: Iterable[UUID] | None = None,
) -> list[Watch]:
    """In one query.  The ids are those that `visible_to(user)` gave.

    About a goal that stands still only those are asked whom one is `meeting` today, or
    all where that is not said.
    """
    client_ids = list(client_ids)
    values = {
        "clients": [str(pk) for pk in client_ids],
        "meeting": [str(pk) for pk in (client_ids if meeting is None else meeting)],
        "side": side,
        "today": today,
        "untouched": UNTOUCHED,
        "flat": FLAT,
        "unanswered": UNANSWERED,
    }
    with connection.cursor() as cursor:
        cursor.execute(WATCH, values)
        return [Watch(*row[:3]) for row in cursor.fetchall()]
