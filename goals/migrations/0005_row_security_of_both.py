"""The second lock on reviews, comments, links, scores and what was said of a goal.

Each side speaks for itself; a key is taken back by the side that turned it, and what
lost a key is not in force; an answer in a review is read by the other side once both
have answered.
"""

from django.db import migrations

TABLES = (
    "goals_goalmove",
    "goals_review",
    "goals_reviewanswer",
    "goals_comment",
    "goals_goallink",
    "goals_goalscore",
)
MINE = """client_id = ANY ((SELECT app.reads())::uuid[])
    OR client_id = (SELECT app.self())"""
ON = "".join(
    f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
    f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
    f"CREATE POLICY practice_wall ON {table} AS RESTRICTIVE TO cairn_web"
    f" USING (practice_id = (SELECT app.practice()));"
    f"CREATE POLICY read ON {table} FOR SELECT TO cairn_web USING ({MINE});"
    f"REVOKE UPDATE, DELETE ON {table} FROM cairn_web;"
    for table in TABLES
)
OFF = "".join(
    f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
    f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
    for table in TABLES
)
EITHER_SIDE = """(client_id = ANY ((SELECT app.writes())::uuid[])
    OR client_id = (SELECT app.self_writes()))"""
OWN_SIDE = """CASE side
    WHEN 'client' THEN client_id = (SELECT app.self_writes())
    WHEN 'therapist' THEN client_id = ANY ((SELECT app.writes())::uuid[])
    ELSE false END"""
BY_ME = "by_id = (SELECT app.user_id())"
SIGNED = ("goalmove", "reviewanswer", "comment", "goallink", "goalscore")
WRITE = "".join(
    f"CREATE POLICY write ON goals_{table} FOR INSERT TO cairn_web"
    f" WITH CHECK ({BY_ME} AND {OWN_SIDE});"
    for table in SIGNED
)
POLICIES = f"""
{WRITE}
CREATE POLICY write ON goals_review FOR INSERT TO cairn_web
  WITH CHECK (opened_by_id = (SELECT app.user_id()) AND {EITHER_SIDE});
CREATE POLICY change ON goals_review FOR UPDATE TO cairn_web USING ({EITHER_SIDE});
GRANT UPDATE (client_at, therapist_at, closed_at, decision) ON goals_review TO cairn_web;

ALTER POLICY read ON goals_reviewanswer USING (
  (client_id = (SELECT app.self()) AND (side = 'client' OR app.both_answered(review_id)))
  OR (client_id = ANY ((SELECT app.reads())::uuid[])
    AND (side = 'therapist' OR app.both_answered(review_id))));

CREATE POLICY change ON goals_comment FOR UPDATE TO cairn_web USING ({EITHER_SIDE})
  WITH CHECK ({EITHER_SIDE} AND talked_by_id = (SELECT app.user_id()));
GRANT UPDATE (talked_on, talked_by_id, changed) ON goals_comment TO cairn_web;
CREATE POLICY change ON goals_goallink FOR UPDATE TO cairn_web USING ({EITHER_SIDE});
GRANT UPDATE (ended_at) ON goals_goallink TO cairn_web;

GRANT UPDATE (waits_for, differs_since, review_on, review_id, ended_as)
  ON goals_goal TO cairn_web;
GRANT UPDATE (dropped_at) ON goals_step TO cairn_web;
"""
NO_POLICIES = """
REVOKE UPDATE (waits_for, differs_since, review_on, review_id, ended_as)
  ON goals_goal FROM cairn_web;
REVOKE UPDATE (dropped_at) ON goals_step FROM cairn_web;
"""
# Reads as the one who asks, so that it tells nothing of other people's reviews.
ANSWERED = """
CREATE FUNCTION app.both_answered(which uuid) RETURNS boolean
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT client_at IS NOT NULL AND therapist_at IS NOT NULL
  FROM public.goals_review WHERE id = which $$;
"""
NOT_ANSWERED = """
DROP POLICY read ON goals_reviewanswer;
DROP FUNCTION app.both_answered(uuid);
"""

APPEND_ONLY = "".join(
    f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON goals_{table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION app.refuse();"
    for table in ("goalmove", "reviewanswer", "goalscore")
)
NO_APPEND_ONLY = "".join(
    f"DROP TRIGGER append_only ON goals_{table};"
    for table in ("goalmove", "reviewanswer", "goalscore")
)
STANDING = """
CREATE OR REPLACE FUNCTION app.both_keys() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (SELECT count(DISTINCT a.side) FROM public.goals_agreement a
      JOIN public.goals_goalversion v ON v.id = a.version_id
      WHERE v.id = NEW.in_force_id AND v.goal_id = NEW.id
        AND a.fingerprint = v.fingerprint
        AND NOT EXISTS (SELECT FROM public.goals_goalmove m
                        WHERE m.agreement_id = a.id)) < 2 THEN
    RAISE check_violation USING MESSAGE =
      'a goal version is in force only with both keys', CONSTRAINT = 'goal_both_keys';
  END IF;
  RETURN NEW;
END $$;

-- A key is taken back by the side that turned it, and not under what is in force.
CREATE FUNCTION app.key_taken_back() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM public.goals_agreement a
      JOIN public.goals_goalversion v ON v.id = a.version_id
      JOIN public.goals_goal g ON g.id = v.goal_id
      WHERE a.id = NEW.agreement_id AND a.side = NEW.side AND v.id = NEW.version_id
        AND g.id = NEW.goal_id AND g.in_force_id IS DISTINCT FROM v.id) THEN
    RAISE check_violation USING MESSAGE =
      'a key is taken back by its own side, and what it held is in force no more',
      CONSTRAINT = 'goal_key_taken_back';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER key_taken_back BEFORE INSERT ON goals_goalmove
  FOR EACH ROW WHEN (NEW.agreement_id IS NOT NULL)
  EXECUTE FUNCTION app.key_taken_back();
"""
NOT_STANDING = """
DROP TRIGGER key_taken_back ON goals_goalmove;
DROP FUNCTION app.key_taken_back();
CREATE OR REPLACE FUNCTION app.both_keys() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (SELECT count(DISTINCT a.side) FROM public.goals_agreement a
      JOIN public.goals_goalversion v ON v.id = a.version_id
      WHERE v.id = NEW.in_force_id AND v.goal_id = NEW.id
        AND a.fingerprint = v.fingerprint) < 2 THEN
    RAISE check_violation USING MESSAGE =
      'a goal version is in force only with both keys', CONSTRAINT = 'goal_both_keys';
  END IF;
  RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("goals", "0004_reviews_comments_links")]

    operations = [
        migrations.RunSQL(ANSWERED, migrations.RunSQL.noop),
        migrations.RunSQL([ON, POLICIES], [NO_POLICIES, NOT_ANSWERED, OFF]),
        migrations.RunSQL(APPEND_ONLY, NO_APPEND_ONLY),
        migrations.RunSQL(STANDING, NOT_STANDING),
    ]
