"""The second lock on imports, their sealed lines and their key, and on copies of records."""

from django.db import migrations

ME = "(SELECT app.user_id())"
OWN = f"(therapist_id = {ME} AND (SELECT app.is_therapist()))"
BROUGHT = f"(by_id = {ME} AND (SELECT app.is_admin()))"
SEEN = f"""EXISTS (SELECT FROM transfer_caseloadimport i
    WHERE i.id = caseload_import_id
    AND ((i.therapist_id = {ME} AND (SELECT app.is_therapist()))
      OR (part IN ('directory', 'review', 'mend') AND i.by_id = {ME}
        AND (SELECT app.is_admin()))))"""
BEGINS = "'ready', 'reading'"
TABLES = ("transfer_caseloadimport", "transfer_importsheet", "transfer_recordexport")
ON = "".join(
    f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
    f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
    f"CREATE POLICY practice_wall ON {table} AS RESTRICTIVE TO cairn_web"
    f" USING (practice_id = (SELECT app.practice()));"
    f"REVOKE UPDATE, DELETE ON {table} FROM cairn_web;"
    for table in TABLES
)
OFF = "".join(
    f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
    f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
    for table in TABLES
)
IMPORTS = f"""
CREATE POLICY read ON transfer_caseloadimport FOR SELECT TO cairn_web
  USING ({OWN} OR {BROUGHT});
CREATE POLICY begin ON transfer_caseloadimport FOR INSERT TO cairn_web
  WITH CHECK (by_id = {ME} AND state IN ({BEGINS}) AND ({OWN}
    OR ((SELECT app.is_admin()) AND app.treats_here(therapist_id))));
CREATE POLICY go_on ON transfer_caseloadimport FOR UPDATE TO cairn_web
  USING (by_id = {ME} AND ({OWN} OR {BROUGHT}));
GRANT UPDATE (state, columns, date_order, leaves_out, refusal, claim, lease_until,
  attempts, percent, people, sessions, goals, finished_at)
  ON transfer_caseloadimport TO cairn_web;
-- The worker: whose turn it is and how far it is, never a line.
CREATE POLICY worker ON transfer_caseloadimport TO cairn_worker USING (true);
GRANT SELECT (id, by_id, state, made_at, claim, lease_until, attempts),
  UPDATE (state, claim, lease_until, attempts, percent, refusal)
  ON transfer_caseloadimport TO cairn_worker;

-- What is sealed is the therapist's alone; an admin keeps the names and contacts in
-- sight that they brought.  Whoever sees lines may take them away.
CREATE POLICY read ON transfer_importsheet FOR SELECT TO cairn_web USING ({SEEN});
CREATE POLICY bring ON transfer_importsheet FOR INSERT TO cairn_web
  WITH CHECK (EXISTS (SELECT FROM transfer_caseloadimport i
    WHERE i.id = caseload_import_id AND i.by_id = {ME} AND i.state IN ({BEGINS})));
CREATE POLICY take_away ON transfer_importsheet FOR DELETE TO cairn_web
  USING ({SEEN});
GRANT DELETE ON transfer_importsheet TO cairn_web;
CREATE POLICY sweep ON transfer_importsheet TO cairn_worker USING (true);
GRANT SELECT (id, caseload_import_id, made_at), DELETE ON transfer_importsheet
  TO cairn_worker;
"""
COPIES = f"""
-- Nobody's but theirs who asked, for as long as the record is theirs to read.
CREATE POLICY read ON transfer_recordexport FOR SELECT TO cairn_web USING (by_id = {ME}
  AND (client_id = ANY ((SELECT app.reads())::uuid[]) OR client_id = (SELECT app.self())));
CREATE POLICY ask ON transfer_recordexport FOR INSERT TO cairn_web WITH CHECK (by_id = {ME}
  AND state = 'waiting' AND (client_id = ANY ((SELECT app.writes())::uuid[])
    OR client_id = (SELECT app.self())));
CREATE POLICY keep ON transfer_recordexport FOR UPDATE TO cairn_web USING (by_id = {ME});
GRANT UPDATE (state, ready_at, archive) ON transfer_recordexport TO cairn_web;
-- The worker: whose turn it is and what has lain for a day, never a byte of it.
CREATE POLICY worker ON transfer_recordexport TO cairn_worker USING (true);
GRANT SELECT (id, by_id, asked_at, state, attempts, ready_at),
  UPDATE (state, attempts, archive) ON transfer_recordexport TO cairn_worker;
"""

# The key of a sheet opens for whom the sheet does: asked with the reader's own rights,
# and in a function, so that a page that reads clients' keys does not plan it each time.
KEYS = """
CREATE FUNCTION app.opens_sheet(which uuid) RETURNS boolean LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM public.transfer_importsheet WHERE id = which);
END $$;
-- By its name asked last, where `read` said no.
CREATE POLICY by_its_sheet ON accounts_datakey FOR SELECT TO cairn_web
  USING (app.opens_sheet(client_id));
"""

# With the lines goes their key, and no other: whatever a row calls itself, a client's
# key stays.
FORGET = """
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE FUNCTION app.forget_sheet() RETURNS trigger LANGUAGE plpgsql VOLATILE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM public.accounts_datakey k WHERE k.client_id = OLD.id
    AND NOT EXISTS (SELECT FROM public.clients_client c WHERE c.id = OLD.id);
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.forget_sheet() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.forget_sheet() TO cairn_owner;  -- to make the trigger
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
CREATE TRIGGER forget_sheet AFTER DELETE ON transfer_importsheet
  FOR EACH ROW EXECUTE FUNCTION app.forget_sheet();
"""
FORGET_NOT = """
DROP TRIGGER forget_sheet ON transfer_importsheet;
DROP FUNCTION app.forget_sheet();
"""
NO_KEYS = """
DROP POLICY by_its_sheet ON accounts_datakey;
DROP FUNCTION app.opens_sheet(uuid);
"""

# The worker writes it as cairn_web too, so: what came in is said once, and when is now.
STEPS = """
CREATE FUNCTION app.import_is_told_once() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE insufficient_privilege USING MESSAGE = 'an import says once what came in';
END $$;
CREATE TRIGGER told_once BEFORE UPDATE ON transfer_caseloadimport
  FOR EACH ROW WHEN (current_user = 'cairn_web'
    AND (OLD.people IS DISTINCT FROM NEW.people
      OR OLD.sessions IS DISTINCT FROM NEW.sessions
      OR OLD.goals IS DISTINCT FROM NEW.goals
      OR OLD.finished_at IS DISTINCT FROM NEW.finished_at)
    AND (OLD.finished_at IS NOT NULL OR NEW.finished_at IS NULL
      OR NEW.finished_at < transaction_timestamp()
      OR NEW.finished_at > clock_timestamp()))
  EXECUTE FUNCTION app.import_is_told_once();
CREATE TRIGGER undone_within_a_day BEFORE UPDATE ON transfer_caseloadimport
  FOR EACH ROW WHEN (current_user = 'cairn_web'
    AND NEW.state = 'undoing' AND OLD.state <> 'undoing'
    AND (OLD.state <> 'done' OR OLD.finished_at IS NULL
      OR OLD.finished_at < clock_timestamp() - interval '1 day'))
  EXECUTE FUNCTION app.import_is_told_once();
"""
NO_STEPS = """
DROP TRIGGER undone_within_a_day ON transfer_caseloadimport;
DROP TRIGGER told_once ON transfer_caseloadimport;
DROP FUNCTION app.import_is_told_once();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("transfer", "0001_initial"),
        ("accounts", "0010_keys_can_change"),
        ("clients", "0004_row_security_of_care"),
    ]

    operations = [
        migrations.RunSQL([ON, IMPORTS, COPIES], OFF),
        migrations.RunSQL(KEYS, NO_KEYS),
        migrations.RunSQL(FORGET, FORGET_NOT),
        migrations.RunSQL(STEPS, NO_STEPS),
    ]
