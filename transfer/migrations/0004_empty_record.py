"""Whether nothing was written about somebody: what an admin learns without seeing a row."""

from django.db import migrations

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
READABLE = (  # by cairn_acl already
    "clients_emergencyreason",
    "goals_strength",
    "goals_goal",
    "appointments_therapysession",
)
ACL = "".join(
    f"GRANT SELECT (client_id) ON {table} TO cairn_acl;"
    + (
        ""
        if table in READABLE
        else f"CREATE POLICY acl ON {table} FOR SELECT TO cairn_acl USING (true);"
    )
    for table in WRITTEN
)
NO_ACL = "".join(
    f"DROP POLICY acl ON {table};" for table in WRITTEN if table not in READABLE
)
ROWS = " UNION ALL ".join(
    f"SELECT FROM public.{table} WHERE client_id = whose" for table in WRITTEN
)
FUNCTION = f"""
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE OR REPLACE FUNCTION app.record_is_empty(whose uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT app.is_ours(whose) AND NOT EXISTS ({ROWS}) $$;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
NO_FUNCTION = """
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE OR REPLACE FUNCTION app.record_is_empty(whose uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT false $$;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("transfer", "0003_undo_of_an_import"),
        ("clients", "0009_row_security_of_requests"),
        ("toolkit", "0003_portal_for_reading"),
        ("notes", "0004_what_waits"),
    ]

    operations = [
        migrations.RunSQL(ACL, NO_ACL),
        migrations.RunSQL(FUNCTION, NO_FUNCTION),
    ]
