"""A file waits sealed until a worker has read it, and an import can be undone."""

from django.conf import settings
from django.db import migrations, models

ME = "(SELECT app.user_id())"
SEEN = f"""EXISTS (SELECT FROM progress_caseloadimport i
    WHERE i.id = caseload_import_id
    AND ((i.therapist_id = {ME} AND (SELECT app.is_therapist()))
      OR (part IN (%s) AND i.by_id = {ME} AND (SELECT app.is_admin()))))"""
NOW, BEFORE = SEEN % "'directory', 'review', 'mend'", SEEN % "'directory'"
OWN = f"(therapist_id = {ME} AND (SELECT app.is_therapist()))"


def begins(states: str) -> str:
    return f"""
ALTER POLICY begin ON progress_caseloadimport
  WITH CHECK (by_id = {ME} AND state IN ({states}) AND ({OWN}
    OR ((SELECT app.is_admin()) AND app.treats_here(therapist_id))));
ALTER POLICY bring ON progress_importsheet
  WITH CHECK (EXISTS (SELECT FROM progress_caseloadimport i
    WHERE i.id = caseload_import_id AND i.by_id = {ME} AND i.state IN ({states})));
"""


def sees(what: str) -> str:
    return f"""
ALTER POLICY read ON progress_importsheet USING ({what});
ALTER POLICY take_away ON progress_importsheet USING ({what});
"""


# 'ready' too: code of before, which still runs during an upgrade, begins with it.
READING = (
    sees(NOW)
    + begins("'ready', 'reading'")
    + "GRANT UPDATE (refusal) ON progress_caseloadimport TO cairn_web, cairn_worker;"
)
NO_READING = sees(BEFORE) + begins("'ready'")

# What an import writes, and nothing else.
MADE = (
    "goals_goalrating", "goals_agreement", "goals_goalversion", "goals_goal",
    "appointments_therapysession", "clients_clientbackground", "clients_contactcharter",
    "clients_carerole",
)  # fmt: skip
KEEP = ("goals_goalrating", "goals_agreement", "goals_goalversion")  # append-only
MAY = (
    "".join(
        f"GRANT SELECT (client_id), DELETE ON {table} TO cairn_acl;"
        f"CREATE POLICY undo ON {table} TO cairn_acl USING (true);"
        for table in MADE
    )
    + """
GRANT DELETE ON clients_client TO cairn_acl;
CREATE POLICY undo ON clients_client FOR DELETE TO cairn_acl USING (true);
GRANT SELECT (id, practice_id, by_id, state, made_at, people, sessions, goals)
  ON progress_caseloadimport TO cairn_acl;
CREATE POLICY undo ON progress_caseloadimport FOR SELECT TO cairn_acl USING (true);
"""
)
MAY_NOT = (
    "".join(
        f"DROP POLICY undo ON {table}; REVOKE DELETE ON {table} FROM cairn_acl;"
        for table in (*MADE, "clients_client")
    )
    + "DROP POLICY undo ON progress_caseloadimport;"
)

# What is append-only refuses everybody, but lets go of what an import brought when that
# is undone: only app.undo_import runs as cairn_acl and deletes there.
LETS_GO = """
CREATE FUNCTION app.refuse_all_but_undo() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_user = 'cairn_acl' THEN
    RETURN NULL;
  END IF;
  RAISE insufficient_privilege USING MESSAGE =
    format('%s on %s is not allowed', TG_OP, TG_TABLE_NAME);
END $$;
""" + "".join(
    f"DROP TRIGGER append_only ON {table};"
    f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    f"  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_all_but_undo();"
    for table in KEEP
)
LETS_NOTHING_GO = (
    "".join(
        f"DROP TRIGGER append_only ON {table};"
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        f"  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse();"
        for table in KEEP
    )
    + "DROP FUNCTION app.refuse_all_but_undo();"
)
DELETES = "".join(
    f"  DELETE FROM public.{table} WHERE client_id = ANY (ids);\n"
    f"  GET DIAGNOSTICS many = ROW_COUNT;\n"
    f"  gone := gone || jsonb_build_object('{table}', many);\n"
    for table in MADE
)
UNDO = f"""
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
-- Whom an import made: the audit log says so, in the import's own transaction.
CREATE FUNCTION app.imported_clients(which uuid) RETURNS uuid[]
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_agg(DISTINCT e.client_id) FROM public.progress_caseloadimport i
    JOIN public.accounts_auditevent e
      ON e.practice_id = i.practice_id AND e.at >= i.made_at
  WHERE i.id = which AND i.by_id = app.user_id() AND i.practice_id = app.practice()
    AND e.verb = 'client imported' AND e.detail->>'caseload_import' = which::text $$;
-- Where in the log it ended.
CREATE FUNCTION app.import_ended(which uuid) RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT max(e.id) FROM public.progress_caseloadimport i
    JOIN public.accounts_auditevent e
      ON e.practice_id = i.practice_id AND e.at >= i.made_at
  WHERE i.id = which AND i.by_id = app.user_id() AND i.practice_id = app.practice()
    AND e.verb = 'caseload imported' AND e.object_id = which $$;
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
  SELECT people, sessions, goals INTO i FROM public.progress_caseloadimport
    WHERE id = which AND by_id = app.user_id() AND practice_id = app.practice()
      AND state = 'undoing';
  IF NOT FOUND OR i.people <> coalesce(cardinality(ids), 0) THEN
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
REVOKE ALL ON FUNCTION app.imported_clients(uuid), app.import_ended(uuid),
  app.changed_since_import(uuid), app.undo_import(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.changed_since_import(uuid), app.undo_import(uuid)
  TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
NO_UNDO = """
DROP FUNCTION app.undo_import(uuid);
DROP FUNCTION app.changed_since_import(uuid);
DROP FUNCTION app.import_ended(uuid);
DROP FUNCTION app.imported_clients(uuid);
"""

STATES = [
    ("reading", "Is being read"),
    ("refused", "Cannot be read"),
    ("ready", "Waits to be looked at"),
    ("waiting", "Waits for its turn"),
    ("running", "Is being brought in"),
    ("failed", "Did not come in"),
    ("done", "Is in"),
    ("dropped", "Left out"),
    ("undoing", "Is being undone"),
    ("undone", "Undone"),
]
PARTS = [
    ("upload", "The file as it came"),
    ("directory", "Names and contacts"),
    ("sealed", "All else"),
    ("review", "What the page shows"),
    ("mend", "Lines to fix, as a file"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_keys_can_change"),
        ("clients", "0005_strengths"),
        ("goals", "0008_withdrawals"),
        ("progress", "0011_empty_record_and_clashes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(model_name="caseloadimport", name="import_under_way"),
        migrations.AddField(
            model_name="caseloadimport",
            name="refusal",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AlterField(
            model_name="caseloadimport",
            name="state",
            field=models.CharField(choices=STATES, default="reading", max_length=8),
        ),
        migrations.AlterField(
            model_name="importsheet",
            name="part",
            field=models.CharField(choices=PARTS, max_length=9),
        ),
        migrations.AddIndex(
            model_name="caseloadimport",
            index=models.Index(
                condition=models.Q(
                    ("state__in", ["waiting", "running", "reading", "undoing"])
                ),
                fields=["made_at"],
                name="import_under_way",
            ),
        ),
        migrations.RunSQL(READING, NO_READING),
        migrations.RunSQL(MAY, MAY_NOT),
        migrations.RunSQL(LETS_GO, LETS_NOTHING_GO),
        migrations.RunSQL(UNDO, NO_UNDO),
    ]
