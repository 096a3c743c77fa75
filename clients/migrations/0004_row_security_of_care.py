"""The second lock on care roles of every kind, emergencies, comments, corrections.

A primary therapist gives roles; an emergency is four hours of reading within the
practice; an ended role stays ended.  A discharged client reads, and later nothing.
"""

from django.db import migrations

TABLES = (
    "clients_emergencyreason",
    "clients_supervisioncomment",
    "clients_correction",
)
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

READERS = """
-- The clients one supervises, and those whose primary therapist one is.
CREATE FUNCTION app.supervises() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(NULLIF(current_setting('app.supervises', true), ''), '{}')::uuid[] $$;
CREATE FUNCTION app.leads() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(NULLIF(current_setting('app.leads', true), ''), '{}')::uuid[] $$;
-- The client one is, while the portal is for more than reading.
CREATE FUNCTION app.self_writes() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT NULLIF(current_setting('app.self_writes', true), '')::uuid $$;
"""
NO_READERS = """
DROP FUNCTION app.supervises();
DROP FUNCTION app.leads();
DROP FUNCTION app.self_writes();
"""

LOGIN = """
GRANT SELECT (id, practice_id, user_id, state, discharged_at, preferred_name, family_name)
  ON clients_client TO cairn_acl;
GRANT SELECT (id, portal_days) ON accounts_practice TO cairn_acl;
CREATE POLICY acl ON accounts_practice FOR SELECT TO cairn_acl USING (true);
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE OR REPLACE FUNCTION app.login(who uuid) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  person record;
  held record;
  own record;
BEGIN
  SELECT id, practice_id, is_therapist, is_admin INTO person
    FROM public.accounts_user WHERE id = who AND is_active;
  SELECT array_agg(DISTINCT client_id) AS reads,
    array_agg(DISTINCT client_id) FILTER (WHERE kind IN
      ('primary', 'co_therapist', 'cover')) AS writes,
    array_agg(DISTINCT client_id) FILTER (WHERE kind = 'supervisor') AS supervises,
    array_agg(DISTINCT client_id) FILTER (WHERE kind = 'primary') AS leads
    INTO held FROM public.clients_carerole
    WHERE person.is_therapist AND user_id = person.id
      AND kind IN ('primary', 'co_therapist', 'supervisor', 'cover', 'emergency')
      AND starts_at <= clock_timestamp()
      AND (ends_at IS NULL OR ends_at > clock_timestamp());
  SELECT c.id, CASE WHEN c.state <> 'discharged' THEN c.id END AS writes
    INTO own FROM public.clients_client c
    JOIN public.accounts_practice p ON p.id = c.practice_id
    WHERE NOT person.is_therapist AND NOT person.is_admin AND c.user_id = person.id
      AND (c.state <> 'discharged'
        OR c.discharged_at + make_interval(days => p.portal_days) > clock_timestamp());
  PERFORM set_config('app.user_id', coalesce(person.id::text, ''), true),
    set_config('app.practice', coalesce(person.practice_id::text, ''), true),
    set_config('app.is_therapist', coalesce(person.is_therapist::text, ''), true),
    set_config('app.is_admin', coalesce(person.is_admin::text, ''), true),
    set_config('app.reads', coalesce(held.reads::text, ''), true),
    set_config('app.writes', coalesce(held.writes::text, ''), true),
    set_config('app.supervises', coalesce(held.supervises::text, ''), true),
    set_config('app.leads', coalesce(held.leads::text, ''), true),
    set_config('app.self', coalesce(own.id::text, ''), true),
    set_config('app.self_writes', coalesce(own.writes::text, ''), true);
END $$;
CREATE FUNCTION app.is_ours(who uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.clients_client
    WHERE id = who AND practice_id = app.practice()) $$;
-- Who is called exactly so: all that a therapist learns of somebody not in their care.
CREATE FUNCTION app.clients_named(wanted text) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT id FROM public.clients_client
  WHERE practice_id = app.practice() AND app.is_therapist()
    AND lower(trim(preferred_name || ' ' || family_name)) = lower(trim(wanted)) $$;
REVOKE ALL ON FUNCTION app.is_ours(uuid), app.clients_named(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.is_ours(uuid), app.clients_named(text) TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
NO_LOGIN = """
DROP FUNCTION app.is_ours(uuid);
DROP FUNCTION app.clients_named(text);
DROP POLICY acl ON accounts_practice;
"""

ROLES = """
DROP POLICY assign ON clients_carerole;
CREATE POLICY assign ON clients_carerole FOR INSERT TO cairn_web
  WITH CHECK (given_by_id = (SELECT app.user_id()) AND user_id <> (SELECT app.user_id())
    AND kind <> 'emergency'
    AND ((SELECT app.is_admin()) OR client_id = ANY ((SELECT app.leads())::uuid[]))
    AND app.treats_here(user_id) AND app.is_ours(client_id));
CREATE POLICY emergency ON clients_carerole FOR INSERT TO cairn_web
  WITH CHECK (kind = 'emergency' AND (SELECT app.is_therapist())
    AND user_id = (SELECT app.user_id()) AND given_by_id = (SELECT app.user_id())
    AND starts_at <= clock_timestamp() AND ends_at IS NOT NULL
    AND app.is_ours(client_id));
-- An admin shortens a role of their own and never lengthens it.
DROP POLICY finish ON clients_carerole;
CREATE POLICY finish ON clients_carerole FOR UPDATE TO cairn_web
  USING ((SELECT app.is_admin()) OR client_id = ANY ((SELECT app.leads())::uuid[])
    OR (kind = 'emergency' AND user_id = (SELECT app.user_id())))
  WITH CHECK (user_id <> (SELECT app.user_id())
    OR client_id = ANY ((SELECT app.leads())::uuid[])
    OR ends_at <= greatest(starts_at, clock_timestamp()));
ALTER POLICY read ON clients_client
  USING (id = ANY ((SELECT app.reads())::uuid[]) OR id = (SELECT app.self())
    OR (SELECT app.is_admin()));
ALTER POLICY own ON clients_draft
  USING (author_id = (SELECT app.user_id())
    AND (client_id = ANY ((SELECT app.writes())::uuid[])
      OR client_id = (SELECT app.self_writes())));
"""

POLICIES = """
CREATE POLICY read ON clients_emergencyreason FOR SELECT TO cairn_web
  USING (client_id = ANY ((SELECT app.reads())::uuid[])
    OR client_id = (SELECT app.self()));
CREATE POLICY write ON clients_emergencyreason FOR INSERT TO cairn_web
  WITH CHECK (by_id = (SELECT app.user_id())
    AND client_id = ANY ((SELECT app.reads())::uuid[]));
CREATE POLICY see ON clients_emergencyreason FOR UPDATE TO cairn_web
  USING (client_id = ANY ((SELECT app.writes())::uuid[]));
GRANT UPDATE (seen_at, seen_by_id) ON clients_emergencyreason TO cairn_web;

CREATE POLICY read ON clients_supervisioncomment FOR SELECT TO cairn_web
  USING (client_id = ANY ((SELECT app.writes())::uuid[])
    OR client_id = ANY ((SELECT app.supervises())::uuid[]));
CREATE POLICY write ON clients_supervisioncomment FOR INSERT TO cairn_web
  WITH CHECK (by_id = (SELECT app.user_id())
    AND client_id = ANY ((SELECT app.supervises())::uuid[]));
CREATE POLICY was_read ON clients_supervisioncomment FOR UPDATE TO cairn_web
  USING (client_id = ANY ((SELECT app.writes())::uuid[]));
GRANT UPDATE (read_at, read_by_id) ON clients_supervisioncomment TO cairn_web;

-- A right of the client for as long as they can come in, and answered once.
CREATE POLICY read ON clients_correction FOR SELECT TO cairn_web
  USING (client_id = ANY ((SELECT app.reads())::uuid[])
    OR client_id = (SELECT app.self()));
CREATE POLICY ask ON clients_correction FOR INSERT TO cairn_web
  WITH CHECK (by_id = (SELECT app.user_id()) AND client_id = (SELECT app.self())
    AND answered_at IS NULL);
CREATE POLICY reply ON clients_correction FOR UPDATE TO cairn_web
  USING (client_id = ANY ((SELECT app.writes())::uuid[]) AND answered_at IS NULL)
  WITH CHECK (client_id = ANY ((SELECT app.writes())::uuid[])
    AND answered_by_id = (SELECT app.user_id()));
GRANT UPDATE (answer, answered_at, answered_by_id) ON clients_correction TO cairn_web;
"""

ENDED = """
CREATE FUNCTION app.ended_stays() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE insufficient_privilege USING MESSAGE = 'an ended care role stays ended';
END $$;
CREATE TRIGGER ended_stays BEFORE UPDATE OF ends_at ON clients_carerole
  FOR EACH ROW WHEN (OLD.ends_at <= clock_timestamp())
  EXECUTE FUNCTION app.ended_stays();
CREATE TRIGGER emergency_only_shorter BEFORE UPDATE OF ends_at ON clients_carerole
  FOR EACH ROW WHEN (OLD.kind = 'emergency' AND NEW.ends_at > OLD.ends_at)
  EXECUTE FUNCTION app.ended_stays();
"""
NOT_ENDED = """
DROP TRIGGER ended_stays ON clients_carerole;
DROP TRIGGER emergency_only_shorter ON clients_carerole;
DROP FUNCTION app.ended_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("clients", "0003_care_roles")]

    operations = [
        migrations.RunSQL(READERS, NO_READERS),
        migrations.RunSQL(LOGIN, NO_LOGIN),
        migrations.RunSQL([ON, ROLES, POLICIES], OFF),
        migrations.RunSQL(ENDED, NOT_ENDED),
    ]
