"""Who may touch what, and app.login(), by which PostgreSQL is told who is asking.

The roles come from deploy/roles.sql.  Here app.login() knows only the person; clients
replaces it with the version that reads care roles.
"""

from django.db import migrations

PRIVILEGES = """
-- Tables that are here already, and those that later migrations (ours, Django's, a
-- package's) will make.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO cairn_web;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO cairn_web;
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM cairn_web;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO cairn_backup;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO cairn_backup;
-- The worker is given tables one by one; an email's content it reads as cairn_web, see
-- database/identity.py.
GRANT SELECT, INSERT, UPDATE ON accounts_heartbeat TO cairn_worker;
GRANT SELECT (id, email, practice_id, is_active, is_therapist, is_admin, joined_at,
  time_zone, language) ON accounts_user TO cairn_worker;
-- What runs with the rights of cairn_acl may read who is active and what they are, and
-- nothing else.
GRANT SELECT (id, practice_id, is_active, is_therapist, is_admin) ON accounts_user
  TO cairn_acl;
"""

# NULLIF, because a setting is '' and not NULL once a transaction has set it.
READERS = """
CREATE SCHEMA app;
CREATE FUNCTION app.user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT NULLIF(current_setting('app.user_id', true), '')::uuid $$;
CREATE FUNCTION app.practice() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT NULLIF(current_setting('app.practice', true), '')::uuid $$;
CREATE FUNCTION app.is_therapist() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT coalesce(current_setting('app.is_therapist', true), '') = 'true' $$;
CREATE FUNCTION app.is_admin() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(current_setting('app.is_admin', true), '') = 'true' $$;
-- The clients one may read, may write, and is.
CREATE FUNCTION app.reads() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(NULLIF(current_setting('app.reads', true), ''), '{}')::uuid[] $$;
CREATE FUNCTION app.writes() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(NULLIF(current_setting('app.writes', true), ''), '{}')::uuid[] $$;
CREATE FUNCTION app.self() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT NULLIF(current_setting('app.self', true), '')::uuid $$;
GRANT USAGE ON SCHEMA app TO cairn_web, cairn_worker, cairn_acl;
"""

LOGIN = """
CREATE FUNCTION app.login(who uuid) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  person record;
BEGIN
  SELECT id, practice_id, is_therapist, is_admin INTO person
    FROM public.accounts_user WHERE id = who AND is_active;
  PERFORM set_config('app.user_id', coalesce(person.id::text, ''), true),
    set_config('app.practice', coalesce(person.practice_id::text, ''), true),
    set_config('app.is_therapist', coalesce(person.is_therapist::text, ''), true),
    set_config('app.is_admin', coalesce(person.is_admin::text, ''), true),
    set_config('app.reads', '', true), set_config('app.writes', '', true),
    set_config('app.self', '', true);
END $$;
GRANT CREATE ON SCHEMA app TO cairn_acl;  -- only for the next line
ALTER FUNCTION app.login(uuid) OWNER TO cairn_acl;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""

# Run as the function's new owner: the old one may no longer grant on it.
WHO_MAY_LOGIN = """
SET LOCAL ROLE cairn_acl;
REVOKE ALL ON FUNCTION app.login(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.login(uuid) TO cairn_web, cairn_worker, cairn_owner;
SET LOCAL ROLE NONE;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(PRIVILEGES, migrations.RunSQL.noop),
        migrations.RunSQL([READERS, LOGIN, WHO_MAY_LOGIN], "DROP SCHEMA app CASCADE"),
    ]
