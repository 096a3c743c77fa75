"""What every table is built on: the schema `app`, who is asking, and who may do what.

The roles come from deploy/roles.sql.  `app.login()` (clients.0002) tells PostgreSQL once
per transaction who is asking; the functions here read it back.
"""

from django.db import migrations

from database.generation import GENERATION

# Tables that are here already, and those that later migrations (ours, Django's, a
# package's) will make; a guarded one takes them back and grants by column.
PRIVILEGES = """
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO cairn_web;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO cairn_web;
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM cairn_web;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO cairn_backup;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO cairn_backup;
-- pg_dump writes down where each sequence stands.
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO cairn_backup;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON SEQUENCES TO cairn_backup;
"""
NO_PRIVILEGES = """
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT ON SEQUENCES FROM cairn_backup;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT ON TABLES FROM cairn_backup;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
  REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLES FROM cairn_web;
"""

SCHEMA = f"""
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO cairn_web, cairn_worker, cairn_acl, cairn_backup;
-- See database/generation.py.
CREATE FUNCTION app.schema_generation() RETURNS integer LANGUAGE sql IMMUTABLE AS
  $$ SELECT {GENERATION} $$;
"""

# NULLIF, because a setting is '' and not NULL once a transaction has set it.
WHO = """
CREATE FUNCTION app.user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT NULLIF(current_setting('app.user_id', true), '')::uuid $$;
-- The same, or who is on the way in and nothing yet but the owner of one account.
CREATE FUNCTION app.me() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT NULLIF(current_setting('app.me', true), '')::uuid $$;
CREATE FUNCTION app.practice() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT NULLIF(current_setting('app.practice', true), '')::uuid $$;
CREATE FUNCTION app.is_therapist() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT coalesce(current_setting('app.is_therapist', true), '') = 'true' $$;
CREATE FUNCTION app.is_admin() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(current_setting('app.is_admin', true), '') = 'true' $$;
-- The clients one may read, may write, supervises, and whose primary therapist one is.
CREATE FUNCTION app.reads() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(NULLIF(current_setting('app.reads', true), ''), '{}')::uuid[] $$;
CREATE FUNCTION app.writes() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(NULLIF(current_setting('app.writes', true), ''), '{}')::uuid[] $$;
CREATE FUNCTION app.supervises() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(NULLIF(current_setting('app.supervises', true), ''), '{}')::uuid[] $$;
CREATE FUNCTION app.leads() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(NULLIF(current_setting('app.leads', true), ''), '{}')::uuid[] $$;
-- Who treats or treated the client one is, was proposed to, or whom notices name.
CREATE FUNCTION app.team() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(NULLIF(current_setting('app.team', true), ''), '{}')::uuid[] $$;
-- The client one is; and while the portal is for more than reading.
CREATE FUNCTION app.self() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT NULLIF(current_setting('app.self', true), '')::uuid $$;
CREATE FUNCTION app.self_writes() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT NULLIF(current_setting('app.self_writes', true), '')::uuid $$;
"""

# What may only be added to refuses everybody, the tables' owner included.  One kind lets
# go of what an import brought when that is undone: only app.undo_import (transfer.0003)
# runs as cairn_acl and deletes there.
REFUSE = """
CREATE FUNCTION app.refuse() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE insufficient_privilege USING MESSAGE =
    format('%s on %s is not allowed', TG_OP, TG_TABLE_NAME);
END $$;
CREATE FUNCTION app.refuse_all_but_undo() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_user = 'cairn_acl' THEN
    RETURN NULL;
  END IF;
  RAISE insufficient_privilege USING MESSAGE =
    format('%s on %s is not allowed', TG_OP, TG_TABLE_NAME);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = []

    operations = [
        migrations.RunSQL(PRIVILEGES, NO_PRIVILEGES),
        migrations.RunSQL([SCHEMA, WHO, REFUSE], "DROP SCHEMA app CASCADE"),
    ]
