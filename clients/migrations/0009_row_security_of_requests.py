"""The second lock on roles that an admin asks for, and on what an admin may give.

An admin's role needs the primary therapist's confirmation, or 24 hours where nobody can
confirm; a new client whose record is empty gets a primary therapist at once.  An
emergency needs its reason and begins now.
"""

from django.db import migrations

ON = """
ALTER TABLE clients_carerolerequest ENABLE ROW LEVEL SECURITY;
ALTER TABLE clients_carerolerequest FORCE ROW LEVEL SECURITY;
CREATE POLICY practice_wall ON clients_carerolerequest AS RESTRICTIVE TO cairn_web
  USING (practice_id = (SELECT app.practice()));
REVOKE UPDATE, DELETE ON clients_carerolerequest FROM cairn_web;
CREATE POLICY read ON clients_carerolerequest FOR SELECT TO cairn_web
  USING (client_id = ANY ((SELECT app.reads())::uuid[])
    OR client_id = (SELECT app.self()) OR (SELECT app.is_admin()));
CREATE POLICY ask ON clients_carerolerequest FOR INSERT TO cairn_web
  WITH CHECK ((SELECT app.is_admin()) AND asked_by_id = (SELECT app.user_id())
    AND user_id <> (SELECT app.user_id()) AND outcome = ''
    AND app.treats_here(user_id) AND app.is_ours(client_id));
-- The primary therapist decides; an admin takes back what waits, and no more.
CREATE POLICY decide ON clients_carerolerequest FOR UPDATE TO cairn_web
  USING (outcome = '' AND ((SELECT app.is_admin())
    OR client_id = ANY ((SELECT app.leads())::uuid[])))
  WITH CHECK (decided_by_id = (SELECT app.user_id())
    AND (client_id = ANY ((SELECT app.leads())::uuid[])
      OR ((SELECT app.is_admin()) AND outcome = 'withdrawn')));
GRANT UPDATE (outcome, decided_at, decided_by_id) ON clients_carerolerequest
  TO cairn_web;

ALTER TABLE clients_notice ENABLE ROW LEVEL SECURITY;
ALTER TABLE clients_notice FORCE ROW LEVEL SECURITY;
CREATE POLICY practice_wall ON clients_notice AS RESTRICTIVE TO cairn_web
  USING (practice_id = (SELECT app.practice()));
REVOKE UPDATE, DELETE ON clients_notice FROM cairn_web;
CREATE POLICY own ON clients_notice FOR SELECT TO cairn_web
  USING (recipient_id = (SELECT app.user_id()));
CREATE POLICY tell ON clients_notice FOR INSERT TO cairn_web
  WITH CHECK (by_id = (SELECT app.user_id()) AND seen_at IS NULL
    AND ((SELECT app.is_admin()) OR (SELECT app.is_therapist())));
CREATE POLICY see ON clients_notice FOR UPDATE TO cairn_web
  USING (recipient_id = (SELECT app.user_id()));
GRANT UPDATE (seen_at) ON clients_notice TO cairn_web;
"""
OFF = """
ALTER TABLE clients_carerolerequest NO FORCE ROW LEVEL SECURITY;
ALTER TABLE clients_carerolerequest DISABLE ROW LEVEL SECURITY;
ALTER TABLE clients_notice NO FORCE ROW LEVEL SECURITY;
ALTER TABLE clients_notice DISABLE ROW LEVEL SECURITY;
"""

FUNCTIONS = """
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
-- Whether the primary therapist can be asked: they work here, and nobody covers now.
CREATE FUNCTION app.primary_is_here(whose uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH running AS (
    SELECT r.kind FROM public.clients_carerole r
      JOIN public.accounts_user u ON u.id = r.user_id
      WHERE r.client_id = whose AND r.practice_id = app.practice()
        AND u.is_active AND u.is_therapist
        AND r.starts_at <= clock_timestamp()
        AND (r.ends_at IS NULL OR r.ends_at > clock_timestamp()))
  SELECT EXISTS (SELECT FROM running WHERE kind = 'primary')
    AND NOT EXISTS (SELECT FROM running WHERE kind = 'cover') $$;
-- Whether nothing was written about somebody yet; transfer says what there can be.
CREATE FUNCTION app.record_is_empty(whose uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT false $$;
-- What an admin may give without anybody's confirmation.
CREATE FUNCTION app.admin_may_give(whose uuid, role text, starts timestamptz)
  RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT app.is_admin() AND (
    (role = 'primary' AND (app.is_new(whose) OR app.record_is_empty(whose)))
    OR (starts >= statement_timestamp() + interval '24 hours'
      AND NOT app.primary_is_here(whose))) $$;
CREATE FUNCTION app.emergency_has_reason() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM public.clients_emergencyreason WHERE role_id = NEW.id) THEN
    RAISE insufficient_privilege USING MESSAGE = 'an emergency needs its reason';
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.primary_is_here(uuid), app.record_is_empty(uuid),
  app.admin_may_give(uuid, text, timestamptz), app.emergency_has_reason() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.primary_is_here(uuid), app.record_is_empty(uuid),
  app.admin_may_give(uuid, text, timestamptz) TO cairn_web;
GRANT EXECUTE ON FUNCTION app.emergency_has_reason() TO cairn_owner;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
GRANT SELECT (role_id) ON clients_emergencyreason TO cairn_acl;
CREATE POLICY acl ON clients_emergencyreason FOR SELECT TO cairn_acl USING (true);

ALTER POLICY assign ON clients_carerole
  WITH CHECK (given_by_id = (SELECT app.user_id()) AND user_id <> (SELECT app.user_id())
    AND kind <> 'emergency' AND app.treats_here(user_id) AND app.is_ours(client_id)
    AND (client_id = ANY ((SELECT app.leads())::uuid[])
      OR app.admin_may_give(client_id, kind, starts_at)));
-- Not before this transaction: an emergency is now.
ALTER POLICY emergency ON clients_carerole
  WITH CHECK (kind = 'emergency' AND (SELECT app.is_therapist())
    AND user_id = (SELECT app.user_id()) AND given_by_id = (SELECT app.user_id())
    AND starts_at BETWEEN transaction_timestamp() AND clock_timestamp()
    AND ends_at IS NOT NULL AND app.is_ours(client_id));
-- Looked at when the transaction ends: the reason is written after the role.
CREATE CONSTRAINT TRIGGER emergency_has_reason AFTER INSERT ON clients_carerole
  DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.kind = 'emergency' AND current_user = 'cairn_web')
  EXECUTE FUNCTION app.emergency_has_reason();
ALTER TABLE clients_emergencyreason ADD CONSTRAINT emergency_reason_has_words
  CHECK (octet_length(words) > 0) NOT VALID;
"""
NO_FUNCTIONS = """
ALTER TABLE clients_emergencyreason DROP CONSTRAINT emergency_reason_has_words;
DROP TRIGGER emergency_has_reason ON clients_carerole;
DROP FUNCTION app.emergency_has_reason();
DROP POLICY acl ON clients_emergencyreason;
ALTER POLICY assign ON clients_carerole
  WITH CHECK (given_by_id = (SELECT app.user_id()) AND user_id <> (SELECT app.user_id())
    AND kind <> 'emergency'
    AND ((SELECT app.is_admin()) OR client_id = ANY ((SELECT app.leads())::uuid[]))
    AND app.treats_here(user_id) AND app.is_ours(client_id));
ALTER POLICY emergency ON clients_carerole
  WITH CHECK (kind = 'emergency' AND (SELECT app.is_therapist())
    AND user_id = (SELECT app.user_id()) AND given_by_id = (SELECT app.user_id())
    AND starts_at <= clock_timestamp() AND ends_at IS NOT NULL
    AND app.is_ours(client_id));
DROP FUNCTION app.admin_may_give(uuid, text, timestamptz);
DROP FUNCTION app.record_is_empty(uuid);
DROP FUNCTION app.primary_is_here(uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("clients", "0008_care_role_requests")]

    operations = [
        migrations.RunSQL(ON, OFF),
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
    ]
