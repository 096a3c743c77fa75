"""An import can be undone: one function deletes what it made, and nothing else.  And an
admin learns whether anything was written about somebody, without seeing a row.

The key of each client follows from the import's own key and the line (`key_of`), so no
other client can be named; the client was made between the file and the end; the first
line of the audit log that says "caseload imported" counts, not the last.
"""

from django.db import migrations

from database.operations import AclFunctions

# What an import writes, and nothing else.
MADE = (
    "goals_goalrating", "goals_agreement", "goals_goalversion", "goals_goal",
    "appointments_therapysession", "clients_clientbackground", "clients_contactpreferences",
    "clients_carerole",
)  # fmt: skip
MAY = "".join(
    f"CREATE POLICY undo ON {table} FOR DELETE TO cairn_acl USING (true);"
    for table in (*MADE, "clients_client")
)
MAY_NOT = "".join(
    f"DROP POLICY undo ON {table};" for table in (*MADE, "clients_client")
)
DELETES = "".join(
    f"  DELETE FROM public.{table} WHERE client_id = ANY (ids);\n"
    f"  GET DIAGNOSTICS many = ROW_COUNT;\n"
    f"  gone := gone || jsonb_build_object('{table}', many);\n"
    for table in MADE
)
UNDO = f"""
-- CaseloadImport.key_of, once more.
CREATE FUNCTION app.imported_key(which uuid, line text) RETURNS uuid
  LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT (substr(replace(which::text, '-', ''), 1, 12) || '7' || substr(noise, 2, 3)
    || substr('89ab', 1 + (('x' || substr(noise, 5, 1))::bit(4)::integer & 3), 1)
    || substr(noise, 6, 15))::uuid
  FROM encode(sha256(convert_to(which || ':' || line, 'UTF8')), 'hex') AS noise $$;
-- Where in the log it ended: the first such line, whatever is written later.
CREATE FUNCTION app.import_ended(which uuid) RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT min(e.id) FROM public.transfer_caseloadimport i
    JOIN public.accounts_auditevent e
      ON e.practice_id = i.practice_id AND e.at >= i.made_at
  WHERE i.id = which AND i.by_id = app.user_id() AND i.practice_id = app.practice()
    AND e.verb = 'caseload imported' AND e.object_id = which $$;
-- Whom an import made: the audit log says so, in the import's own transaction.
CREATE FUNCTION app.imported_clients(which uuid) RETURNS uuid[]
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_agg(DISTINCT e.client_id) FROM public.transfer_caseloadimport i
    JOIN public.accounts_auditevent e
      ON e.practice_id = i.practice_id AND e.at >= i.made_at
  WHERE i.id = which AND i.by_id = app.user_id() AND i.practice_id = app.practice()
    AND e.verb = 'client imported' AND e.detail->>'caseload_import' = which::text
    AND e.client_id = app.imported_key(which, e.detail->>'line')
    AND e.id < app.import_ended(which) $$;
-- Before the undo deletes anything: were all of them made by it?  A minute, for clocks
-- of two machines.
CREATE FUNCTION app.made_by_import(which uuid, ids uuid[]) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*) = coalesce(cardinality(ids), 0) FROM public.transfer_caseloadimport i
    JOIN public.clients_client c ON c.practice_id = i.practice_id
  WHERE i.id = which AND c.id = ANY (ids) AND c.created_at BETWEEN
    i.made_at - interval '1 minute' AND i.finished_at + interval '1 minute' $$;
-- Who changed what of these clients since, and how often.  Looking changes nothing.
CREATE FUNCTION app.changed_since_import(which uuid)
  RETURNS TABLE (actor uuid, verb text, many bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT e.actor_id, e.verb::text, count(*) FROM public.accounts_auditevent e
  WHERE e.client_id = ANY (app.imported_clients(which))
    AND e.id > app.import_ended(which)
    AND e.verb NOT IN ('opened', 'exported', 'printed', 'emergency', 'copy fetched')
  GROUP BY 1, 2 ORDER BY 3 DESC, 2 LIMIT 20 $$;
CREATE FUNCTION app.undo_import(which uuid) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  i record;
  ids uuid[] := app.imported_clients(which);
  many bigint;
  ratings bigint;
  gone jsonb := '{{}}';
BEGIN
  SELECT people, sessions, goals INTO i FROM public.transfer_caseloadimport
    WHERE id = which AND by_id = app.user_id() AND practice_id = app.practice()
      AND state = 'undoing';
  IF NOT FOUND OR i.people <> coalesce(cardinality(ids), 0)
      OR NOT app.made_by_import(which, ids) THEN
    RAISE 'this import cannot be undone';
  END IF;
  -- First the clients: whoever writes something about one now waits, and is refused.
  DELETE FROM public.clients_client WHERE id = ANY (ids);
  IF EXISTS (SELECT FROM app.changed_since_import(which)) THEN
    RAISE 'it changed since';
  END IF;
  SELECT count(*) INTO ratings FROM public.accounts_auditevent e
    WHERE e.client_id = ANY (ids) AND e.verb = 'goal rated';
{DELETES}
  IF gone @> jsonb_build_object('goals_goalrating', ratings,
      'goals_agreement', i.goals, 'goals_goalversion', i.goals, 'goals_goal', i.goals,
      'appointments_therapysession', i.sessions, 'clients_carerole', i.people) THEN
    DELETE FROM public.accounts_datakey WHERE client_id = ANY (ids);
    SET CONSTRAINTS ALL IMMEDIATE;  -- whatever else refers to them says so now
    SET CONSTRAINTS ALL DEFERRED;
  ELSE
    RAISE 'there is more or less of it than was imported';
  END IF;
END $$;
"""

# Whatever hangs on a goal or a session is not there without it.
WRITTEN = (
    "clients_clientbackground",
    "clients_draft",
    "clients_correction",
    "clients_emergencyreason",
    "clients_supervisioncomment",
    "goals_strength",
    "goals_goal",
    "toolkit_assignment",
    "appointments_therapysession",
    "goals_win",
    "transfer_recordexport",
)
ROWS = " UNION ALL ".join(
    f"SELECT FROM public.{table} WHERE client_id = whose" for table in WRITTEN
)
EMPTY = """
CREATE OR REPLACE FUNCTION app.record_is_empty(whose uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT {} $$;
"""
AS_ACL = """
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
{}
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
READ = "".join(
    f"GRANT SELECT (client_id) ON {table} TO cairn_acl;" for table in WRITTEN
)


class Migration(migrations.Migration):
    dependencies = [
        ("transfer", "0002_row_security"),
        ("goals", "0002_row_security"),
        ("toolkit", "0002_row_security"),
    ]

    operations = [
        migrations.RunSQL(MAY, MAY_NOT),
        AclFunctions(
            UNDO,
            may={
                "app.imported_key(uuid, text)": "",
                "app.import_ended(uuid)": "",
                "app.imported_clients(uuid)": "",
                "app.made_by_import(uuid, uuid[])": "",
                "app.changed_since_import(uuid)": "cairn_web",
                "app.undo_import(uuid)": "cairn_web",
            },
            rights={
                **{table: ["SELECT (client_id)", "DELETE"] for table in MADE},
                "clients_client": ["SELECT (created_at)", "DELETE"],
                "transfer_caseloadimport": [
                    "SELECT (id, practice_id, by_id, state, made_at, people, sessions,"
                    " goals, finished_at)"
                ],
            },
        ),
        # clients.0002 made a stand-in that says no.
        migrations.RunSQL(
            READ
            + AS_ACL.format(
                EMPTY.format(f"app.is_ours(whose) AND NOT EXISTS ({ROWS})")
            ),
            AS_ACL.format(EMPTY.format("false")),
        ),
    ]  # fmt: skip
