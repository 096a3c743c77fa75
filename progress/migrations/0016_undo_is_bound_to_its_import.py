"""What an import made is told by more than the audit log, where the web can add rows.

The key of each client follows from the import's own key and the line (`key_of`), so no
other client can be named; the client was made between the file and the end; the first
line that says "caseload imported" counts, not the last.  What came in is said once, and
an undo is asked for within a day.
"""

from django.db import migrations

FUNCTIONS = """
GRANT SELECT (created_at) ON clients_client TO cairn_acl;
GRANT SELECT (finished_at) ON progress_caseloadimport TO cairn_acl;
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
-- CaseloadImport.key_of, once more.
CREATE FUNCTION app.imported_key(which uuid, line text) RETURNS uuid
  LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT (substr(replace(which::text, '-', ''), 1, 12) || '7' || substr(noise, 2, 3)
    || substr('89ab', 1 + (('x' || substr(noise, 5, 1))::bit(4)::integer & 3), 1)
    || substr(noise, 6, 15))::uuid
  FROM encode(sha256(convert_to(which || ':' || line, 'UTF8')), 'hex') AS noise $$;
CREATE OR REPLACE FUNCTION app.imported_clients(which uuid) RETURNS uuid[]
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_agg(DISTINCT e.client_id) FROM public.progress_caseloadimport i
    JOIN public.accounts_auditevent e
      ON e.practice_id = i.practice_id AND e.at >= i.made_at
  WHERE i.id = which AND i.by_id = app.user_id() AND i.practice_id = app.practice()
    AND e.verb = 'client imported' AND e.detail->>'caseload_import' = which::text
    AND e.client_id = app.imported_key(which, e.detail->>'line')
    AND e.id < app.import_ended(which) $$;
-- Where in the log it ended: the first such line, whatever is written later.
CREATE OR REPLACE FUNCTION app.import_ended(which uuid) RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT min(e.id) FROM public.progress_caseloadimport i
    JOIN public.accounts_auditevent e
      ON e.practice_id = i.practice_id AND e.at >= i.made_at
  WHERE i.id = which AND i.by_id = app.user_id() AND i.practice_id = app.practice()
    AND e.verb = 'caseload imported' AND e.object_id = which $$;
-- Before the undo deletes anything: were all of them made by it?  A minute, for clocks
-- of two machines.
CREATE FUNCTION app.made_by_import(which uuid, ids uuid[]) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*) = coalesce(cardinality(ids), 0) FROM public.progress_caseloadimport i
    JOIN public.clients_client c ON c.practice_id = i.practice_id
  WHERE i.id = which AND c.id = ANY (ids) AND c.created_at BETWEEN
    i.made_at - interval '1 minute' AND i.finished_at + interval '1 minute' $$;
REVOKE ALL ON FUNCTION app.imported_key(uuid, text),
  app.made_by_import(uuid, uuid[]) FROM PUBLIC;
DO $do$
DECLARE
  was text := pg_get_functiondef('app.undo_import(uuid)'::regprocedure);
  old text := 'IF NOT FOUND OR i.people <> coalesce(cardinality(ids), 0) THEN';
BEGIN
  IF position(old IN was) = 0 THEN
    RAISE EXCEPTION 'app.undo_import is not as expected';
  END IF;
  EXECUTE replace(was, old, 'IF NOT FOUND OR i.people <> coalesce(cardinality(ids), 0)
      OR NOT app.made_by_import(which, ids) THEN');
END $do$;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
NO_FUNCTIONS = """
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
DO $do$
BEGIN
  EXECUTE replace(pg_get_functiondef('app.undo_import(uuid)'::regprocedure),
    'OR NOT app.made_by_import(which, ids) THEN', 'THEN');
  EXECUTE replace(pg_get_functiondef('app.import_ended(uuid)'::regprocedure),
    'min(e.id)', 'max(e.id)');
  EXECUTE replace(pg_get_functiondef('app.imported_clients(uuid)'::regprocedure),
    'AND e.client_id = app.imported_key(which, e.detail->>''line'')
    AND e.id < app.import_ended(which)', '');
END $do$;
DROP FUNCTION app.made_by_import(uuid, uuid[]);
DROP FUNCTION app.imported_key(uuid, text);
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
REVOKE SELECT (created_at) ON clients_client FROM cairn_acl;
REVOKE SELECT (finished_at) ON progress_caseloadimport FROM cairn_acl;
"""

# The worker writes it as cairn_web too, so: what came in is said once, and when is now.
STEPS = """
CREATE FUNCTION app.import_is_told_once() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE insufficient_privilege USING MESSAGE = 'an import says once what came in';
END $$;
CREATE TRIGGER told_once BEFORE UPDATE ON progress_caseloadimport
  FOR EACH ROW WHEN (current_user = 'cairn_web'
    AND (OLD.people IS DISTINCT FROM NEW.people
      OR OLD.sessions IS DISTINCT FROM NEW.sessions
      OR OLD.goals IS DISTINCT FROM NEW.goals
      OR OLD.finished_at IS DISTINCT FROM NEW.finished_at)
    AND (OLD.finished_at IS NOT NULL OR NEW.finished_at IS NULL
      OR NEW.finished_at < transaction_timestamp()
      OR NEW.finished_at > clock_timestamp()))
  EXECUTE FUNCTION app.import_is_told_once();
CREATE TRIGGER undone_within_a_day BEFORE UPDATE ON progress_caseloadimport
  FOR EACH ROW WHEN (current_user = 'cairn_web'
    AND NEW.state = 'undoing' AND OLD.state <> 'undoing'
    AND (OLD.state <> 'done' OR OLD.finished_at IS NULL
      OR OLD.finished_at < clock_timestamp() - interval '1 day'))
  EXECUTE FUNCTION app.import_is_told_once();
"""
NO_STEPS = """
DROP TRIGGER undone_within_a_day ON progress_caseloadimport;
DROP TRIGGER told_once ON progress_caseloadimport;
DROP FUNCTION app.import_is_told_once();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("progress", "0015_begun_unsigned"),
        ("clients", "0010_roles_only_shorten"),
    ]
    operations = [
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        migrations.RunSQL(STEPS, NO_STEPS),
    ]
