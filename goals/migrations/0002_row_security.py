"""The second lock on goals; history is append-only; nobody turns the other's key."""

from django.db import migrations

TABLES = (
    "goals_goal",
    "goals_goalversion",
    "goals_agreement",
    "goals_goalrating",
    "goals_step",
)
READ = """
CREATE POLICY read ON {table} FOR SELECT TO cairn_web
  USING (client_id = ANY ((SELECT app.reads())::uuid[])
    OR client_id = (SELECT app.self()));
REVOKE DELETE ON {table} FROM cairn_web;
"""
ON = "".join(
    f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
    f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
    f"CREATE POLICY practice_wall ON {table} AS RESTRICTIVE TO cairn_web"
    f" USING (practice_id = (SELECT app.practice()));" + READ.format(table=table)
    for table in TABLES
)
OFF = "".join(
    f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
    f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
    for table in TABLES
)
EITHER_SIDE = """(client_id = ANY ((SELECT app.writes())::uuid[])
    OR client_id = (SELECT app.self()))"""
# A side is what one is: the client's own, or the therapist's for whom they treat.
OWN_SIDE = """CASE side
    WHEN 'client' THEN client_id = (SELECT app.self())
    WHEN 'therapist' THEN client_id = ANY ((SELECT app.writes())::uuid[])
    ELSE false END"""

POLICIES = f"""
CREATE POLICY write ON goals_goal FOR INSERT TO cairn_web WITH CHECK ({EITHER_SIDE});
CREATE POLICY change ON goals_goal FOR UPDATE TO cairn_web USING ({EITHER_SIDE});
REVOKE UPDATE ON goals_goal FROM cairn_web;
GRANT UPDATE (in_force_id, in_force_at, latest_id, closed_at) ON goals_goal TO cairn_web;

CREATE POLICY write ON goals_goalversion FOR INSERT TO cairn_web
  WITH CHECK (proposed_by_id = (SELECT app.user_id()) AND {OWN_SIDE});
CREATE POLICY write ON goals_agreement FOR INSERT TO cairn_web
  WITH CHECK (by_id = (SELECT app.user_id()) AND {OWN_SIDE});
CREATE POLICY write ON goals_goalrating FOR INSERT TO cairn_web
  WITH CHECK (by_id = (SELECT app.user_id()) AND {OWN_SIDE});
REVOKE UPDATE ON goals_goalversion, goals_agreement, goals_goalrating FROM cairn_web;

CREATE POLICY write ON goals_step FOR INSERT TO cairn_web
  WITH CHECK (added_by_id = (SELECT app.user_id()) AND {EITHER_SIDE});
CREATE POLICY change ON goals_step FOR UPDATE TO cairn_web USING ({EITHER_SIDE});
REVOKE UPDATE ON goals_step FROM cairn_web;
GRANT UPDATE (words, position, reached_at, reached_by_id) ON goals_step TO cairn_web;
"""

PROMISES = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON goals_goalversion
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON goals_agreement
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON goals_goalrating
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse();

-- In force is what both agreed to, whatever the program says.
CREATE FUNCTION app.both_keys() RETURNS trigger LANGUAGE plpgsql
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
CREATE TRIGGER both_keys BEFORE INSERT OR UPDATE OF in_force_id ON goals_goal
  FOR EACH ROW WHEN (NEW.in_force_id IS NOT NULL) EXECUTE FUNCTION app.both_keys();
"""
NO_PROMISES = """
DROP TRIGGER both_keys ON goals_goal;
DROP FUNCTION app.both_keys();
DROP TRIGGER append_only ON goals_goalversion;
DROP TRIGGER append_only ON goals_agreement;
DROP TRIGGER append_only ON goals_goalrating;
"""


class Migration(migrations.Migration):
    dependencies = [("goals", "0001_initial"), ("clients", "0002_row_security")]

    operations = [
        migrations.RunSQL([ON, POLICIES], OFF),
        migrations.RunSQL(PROMISES, NO_PROMISES),
    ]
