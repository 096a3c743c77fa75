"""What goals ask of whom, read past the policies once whose they are is known.

Asked as `cairn_web`, each of its ten tables brings its policies along: some sixty look-ups,
five milliseconds to plan and as many to run, on Today and on the client's home.  Here one
comparison stands in front, with the very lists that the policies compare with, and the
plan is kept.  It answers with kinds, ids and moments, never a word.

Five ratings alike are those of one side: the client's, and the therapist's only where
the client gave none.  Where the two chose differently in a review, the one who chose
first is asked again.  What one side decided, withdrew, declined or took up again is told to
the other until it opens the goal, until it is settled, or until two weeks are over.
"""

from django.db import migrations

from database.operations import AclFunctions

# `asked` and `meeting` are what the program found visible; of these, `mine` are answered.
# Every part walks an index from its goal.
WATCH = """
CREATE FUNCTION app.goal_watch(asked uuid[], meeting uuid[], of_side text, today date,
    untouched integer, flat_ratings integer, unanswered integer)
  RETURNS TABLE (kind text, client_id uuid, goal_id uuid, at timestamptz)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  told_for CONSTANT interval := '14 days';
  mine uuid[] := ARRAY(SELECT unnest(asked) INTERSECT SELECT unnest(
    CASE of_side WHEN 'client' THEN ARRAY[app.self()] ELSE app.reads() END));
BEGIN
  RETURN QUERY
  WITH goal AS MATERIALIZED (
    SELECT id, client_id, in_force_id, review_id, review_on, in_force_at, differs_since
    FROM public.goals_goal
    WHERE client_id = ANY(mine) AND closed_at IS NULL
      AND (in_force_id IS NOT NULL OR review_id IS NOT NULL OR review_on IS NOT NULL)
  ), said AS (
    SELECT DISTINCT ON (comment.goal_id) comment.goal_id, comment.client_id, comment.at
    FROM public.goals_comment comment JOIN public.goals_goal g ON g.id = comment.goal_id
    WHERE comment.client_id = ANY(mine) AND comment.talked_on IS NULL
      AND g.closed_at IS NULL
      AND (SELECT count(*) FROM public.appointments_therapysession s
           WHERE s.client_id = comment.client_id AND s.state = 'held'
             AND s.starts_at > comment.at) >= unanswered
    ORDER BY comment.goal_id, comment.at
  ), quiet AS (
    SELECT goal.id, goal.client_id, touched.at, flat.same, counted.side
    FROM goal
    CROSS JOIN LATERAL (
      SELECT CASE WHEN EXISTS (
        SELECT FROM public.goals_goalrating r
        WHERE r.goal_id = goal.id AND r.client_id = goal.client_id
          AND r.side = 'client' AND r.withdraws_id IS NULL
          AND NOT EXISTS (SELECT FROM public.goals_goalrating b WHERE b.withdraws_id = r.id)
      ) THEN 'client' ELSE 'therapist' END AS side
    ) counted
    CROSS JOIN LATERAL (
      SELECT greatest(goal.in_force_at,
        (SELECT max(r.at) FROM public.goals_goalrating r WHERE r.goal_id = goal.id),
        (SELECT max(s.reached_at) FROM public.goals_step s WHERE s.goal_id = goal.id),
        (SELECT max(c.at) FROM public.goals_comment c WHERE c.goal_id = goal.id),
        (SELECT max(m.at) FROM public.goals_goalmove m WHERE m.goal_id = goal.id)) AS at
    ) touched
    CROSS JOIN LATERAL (
      SELECT count(*) = flat_ratings AND min(last.value) = max(last.value)
        AND min(last.at) > coalesce((SELECT max(m.at) FROM public.goals_goalmove m
                                     WHERE m.goal_id = goal.id), '-infinity') AS same
      FROM (
        SELECT r.value, r.at FROM public.goals_goalrating r
        WHERE r.goal_id = goal.id AND r.client_id = goal.client_id
          AND r.side = counted.side AND r.withdraws_id IS NULL
          AND NOT EXISTS (SELECT FROM public.goals_goalrating b WHERE b.withdraws_id = r.id)
        ORDER BY r.at DESC LIMIT flat_ratings
      ) last
    ) flat
    WHERE goal.client_id = ANY(meeting) AND goal.in_force_id IS NOT NULL
      AND goal.review_id IS NULL AND goal.differs_since IS NULL
      AND (goal.review_on IS NULL OR goal.review_on > today)
  )
  SELECT CASE said.sides WHEN 'client' THEN 'talk-client'
    WHEN 'therapist' THEN 'talk-therapist' ELSE 'talk' END, g.client_id, g.id, said.at
  FROM public.goals_goal g
  CROSS JOIN LATERAL (
    SELECT string_agg(last.side, ' ') AS sides, max(last.at) AS at
    FROM (SELECT DISTINCT ON (m.side) m.side, m.choice, m.at FROM public.goals_goalmove m
          WHERE m.goal_id = g.id AND m.kind = 'next' AND m.at >= g.differs_since
          ORDER BY m.side, m.at DESC) last
    WHERE last.choice = 'talk'
  ) said
  WHERE g.client_id = ANY(mine) AND g.closed_at IS NULL
    AND g.differs_since IS NOT NULL AND said.at IS NOT NULL
    AND NOT EXISTS (SELECT FROM public.appointments_therapysession s
                    WHERE s.client_id = g.client_id AND s.state = 'held'
                      AND s.starts_at > said.at)
  UNION ALL
  SELECT CASE m.kind WHEN 'key_withdrawn' THEN 'withdrawn' WHEN 'declined' THEN 'declined'
    WHEN 'taken_up' THEN 'taken-up' ELSE 'differs' END, g.client_id, g.id, m.at
  FROM public.goals_goal g
  CROSS JOIN LATERAL (
    SELECT move.kind, move.side, move.at FROM public.goals_goalmove move
    WHERE move.goal_id = g.id AND move.kind IN ('key_withdrawn', 'declined', 'differs',
      'taken_up')
    ORDER BY move.at DESC LIMIT 1
  ) m
  WHERE g.client_id = ANY(mine) AND m.side <> of_side AND m.at > now() - told_for
    AND (m.kind <> 'differs' OR m.at >= g.differs_since)
    AND (m.kind <> 'taken_up' OR g.closed_at IS NULL)
    AND (m.kind <> 'key_withdrawn' OR g.in_force_at IS NULL OR g.in_force_at < m.at)
    AND NOT EXISTS (SELECT FROM public.accounts_auditevent e
                    WHERE e.client_id = g.client_id AND e.object_id = g.id
                      AND e.verb = 'opened' AND e.at > m.at
                      AND (e.role = 'client') = (of_side = 'client')
                      AND e.role <> ALL (ARRAY['supervisor', 'emergency']))
  UNION ALL
  SELECT 'reached', g.client_id, g.id, g.closed_at
  FROM public.goals_goal g JOIN public.clients_contactcharter charter USING (client_id)
  WHERE g.client_id = ANY(mine) AND g.ended_as = 'reached'
    AND charter.celebrates = 'talk'
    AND NOT EXISTS (SELECT FROM public.appointments_therapysession s
                    WHERE s.client_id = g.client_id AND s.state = 'held'
                      AND s.starts_at > g.closed_at)
  UNION ALL
  SELECT 'answer', goal.client_id, goal.id, review.opened_at
  FROM goal JOIN public.goals_review review ON review.id = goal.review_id
  WHERE NOT EXISTS (SELECT FROM public.goals_reviewanswer a
                    WHERE a.review_id = review.id AND a.side = of_side)
  UNION ALL
  SELECT 'decide', goal.client_id, goal.id,
    greatest(review.client_at, review.therapist_at)
  FROM goal JOIN public.goals_review review ON review.id = goal.review_id
  CROSS JOIN LATERAL (
    SELECT coalesce(max(a.choice) FILTER (WHERE a.side = of_side), '') AS my_choice,
      coalesce(max(a.choice) FILTER (WHERE a.side <> of_side), '') AS their_choice,
      max(a.at) FILTER (WHERE a.side = of_side) AS my_at,
      max(a.at) FILTER (WHERE a.side <> of_side) AS their_at
    FROM (SELECT DISTINCT ON (side) side, choice, at FROM public.goals_reviewanswer
          WHERE review_id = review.id ORDER BY side, at DESC, id DESC) a
  ) chosen
  WHERE review.client_at IS NOT NULL AND review.therapist_at IS NOT NULL
    AND (my_choice = '' OR their_choice <> '' AND their_choice <> my_choice
         AND their_at > my_at)
  UNION ALL
  SELECT 'decided-' || m.choice, g.client_id, g.id, m.at
  FROM public.goals_goal g
  CROSS JOIN LATERAL (
    SELECT move.choice, move.side, move.at FROM public.goals_goalmove move
    WHERE move.goal_id = g.id AND move.kind = 'decided'
    ORDER BY move.at DESC LIMIT 1
  ) m
  WHERE g.client_id = ANY(mine) AND m.side <> of_side AND m.at > now() - told_for
    AND NOT EXISTS (SELECT FROM public.accounts_auditevent e
                    WHERE e.client_id = g.client_id AND e.object_id = g.id
                      AND e.verb = 'opened' AND e.at > m.at
                      AND (e.role = 'client') = (of_side = 'client')
                      AND e.role <> ALL (ARRAY['supervisor', 'emergency']))
  UNION ALL
  SELECT 'review', client_id, id, review_on::timestamptz
  FROM goal WHERE review_id IS NULL AND review_on <= today
  UNION ALL
  SELECT 'said', client_id, goal_id, at FROM said
  UNION ALL
  SELECT 'strength', strength.client_id, strength.id, strength.at
  FROM public.goals_strength strength
  WHERE strength.client_id = ANY(mine) AND strength.state = 'proposed'
    AND of_side = 'client'
  UNION ALL
  SELECT CASE WHEN same AND side = 'client' THEN 'flat' WHEN same THEN 'flat-therapist'
    ELSE 'still' END, client_id, id, at FROM quiet
  WHERE same OR (SELECT count(*) FROM public.appointments_therapysession s
                 WHERE s.client_id = quiet.client_id AND s.state = 'held'
                   AND s.starts_at > quiet.at) >= untouched
  ORDER BY 1, 4;
END $$;
"""
SEEN = {
    "goals_goal": "id, client_id, closed_at, in_force_id, in_force_at, review_id,"
    " review_on, differs_since, ended_as",
    "goals_comment": "id, client_id, goal_id, at, talked_on",
    "goals_goalrating": "id, client_id, goal_id, at, value, side, withdraws_id",
    "goals_step": "goal_id, reached_at",
    "goals_goalmove": "goal_id, kind, choice, side, at",
    "goals_review": "id, opened_at, client_at, therapist_at",
    "goals_reviewanswer": "id, review_id, side, choice, at",
    "clients_contactcharter": "client_id, celebrates",
    "goals_strength": "id, client_id, state, at",
}


class Migration(migrations.Migration):
    dependencies = [("goals", "0002_row_security")]

    operations = [
        AclFunctions(
            WATCH,
            may={
                "app.goal_watch(uuid[], uuid[], text, date, integer, integer, integer)":
                    "cairn_web"
            },
            rights={table: [f"SELECT ({columns})"] for table, columns in SEEN.items()},
        ),
    ]  # fmt: skip
