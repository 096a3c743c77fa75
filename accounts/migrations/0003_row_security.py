"""The second lock on what accounts holds, and the two doors through it.

app.audit() is the one way an audit row is written, app.invitation() the one way a
visitor finds whose link they hold.  Both run as cairn_acl, whom nobody can be.
"""

from django.db import migrations

TABLES = (
    "accounts_practice",
    "accounts_crisisline",
    "accounts_invitation",
    "accounts_outgoingemail",
    "accounts_datakey",
    "accounts_auditevent",
)

ON = "".join(
    f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
    f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
    for table in TABLES
)
OFF = "".join(
    f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
    f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
    for table in TABLES
)

POLICIES = """
-- A practice's name, zone and crisis lines are read before anybody signed in.
CREATE POLICY anybody_reads ON accounts_practice FOR SELECT TO cairn_web, cairn_worker
  USING (true);
CREATE POLICY admin_changes ON accounts_practice FOR UPDATE TO cairn_web
  USING (id = (SELECT app.practice()) AND (SELECT app.is_admin()));
CREATE POLICY operator_founds ON accounts_practice FOR INSERT TO cairn_owner
  WITH CHECK (true);
REVOKE DELETE ON accounts_practice FROM cairn_web;
GRANT SELECT ON accounts_practice TO cairn_worker;

CREATE POLICY anybody_reads ON accounts_crisisline FOR SELECT TO cairn_web USING (true);
CREATE POLICY admin_keeps ON accounts_crisisline TO cairn_web
  USING (practice_id = (SELECT app.practice()) AND (SELECT app.is_admin()));

CREATE POLICY practice_wall ON accounts_invitation AS RESTRICTIVE TO cairn_web
  USING (practice_id = (SELECT app.practice()));
CREATE POLICY read ON accounts_invitation FOR SELECT TO cairn_web
  USING ((SELECT app.is_admin()) OR invited_by_id = (SELECT app.user_id())
    OR user_id = (SELECT app.user_id()));
CREATE POLICY staff_invites ON accounts_invitation FOR INSERT TO cairn_web
  WITH CHECK (invited_by_id = (SELECT app.user_id())
    AND ((SELECT app.is_admin()) OR (SELECT app.is_therapist())));
CREATE POLICY close ON accounts_invitation FOR UPDATE TO cairn_web
  USING ((SELECT app.is_admin()) OR invited_by_id = (SELECT app.user_id())
    OR user_id = (SELECT app.user_id()));
REVOKE UPDATE, DELETE ON accounts_invitation FROM cairn_web;
GRANT UPDATE (used_at, revoked_at) ON accounts_invitation TO cairn_web;
CREATE POLICY by_token ON accounts_invitation FOR SELECT TO cairn_acl USING (true);
GRANT SELECT ON accounts_invitation TO cairn_acl;

-- An email may be dropped within the practice; by a visitor only the one that lets them
-- back in; and the owner of an address that somebody else wanted to use is told so.
CREATE POLICY read ON accounts_outgoingemail FOR SELECT TO cairn_web
  USING (recipient_id = (SELECT app.user_id())
    OR ((SELECT app.is_admin()) AND practice_id = (SELECT app.practice())));
CREATE POLICY queue_an_email ON accounts_outgoingemail FOR INSERT TO cairn_web
  WITH CHECK (state = 'waiting' AND attempts = 0 AND (
    practice_id = (SELECT app.practice())
    OR kind = 'account-exists'
    OR (kind = 'password-reset' AND (SELECT app.user_id()) IS NULL)));
REVOKE UPDATE, DELETE ON accounts_outgoingemail FROM cairn_web;
CREATE POLICY sender ON accounts_outgoingemail TO cairn_worker USING (true);
GRANT SELECT, INSERT, UPDATE ON accounts_outgoingemail TO cairn_worker;

CREATE POLICY practice_wall ON accounts_datakey AS RESTRICTIVE TO cairn_web
  USING (practice_id = (SELECT app.practice()));
CREATE POLICY read ON accounts_datakey FOR SELECT TO cairn_web
  USING (client_id IS NULL OR client_id = ANY ((SELECT app.reads())::uuid[])
    OR client_id = (SELECT app.self()));
CREATE POLICY staff_makes ON accounts_datakey FOR INSERT TO cairn_web
  WITH CHECK ((SELECT app.is_admin())
    OR (client_id IS NOT NULL AND (SELECT app.is_therapist())));
REVOKE UPDATE, DELETE ON accounts_datakey FROM cairn_web;

CREATE POLICY practice_wall ON accounts_auditevent AS RESTRICTIVE TO cairn_web
  USING (practice_id = (SELECT app.practice()));
CREATE POLICY read ON accounts_auditevent FOR SELECT TO cairn_web
  USING ((SELECT app.is_admin()) OR actor_id = (SELECT app.user_id())
    OR client_id = (SELECT app.self()) OR client_id = ANY ((SELECT app.reads())::uuid[]));
REVOKE INSERT, UPDATE, DELETE ON accounts_auditevent FROM cairn_web;
CREATE POLICY through_app_audit ON accounts_auditevent FOR INSERT TO cairn_acl
  WITH CHECK (true);
GRANT INSERT ON accounts_auditevent TO cairn_acl;
"""

# What may only be added to refuses everybody else, the tables' owner included.
APPEND_ONLY = """
CREATE FUNCTION app.refuse() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE insufficient_privilege USING MESSAGE =
    format('%s on %s is not allowed', TG_OP, TG_TABLE_NAME);
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON accounts_auditevent
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse();
"""

DOORS = """
CREATE FUNCTION app.audit(verb text, role text, client uuid, kind text, object uuid,
    reason text, detail jsonb, address inet) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO public.accounts_auditevent
    (practice_id, actor_id, role, verb, client_id, kind, object_id, reason, detail,
     address)
  VALUES (app.practice(), app.user_id(), role, verb, client, kind, object, reason,
     detail, address) $$;
CREATE FUNCTION app.invitation(secret_hash text) RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT user_id FROM public.accounts_invitation
  WHERE token_hash = secret_hash AND used_at IS NULL AND revoked_at IS NULL
    AND expires_at > now() $$;
GRANT CREATE ON SCHEMA app TO cairn_acl;
ALTER FUNCTION app.audit(text, text, uuid, text, uuid, text, jsonb, inet)
  OWNER TO cairn_acl;
ALTER FUNCTION app.invitation(text) OWNER TO cairn_acl;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
SET LOCAL ROLE cairn_acl;
REVOKE ALL ON FUNCTION app.audit(text, text, uuid, text, uuid, text, jsonb, inet)
  FROM PUBLIC;
REVOKE ALL ON FUNCTION app.invitation(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.audit(text, text, uuid, text, uuid, text, jsonb, inet)
  TO cairn_web, cairn_worker, cairn_owner;
GRANT EXECUTE ON FUNCTION app.invitation(text) TO cairn_web;
SET LOCAL ROLE NONE;
"""
NO_DOORS = """
DROP FUNCTION app.audit(text, text, uuid, text, uuid, text, jsonb, inet);
DROP FUNCTION app.invitation(text);
DROP TRIGGER append_only ON accounts_auditevent;
DROP FUNCTION app.refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_database_identity")]

    operations = [
        migrations.RunSQL([ON, POLICIES], OFF),
        migrations.RunSQL([APPEND_ONLY, DOORS], NO_DOORS),
    ]
