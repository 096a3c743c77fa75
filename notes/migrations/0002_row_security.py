"""The second lock on notes and what hangs on them; a signed note never changes."""

from django.db import migrations

APPEND_ONLY = ("notes_noteaddition", "notes_earlierdraft")
TABLES = ("notes_sessiongoal", "notes_progressnote", "notes_notehold", *APPEND_ONLY)
ON = "".join(
    f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
    f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
    f"CREATE POLICY practice_wall ON {table} AS RESTRICTIVE TO cairn_web"
    f" USING (practice_id = (SELECT app.practice()));"
    f"REVOKE UPDATE, DELETE ON {table} FROM cairn_web;"
    for table in TABLES
) + "".join(
    f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    f"  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse();"
    for table in APPEND_ONLY
)
OFF = "".join(
    f"DROP TRIGGER append_only ON {table};" for table in APPEND_ONLY
) + "".join(
    f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
    f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
    for table in TABLES
)
READS = "client_id = ANY ((SELECT app.reads())::uuid[])"
WRITES = "client_id = ANY ((SELECT app.writes())::uuid[])"
SELF = "client_id = (SELECT app.self())"
ME = "(SELECT app.user_id())"
NOW = "statement_timestamp()"

# The client does not see the hold itself, so whether there is one is asked as cairn_acl.
HELD = """
GRANT SELECT (note_id, until) ON notes_notehold TO cairn_acl;
CREATE POLICY acl ON notes_notehold FOR SELECT TO cairn_acl USING (true);
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE FUNCTION app.is_held(note uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.notes_notehold
    WHERE note_id = note AND (until IS NULL OR until > clock_timestamp())) $$;
REVOKE ALL ON FUNCTION app.is_held(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.is_held(uuid) TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
NOT_HELD = """
DROP POLICY read ON notes_progressnote;
DROP FUNCTION app.is_held(uuid);
"""

# A web login begins a note unsigned and signs for the next ten seconds only: no date of
# its own choice (eleven, for the time between reading the clock and writing).  Its author
# may undo that until then.  The demo's notes of half a year are written signed, by the
# owner, who answers no request.
NOTES = f"""
CREATE POLICY read ON notes_sessiongoal FOR SELECT TO cairn_web
  USING ({READS} OR {SELF});
CREATE POLICY write ON notes_sessiongoal FOR INSERT TO cairn_web
  WITH CHECK ({WRITES});

CREATE POLICY read ON notes_progressnote FOR SELECT TO cairn_web
  USING ({READS} OR ({SELF} AND signed_at <= {NOW} AND NOT app.is_held(id)));
CREATE POLICY write ON notes_progressnote FOR INSERT TO cairn_web
  WITH CHECK ({WRITES} AND author_id = {ME} AND begun_by_id IS NULL
    AND signed_at IS NULL AND content_hash = '');
CREATE POLICY change ON notes_progressnote FOR UPDATE TO cairn_web
  USING ({WRITES} AND author_id = {ME} AND (signed_at IS NULL OR signed_at > {NOW}))
  WITH CHECK ({WRITES} AND author_id = {ME} AND (signed_at IS NULL
    OR signed_at BETWEEN {NOW} AND {NOW} + interval '11 seconds'));
GRANT UPDATE (format, body, revision, saved_at, signed_at, content_hash)
  ON notes_progressnote TO cairn_web;
CREATE POLICY operator_seeds ON notes_progressnote FOR INSERT TO cairn_owner
  WITH CHECK (true);

CREATE POLICY read ON notes_notehold FOR SELECT TO cairn_web USING ({READS});
CREATE POLICY write ON notes_notehold FOR INSERT TO cairn_web
  WITH CHECK ({WRITES} AND by_id = {ME});
CREATE POLICY lift ON notes_notehold FOR UPDATE TO cairn_web USING ({WRITES});
GRANT UPDATE (until) ON notes_notehold TO cairn_web;

-- The note's own policies decide which notes the client sees here.
CREATE POLICY read ON notes_noteaddition FOR SELECT TO cairn_web
  USING ({READS} OR ({SELF}
    AND EXISTS (SELECT FROM notes_progressnote n WHERE n.id = note_id)));
CREATE POLICY write ON notes_noteaddition FOR INSERT TO cairn_web
  WITH CHECK ({WRITES} AND by_id = {ME}
    AND EXISTS (SELECT FROM notes_progressnote n
      WHERE n.id = note_id AND n.client_id = notes_noteaddition.client_id
        AND n.signed_at <= clock_timestamp())
    AND (correction_id IS NULL OR EXISTS (SELECT FROM clients_correction c
      WHERE c.id = correction_id AND c.client_id = notes_noteaddition.client_id)));

CREATE POLICY read ON notes_earlierdraft FOR SELECT TO cairn_web USING ({WRITES});
"""

# By the clock when the row is locked: whoever waited for it until too late is too late.
SIGNED = """
CREATE FUNCTION app.signed_stays() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.signed_at > clock_timestamp()
      AND OLD.author_id = app.user_id()
      AND NEW.signed_at IS NULL AND NEW.content_hash = ''
      AND to_jsonb(NEW) - 'signed_at' - 'content_hash'
        = to_jsonb(OLD) - 'signed_at' - 'content_hash' THEN
    RETURN NEW;
  END IF;
  RAISE insufficient_privilege USING MESSAGE = 'a signed note never changes';
END $$;
CREATE TRIGGER signed_stays BEFORE UPDATE OR DELETE ON notes_progressnote
  FOR EACH ROW WHEN (OLD.signed_at IS NOT NULL) EXECUTE FUNCTION app.signed_stays();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON notes_progressnote
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse();
"""
UNSIGNED = """
DROP TRIGGER signed_stays ON notes_progressnote;
DROP TRIGGER no_truncate ON notes_progressnote;
DROP FUNCTION app.signed_stays();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("notes", "0001_initial"),
        ("accounts", "0010_keys_can_change"),
        ("appointments", "0002_row_security"),
        ("clients", "0004_row_security_of_care"),
    ]

    operations = [
        migrations.RunSQL([ON, HELD, NOTES], [NOT_HELD, OFF]),
        migrations.RunSQL(SIGNED, UNSIGNED),
    ]
