"""The second lock on the caseload: THE access rule of clients/access.py, in SQL."""

from django.db import migrations

TABLES = (
    "clients_client",
    "clients_clientbackground",
    "clients_carerole",
    "clients_contactcharter",
    "clients_draft",
)
ON = "".join(
    f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
    f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
    f"CREATE POLICY practice_wall ON {table} AS RESTRICTIVE TO cairn_web"
    f" USING (practice_id = (SELECT app.practice()));"
    for table in TABLES
)
OFF = "".join(
    f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
    f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
    for table in TABLES
)

# Whom one reaches is read once, at the start of a transaction; policies only compare.
LOGIN = """
GRANT SELECT (id, user_id) ON clients_client TO cairn_acl;
GRANT SELECT ON clients_carerole TO cairn_acl;
CREATE POLICY acl ON clients_client FOR SELECT TO cairn_acl USING (true);
CREATE POLICY acl ON clients_carerole FOR SELECT TO cairn_acl USING (true);
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE OR REPLACE FUNCTION app.login(who uuid) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  person record;
  reads uuid[];
  writes uuid[];
  own uuid;
BEGIN
  SELECT id, practice_id, is_therapist, is_admin INTO person
    FROM public.accounts_user WHERE id = who AND is_active;
  IF person.is_therapist THEN
    SELECT array_agg(DISTINCT client_id) FILTER (WHERE kind IN
        ('primary', 'co_therapist', 'supervisor', 'cover')),
      array_agg(DISTINCT client_id) FILTER (WHERE kind IN
        ('primary', 'co_therapist', 'cover'))
      INTO reads, writes FROM public.clients_carerole
      WHERE user_id = person.id AND starts_at <= clock_timestamp()
        AND (ends_at IS NULL OR ends_at > clock_timestamp());
  ELSIF NOT person.is_admin THEN
    SELECT id INTO own FROM public.clients_client WHERE user_id = person.id;
  END IF;
  PERFORM set_config('app.user_id', coalesce(person.id::text, ''), true),
    set_config('app.practice', coalesce(person.practice_id::text, ''), true),
    set_config('app.is_therapist', coalesce(person.is_therapist::text, ''), true),
    set_config('app.is_admin', coalesce(person.is_admin::text, ''), true),
    set_config('app.reads', coalesce(reads::text, ''), true),
    set_config('app.writes', coalesce(writes::text, ''), true),
    set_config('app.self', coalesce(own::text, ''), true);
END $$;
-- For the policy below: is nobody in charge of this client yet?
CREATE FUNCTION app.is_new(who uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT NOT EXISTS (SELECT FROM public.clients_carerole WHERE client_id = who) $$;
CREATE FUNCTION app.treats_here(who uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.accounts_user WHERE id = who AND is_active
    AND is_therapist AND practice_id = app.practice()) $$;
REVOKE ALL ON FUNCTION app.is_new(uuid), app.treats_here(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.is_new(uuid), app.treats_here(uuid) TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""

POLICIES = """
CREATE POLICY read ON clients_client FOR SELECT TO cairn_web
  USING (id = ANY ((SELECT app.reads())::uuid[]) OR user_id = (SELECT app.user_id())
    OR (SELECT app.is_admin()));
CREATE POLICY staff_admits ON clients_client FOR INSERT TO cairn_web
  WITH CHECK ((SELECT app.is_therapist()) OR (SELECT app.is_admin()));
CREATE POLICY staff_corrects ON clients_client FOR UPDATE TO cairn_web
  USING (id = ANY ((SELECT app.writes())::uuid[]) OR (SELECT app.is_admin()));
REVOKE DELETE ON clients_client FROM cairn_web;
-- The planner of emails: never a name.
CREATE POLICY planner ON clients_client FOR SELECT TO cairn_worker USING (true);
GRANT SELECT (id, practice_id, user_id, state) ON clients_client TO cairn_worker;

CREATE POLICY read ON clients_clientbackground FOR SELECT TO cairn_web
  USING (client_id = ANY ((SELECT app.reads())::uuid[]));
CREATE POLICY write ON clients_clientbackground FOR INSERT TO cairn_web
  WITH CHECK (client_id = ANY ((SELECT app.writes())::uuid[]));
CREATE POLICY change ON clients_clientbackground FOR UPDATE TO cairn_web
  USING (client_id = ANY ((SELECT app.writes())::uuid[]));
REVOKE DELETE ON clients_clientbackground FROM cairn_web;

CREATE POLICY read ON clients_carerole FOR SELECT TO cairn_web
  USING (user_id = (SELECT app.user_id()) OR client_id = (SELECT app.self())
    OR client_id = ANY ((SELECT app.reads())::uuid[]) OR (SELECT app.is_admin()));
-- A therapist admits a new client into their own care; an admin assigns anybody but
-- themselves.
CREATE POLICY admit ON clients_carerole FOR INSERT TO cairn_web
  WITH CHECK (user_id = (SELECT app.user_id()) AND given_by_id = (SELECT app.user_id())
    AND kind = 'primary' AND (SELECT app.is_therapist()) AND app.is_new(client_id));
CREATE POLICY assign ON clients_carerole FOR INSERT TO cairn_web
  WITH CHECK ((SELECT app.is_admin()) AND user_id <> (SELECT app.user_id())
    AND given_by_id = (SELECT app.user_id()) AND app.treats_here(user_id));
CREATE POLICY finish ON clients_carerole FOR UPDATE TO cairn_web
  USING ((SELECT app.is_admin()));
REVOKE UPDATE, DELETE ON clients_carerole FROM cairn_web;
GRANT UPDATE (ends_at) ON clients_carerole TO cairn_web;

CREATE POLICY read ON clients_contactcharter FOR SELECT TO cairn_web
  USING (client_id = ANY ((SELECT app.reads())::uuid[])
    OR client_id = (SELECT app.self()));
CREATE POLICY staff_begins ON clients_contactcharter FOR INSERT TO cairn_web
  WITH CHECK ((SELECT app.is_therapist()) OR (SELECT app.is_admin()));
CREATE POLICY client_sets ON clients_contactcharter FOR UPDATE TO cairn_web
  USING (client_id = (SELECT app.self()));
REVOKE DELETE ON clients_contactcharter FROM cairn_web;
CREATE POLICY planner ON clients_contactcharter FOR SELECT TO cairn_worker USING (true);
GRANT SELECT ON clients_contactcharter TO cairn_worker;

CREATE POLICY own ON clients_draft TO cairn_web
  USING (author_id = (SELECT app.user_id())
    AND (client_id = ANY ((SELECT app.writes())::uuid[])
      OR client_id = (SELECT app.self())));
"""


class Migration(migrations.Migration):
    dependencies = [("clients", "0001_initial"), ("accounts", "0003_row_security")]

    operations = [
        migrations.RunSQL([ON, LOGIN, POLICIES], OFF),
    ]
