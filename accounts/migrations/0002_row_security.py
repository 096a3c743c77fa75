"""The second lock on what accounts holds, and the narrow doors through it.

`app.audit()` is the one way an audit row is written, `app.invitation()` the one way a
visitor finds whose link they hold.  The doors for wrapped keys open to `cairn_owner`
alone, who answers no request: the web cannot change a key, and the owner still finds
none in a table.  Destroying one leaves its audit row in the same function.
"""

from django.db import migrations

from database.operations import (
    ADMIN,
    ME,
    PRACTICE,
    READS,
    SELF,
    THERAPIST,
    AclFunctions,
    Policy,
    SecureRows,
    Update,
)

# The worker is given tables one by one; an email's content it reads as cairn_web, see
# database/identity.py.  What runs as cairn_acl may read who is active and what they are.
PEOPLE = """
GRANT SELECT, INSERT, UPDATE ON accounts_heartbeat TO cairn_worker;
GRANT SELECT (id, email, practice_id, is_active, is_therapist, is_admin, joined_at,
  time_zone, language) ON accounts_user TO cairn_worker;
GRANT SELECT (id, email, practice_id, is_active, is_therapist, is_admin, ways_version,
  therapist_since) ON accounts_user TO cairn_acl;
-- The tick takes away sign-ins that ended; their keys are secrets that it cannot read.
-- The web counts tries and never takes them away.
GRANT SELECT (expire_date), DELETE ON accounts_signin TO cairn_worker;
REVOKE DELETE ON accounts_tries FROM cairn_web;
GRANT SELECT (ends_at), DELETE ON accounts_tries TO cairn_worker;
-- Tables of Django and allauth that nothing here asks.
REVOKE ALL ON auth_group, auth_group_permissions, auth_permission, django_content_type,
  account_emailaddress, account_emailconfirmation FROM cairn_web;
-- allauth asks it at each sign-in; nobody writes it.
GRANT SELECT ON account_emailaddress TO cairn_web;
-- An account is closed and stays; the worker alone beats.
REVOKE DELETE ON accounts_user FROM cairn_web;
REVOKE INSERT, UPDATE, DELETE ON accounts_heartbeat FROM cairn_web;
"""
NO_PEOPLE = """
GRANT DELETE ON accounts_user TO cairn_web;
GRANT INSERT, UPDATE, DELETE ON accounts_heartbeat TO cairn_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON auth_group, auth_group_permissions,
  auth_permission, django_content_type, account_emailaddress, account_emailconfirmation
  TO cairn_web;
REVOKE ALL ON accounts_heartbeat, accounts_signin, accounts_tries FROM cairn_worker;
REVOKE ALL (id, email, practice_id, is_active, is_therapist, is_admin, joined_at,
  time_zone, language) ON accounts_user FROM cairn_worker;
REVOKE ALL (id, email, practice_id, is_active, is_therapist, is_admin, ways_version,
  therapist_since) ON accounts_user FROM cairn_acl;
GRANT DELETE ON accounts_tries TO cairn_web;
"""

# Since when somebody is a therapist here by an admin's doing.  Who joins by an
# invitation, gets the therapist's right or is let in again through the web gets the
# moment; who was set up by whoever runs the server has none.
SINCE = """
CREATE FUNCTION app.therapist_since() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.therapist_since := CASE WHEN NEW.is_therapist THEN now() END;
    RETURN NEW;
  END IF;
  NEW.therapist_since := OLD.therapist_since;
  IF NEW.is_therapist AND (NOT OLD.is_therapist
      OR (OLD.joined_at IS NULL AND NEW.joined_at IS NOT NULL)
      OR (NEW.is_active AND NOT OLD.is_active)
      OR NEW.practice_id <> OLD.practice_id) THEN
    NEW.therapist_since := now();
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER therapist_since BEFORE INSERT OR UPDATE ON accounts_user
  FOR EACH ROW WHEN (current_user = 'cairn_web')
  EXECUTE FUNCTION app.therapist_since();
"""
NOT_SINCE = """
DROP TRIGGER therapist_since ON accounts_user;
DROP FUNCTION app.therapist_since();
"""

AUDIT = """
CREATE FUNCTION app.audit(verb text, role text, client uuid, kind text,
    object uuid, reason text, detail jsonb, address inet) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_current_xact_id();
  INSERT INTO public.accounts_auditevent
    (practice_id, actor_id, role, verb, client_id, kind, object_id, reason, detail,
     address)
  VALUES (app.practice(), app.user_id(), role, verb, client, kind, object, reason,
     detail, address) $$;
"""
VISITORS = """
CREATE FUNCTION app.invitation(secret_hash text) RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT user_id FROM public.accounts_invitation
  WHERE token_hash = secret_hash AND used_at IS NULL AND revoked_at IS NULL
    AND expires_at > now() $$;
CREATE FUNCTION app.knows_device_of(address text, hash text)
  RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.accounts_knowndevice d
    JOIN public.accounts_user u ON u.id = d.user_id
    WHERE u.email = address AND d.token_hash = hash
      AND d.ways_version = u.ways_version) $$;
"""
KEYS = """
CREATE FUNCTION app.operator_did(verb text, practice uuid, client uuid, detail jsonb)
  RETURNS void LANGUAGE sql VOLATILE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_current_xact_id();
  INSERT INTO public.accounts_auditevent
    (practice_id, role, verb, client_id, kind, reason, detail)
  VALUES (practice, 'operator', verb, client, '', '', detail) $$;
CREATE FUNCTION app.wrapped_keys(of_practice uuid) RETURNS TABLE (id uuid,
    practice uuid, client uuid, wrapped bytea, version smallint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT id, practice_id, client_id, wrapped, master_version FROM public.accounts_datakey
  WHERE of_practice IS NULL AND client_id IS NULL OR practice_id = of_practice
  ORDER BY client_id NULLS FIRST $$;
CREATE FUNCTION app.rewrap_key(key uuid, was bytea, becomes bytea, version smallint)
  RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE public.accounts_datakey SET wrapped = becomes, master_version = version
    WHERE id = key AND wrapped = was;
  RETURN FOUND;
END $$;
CREATE FUNCTION app.destroy_key(client uuid) RETURNS boolean
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  practice uuid;
BEGIN
  DELETE FROM public.accounts_datakey WHERE client_id = client
    RETURNING practice_id INTO practice;
  IF practice IS NULL THEN
    RETURN false;
  END IF;
  PERFORM app.operator_did('key destroyed', practice, client, '{}');
  RETURN true;
END $$;
"""
OWN = f"user_id = {ME}"
KNOWN_TO = f"{ADMIN} OR invited_by_id = {ME} OR user_id = {ME}"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunSQL(PEOPLE, NO_PEOPLE),
        migrations.RunSQL(SINCE, NOT_SINCE),
        # A practice's name, zone and crisis lines are read before anybody signed in.
        SecureRows(
            "practice",
            wall=False,
            read="true",
            insert=None,
            update=Update(
                ["name", "slug", "time_zone", "session_minutes", "idle_minutes",
                 "sender_name", "portal_days", "privacy_notice", "privacy_version",
                 "created_at"],
                f"id = {PRACTICE} AND {ADMIN}",
            ),
            also=[
                Policy("operator_founds", "INSERT", "cairn_owner"),
                Policy("worker", "SELECT", "cairn_worker", rights={"SELECT": []}),
            ],
        ),
        SecureRows(
            "crisisline",
            wall=False,
            read="true",
            insert=f"practice_id = {PRACTICE} AND {ADMIN}",
            update=Update(
                ["name", "number", "hours", "verified_on", "position"],
                f"practice_id = {PRACTICE} AND {ADMIN}",
            ),
            delete=f"practice_id = {PRACTICE} AND {ADMIN}",
        ),
        SecureRows(
            "invitation",
            read=KNOWN_TO,
            insert=f"invited_by_id = {ME} AND ({ADMIN} OR {THERAPIST})",
            update=Update(["used_at", "revoked_at"], KNOWN_TO),
        ),
        # An email may be dropped within the practice; and the owner of an address that
        # somebody else wanted to use is told so.
        SecureRows(
            "outgoingemail",
            wall=False,
            read=f"recipient_id = {ME} OR ({ADMIN} AND practice_id = {PRACTICE})",
            insert="state = 'waiting' AND attempts = 0 AND"
            f" (practice_id = {PRACTICE} OR kind = 'account-exists')",
            also=[
                Policy(
                    "sender", "ALL", "cairn_worker",
                    rights={"SELECT": [], "INSERT": [], "UPDATE": []},
                )
            ],
        ),
        SecureRows(
            "datakey",
            read=f"client_id IS NULL OR {READS} OR {SELF}",
            insert=f"{ADMIN} OR (client_id IS NOT NULL AND {THERAPIST})",
            also=[
                Policy(
                    "key_doors_change", "UPDATE", "cairn_acl",
                    rights={"UPDATE": ["wrapped", "master_version"]},
                ),
                Policy("key_doors_destroy", "DELETE", "cairn_acl", rights={"DELETE": []}),
            ],
        ),
        SecureRows(
            "auditevent",
            read=f"{ADMIN} OR actor_id = {ME} OR {SELF} OR {READS}",
            insert=None,
            append_only=True,
            also=[
                Policy("through_app_audit", "INSERT", "cairn_acl", rights={"INSERT": []})
            ],
        ),
        # Each has but their own devices and wishes for another address.
        SecureRows(
            "knowndevice",
            wall=False,
            read=OWN,
            insert=OWN,
            update=Update(["last_seen", "ways_version"], OWN),
        ),
        SecureRows(
            "addresschange",
            wall=False,
            read=OWN,
            insert=OWN,
            update=Update(["used_at"], OWN),
        ),
        # Who cannot sign in leaves an address; the web writes it and reads none.
        SecureRows(
            "wayback",
            wall=False,
            read=None,
            insert="true",
            also=[
                Policy(
                    "answer", "ALL", "cairn_worker", rights={"SELECT": [], "DELETE": []}
                )
            ],
        ),
        AclFunctions(
            AUDIT,
            may={
                "app.audit(text, text, uuid, text, uuid, text, jsonb, inet)":
                    "cairn_web, cairn_worker, cairn_owner"
            },
        ),
        AclFunctions(
            VISITORS,
            may={
                "app.invitation(text)": "cairn_web",
                "app.knows_device_of(text, text)": "cairn_web",
            },
            rights={
                "accounts_invitation": ["SELECT"],
                "accounts_knowndevice": ["SELECT (user_id, token_hash, ways_version)"],
            },
        ),
        AclFunctions(
            KEYS,
            may={
                "app.operator_did(text, uuid, uuid, jsonb)": "cairn_owner",
                "app.wrapped_keys(uuid)": "cairn_owner",
                "app.rewrap_key(uuid, bytea, bytea, smallint)": "cairn_owner",
                "app.destroy_key(uuid)": "cairn_owner",
            },
            rights={"accounts_datakey": ["SELECT"]},
        ),
    ]  # fmt: skip
