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
    MYSELF,
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
GRANT SELECT (id, email, practice_id, is_active, is_therapist, is_admin, sign_in_version,
  therapist_since) ON accounts_user TO cairn_acl;
-- The web counts tries and never takes them away.
REVOKE DELETE ON accounts_tries FROM cairn_web;
GRANT SELECT (ends_at), DELETE ON accounts_tries TO cairn_worker;
GRANT SELECT (ends_at), DELETE ON accounts_cacheentry TO cairn_worker;
-- Tables of Django and allauth that nothing here asks.
REVOKE ALL ON auth_group, auth_group_permissions, auth_permission, django_content_type,
  account_emailconfirmation FROM cairn_web;
-- The worker alone beats.
REVOKE INSERT, UPDATE, DELETE ON accounts_heartbeat FROM cairn_web;
"""
NO_PEOPLE = """
GRANT INSERT, UPDATE, DELETE ON accounts_heartbeat TO cairn_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON auth_group, auth_group_permissions,
  auth_permission, django_content_type, account_emailconfirmation TO cairn_web;
REVOKE ALL ON accounts_heartbeat, accounts_tries, accounts_cacheentry
  FROM cairn_worker;
REVOKE ALL (id, email, practice_id, is_active, is_therapist, is_admin, sign_in_version,
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
  FOR EACH ROW WHEN (current_user IN ('cairn_web', 'cairn_acl'))
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
      AND d.sign_in_version = u.sign_in_version) $$;
"""
# A browser shows the key of its session; the table has the hash, and only who shows the
# key learns whose it is: person, practice and all, in one query.
SESSIONS = """
CREATE FUNCTION app.session_read(hash text, moment timestamptz) RETURNS TABLE (
    sign_in public.accounts_signin, person public.accounts_user,
    credential public.accounts_credential, practice public.accounts_practice,
    has_second_step boolean)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT s, u, c, p, EXISTS (SELECT FROM public.mfa_authenticator a
      WHERE a.user_id = u.id AND a.type IN ('totp', 'webauthn'))
    FROM public.accounts_signin s
      LEFT JOIN public.accounts_user u ON u.id = s.user_id
      LEFT JOIN public.accounts_credential c ON c.user_id = u.id
      LEFT JOIN public.accounts_practice p ON p.id = u.practice_id
    WHERE s.key_hash = hash AND s.expire_date > moment;
END $$;
CREATE FUNCTION app.session_exists(hash text) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.accounts_signin WHERE key_hash = hash) $$;
-- For whoever runs the server: how many, and not whose.
CREATE FUNCTION app.sign_ins_active() RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*) FROM public.accounts_signin
  WHERE user_id IS NOT NULL AND expire_date > now() $$;
-- `said` holds the row; false where there is none to change.
CREATE FUNCTION app.session_write(said jsonb, is_new boolean) RETURNS boolean
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  anew public.accounts_signin := jsonb_populate_record(NULL::public.accounts_signin, said);
BEGIN
  IF is_new THEN
    INSERT INTO public.accounts_signin VALUES (anew.*);
    RETURN true;
  END IF;
  UPDATE public.accounts_signin SET session_data = anew.session_data,
      expire_date = anew.expire_date, user_id = anew.user_id, begun_at = anew.begun_at,
      last_active_at = anew.last_active_at, shared = anew.shared, agent = anew.agent,
      address = anew.address, way = anew.way
    WHERE key_hash = anew.key_hash;
  RETURN FOUND;
END $$;
CREATE FUNCTION app.session_touch(hash text, at timestamptz, ends timestamptz)
  RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE public.accounts_signin SET last_active_at = at, expire_date = ends
    WHERE key_hash = hash $$;
CREATE FUNCTION app.session_delete(hash text) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DELETE FROM public.accounts_signin WHERE key_hash = hash $$;
"""
# Whom to ring now, for whoever knows the address of a practice's page.
HELP = """
CREATE FUNCTION app.help(of_slug text) RETURNS TABLE (
    practice text, name text, number text, hours text, verified_on date)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT p.name, l.name, l.number, l.hours, l.verified_on FROM public.accounts_practice p
    LEFT JOIN public.accounts_crisisline l
      ON l.practice_id = p.id AND l.verified_on IS NOT NULL
  WHERE p.slug = of_slug ORDER BY l.position, l.name $$;
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
MINE = f"user_id = {MYSELF}"
KNOWN_TO = f"{ADMIN} OR invited_by_id = {ME} OR user_id = {ME}"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunSQL(PEOPLE, NO_PEOPLE),
        migrations.RunSQL(SINCE, NOT_SINCE),
        # Whoever is on the way in reads the name of the practice it leads into.
        SecureRows(
            "practice",
            wall=False,
            read=f"id = {PRACTICE} OR id = (SELECT practice_id FROM accounts_user"
            f" WHERE id = {MYSELF})",
            insert=None,
            update=Update(
                ["name", "slug", "time_zone", "session_minutes", "idle_minutes",
                 "sender_name", "portal_days", "privacy_notice", "privacy_version",
                 "created_at"],
                f"id = {PRACTICE} AND {ADMIN}",
            ),
            also=[
                Policy("operator", "ALL", "cairn_owner"),
                Policy("worker", "SELECT", "cairn_worker", rights={"SELECT": []}),
            ],
        ),
        SecureRows(
            "crisisline",
            read=f"practice_id = {PRACTICE}",
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
            also=[  # app.join (clients.0003)
                Policy("acts", "UPDATE", "cairn_acl", rights={"UPDATE": ["used_at"]})
            ],
        ),
        # An email may be dropped within the practice.
        SecureRows(
            "outgoingemail",
            wall=False,
            read=f"recipient_id = {ME} OR ({ADMIN} AND practice_id = {PRACTICE})",
            insert=f"state = 'waiting' AND attempts = 0 AND practice_id = {PRACTICE}",
            also=[
                # app.tell_owner (clients.0003).
                Policy(
                    "exists", "INSERT", "cairn_acl", check="kind = 'account-exists'"
                ),
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
            update=Update(["last_seen", "sign_in_version"], OWN),
        ),
        SecureRows(
            "addresschange",
            wall=False,
            read=OWN,
            insert=OWN,
            update=Update(["used_at"], OWN),
            also=[  # app.change_address (clients.0003)
                Policy(
                    "acts", "UPDATE", "cairn_acl",
                    rights={"SELECT": [], "UPDATE": ["used_at"]},
                )
            ],
        ),
        # The ways in: one's own, also before one is all the way in.
        SecureRows(
            "credential",
            wall=False,
            read=MINE,
            insert=f"{ADMIN} OR {THERAPIST}",
            update=Update(["password"], MINE),
            also=[
                Policy("operator", "ALL", "cairn_owner"),
                Policy("acts", "UPDATE", "cairn_acl", rights={"UPDATE": ["password"]}),
            ],
        ),
        SecureRows(
            "mfa.Authenticator",
            wall=False,
            read=MINE,
            insert=MINE,
            update=Update(["user", "type", "data", "created_at", "last_used_at"], MINE),
            delete=MINE,
            also=[
                Policy("operator", "ALL", "cairn_owner"),  # seals secrets anew
                Policy("acts", "DELETE", "cairn_acl", rights={"DELETE": []}),
            ],
        ),
        # allauth asks it at each sign-in; nobody writes it.
        SecureRows("account.EmailAddress", wall=False, read=MINE, insert=None),
        # One's own are listed and ended; the rest is the functions' below.
        SecureRows(
            "signin",
            wall=False,
            read=OWN,
            insert=None,
            delete=OWN,
            also=[
                Policy(
                    "doors", "ALL", "cairn_acl",
                    rights={"INSERT": [], "UPDATE": [], "DELETE": []},
                ),
                Policy("operator", "ALL", "cairn_owner"),  # a restore ends them all
                # The tick takes away what ended.
                Policy(
                    "sweep", "ALL", "cairn_worker",
                    rights={"SELECT": ["expire_date"], "DELETE": []},
                ),
            ],
        ),
        # Who cannot sign in leaves an address; the web writes it and reads none.
        SecureRows(
            "resetrequest",
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
                "accounts_knowndevice": ["SELECT (user_id, token_hash, sign_in_version)"],
            },
        ),
        AclFunctions(
            SESSIONS,
            may={
                "app.session_read(text, timestamptz)": "cairn_web",
                "app.session_exists(text)": "cairn_web",
                "app.sign_ins_active()": "cairn_web",
                "app.session_write(jsonb, boolean)": "cairn_web",
                "app.session_touch(text, timestamptz, timestamptz)": "cairn_web",
                "app.session_delete(text)": "cairn_web",
            },
            rights={
                "accounts_signin": ["SELECT"],
                "accounts_user": ["SELECT"],
                "accounts_credential": ["SELECT"],
                "accounts_practice": ["SELECT"],
                "mfa_authenticator": ["SELECT"],
            },
        ),
        AclFunctions(
            HELP,
            may={"app.help(text)": "cairn_web"},
            rights={"accounts_crisisline": ["SELECT"]},
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
