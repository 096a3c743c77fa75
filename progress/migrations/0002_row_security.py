"""The second lock on notes; a signed note never changes."""

from django.db import migrations

TABLES = (
    "progress_sessiongoal",
    "progress_progressnote",
    "progress_notehold",
)
ON = "".join(
    f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
    f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
    f"CREATE POLICY practice_wall ON {table} AS RESTRICTIVE TO cairn_web"
    f" USING (practice_id = (SELECT app.practice()));"
    f"REVOKE DELETE ON {table} FROM cairn_web;"
    for table in TABLES
)
OFF = "".join(
    f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
    f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
    for table in TABLES
)
READS = "client_id = ANY ((SELECT app.reads())::uuid[])"
WRITES = "client_id = ANY ((SELECT app.writes())::uuid[])"
SELF = "client_id = (SELECT app.self())"
ME = "(SELECT app.user_id())"

# The client does not see the hold itself, so whether there is one is asked as cairn_acl.
HELD = """
GRANT SELECT (note_id, until) ON progress_notehold TO cairn_acl;
CREATE POLICY acl ON progress_notehold FOR SELECT TO cairn_acl USING (true);
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE FUNCTION app.is_held(note uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.progress_notehold
    WHERE note_id = note AND (until IS NULL OR until > clock_timestamp())) $$;
REVOKE ALL ON FUNCTION app.is_held(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.is_held(uuid) TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""

POLICIES = f"""
CREATE POLICY read ON progress_sessiongoal FOR SELECT TO cairn_web
  USING ({READS} OR {SELF});
CREATE POLICY write ON progress_sessiongoal FOR INSERT TO cairn_web
  WITH CHECK ({WRITES});
REVOKE UPDATE ON progress_sessiongoal FROM cairn_web;

CREATE POLICY read ON progress_progressnote FOR SELECT TO cairn_web
  USING ({READS} OR ({SELF} AND signed_at IS NOT NULL AND NOT app.is_held(id)));
CREATE POLICY write ON progress_progressnote FOR INSERT TO cairn_web
  WITH CHECK ({WRITES} AND author_id = {ME});
CREATE POLICY change ON progress_progressnote FOR UPDATE TO cairn_web
  USING ({WRITES} AND author_id = {ME} AND signed_at IS NULL)
  WITH CHECK ({WRITES} AND author_id = {ME});
REVOKE UPDATE ON progress_progressnote FROM cairn_web;
GRANT UPDATE (format, body, revision, saved_at, signed_at, content_hash)
  ON progress_progressnote TO cairn_web;

CREATE POLICY read ON progress_notehold FOR SELECT TO cairn_web USING ({READS});
CREATE POLICY write ON progress_notehold FOR INSERT TO cairn_web
  WITH CHECK ({WRITES} AND by_id = {ME});
CREATE POLICY lift ON progress_notehold FOR UPDATE TO cairn_web USING ({WRITES});
REVOKE UPDATE ON progress_notehold FROM cairn_web;
GRANT UPDATE (until) ON progress_notehold TO cairn_web;
"""

SIGNED = """
CREATE FUNCTION app.signed_stays() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE insufficient_privilege USING MESSAGE = 'a signed note never changes';
END $$;
CREATE TRIGGER signed_stays BEFORE UPDATE OR DELETE ON progress_progressnote
  FOR EACH ROW WHEN (OLD.signed_at IS NOT NULL) EXECUTE FUNCTION app.signed_stays();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON progress_progressnote
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse();
"""
UNSIGNED = """
DROP TRIGGER signed_stays ON progress_progressnote;
DROP TRIGGER no_truncate ON progress_progressnote;
DROP FUNCTION app.signed_stays();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("progress", "0001_initial"),
        ("appointments", "0002_row_security"),
        ("goals", "0002_row_security"),
    ]

    operations = [
        migrations.RunSQL([ON, HELD, POLICIES], OFF),
        migrations.RunSQL(SIGNED, UNSIGNED),
    ]
