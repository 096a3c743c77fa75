"""The second lock on people: who is in therapy is itself the secret.

One sees oneself, and whoever is on the way in sees that one account.  Who works here
sees colleagues; a therapist the accounts of the clients they reach; a client who treats
or treated them; an admin the practice.  What somebody is, whether an account works, its
address and whose record it opens change through the functions here alone, which look
at who asks.
"""

from django.db import migrations

from database.operations import (
    ADMIN,
    MYSELF,
    PRACTICE,
    THERAPIST,
    AclFunctions,
    Policy,
    SecureRows,
    Update,
)

IN_MY_CARE = """EXISTS (SELECT FROM clients_client c
  WHERE c.user_id = accounts_user.id AND c.id = ANY ((SELECT app.reads())::uuid[]))"""
READ = f"""id = {MYSELF} OR (practice_id = {PRACTICE} AND ({ADMIN}
  OR id = ANY ((SELECT app.team())::uuid[])
  OR ({THERAPIST} AND (is_therapist OR is_admin OR {IN_MY_CARE}))))"""

# Whose account somebody may open, close or correct: an admin anybody's, a therapist
# those of the clients they treat, a client their own.
MANAGES = """
CREATE FUNCTION app.manages(whom uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.accounts_user u
    WHERE u.id = whom AND u.practice_id = app.practice()
      AND (app.is_admin() OR NOT u.is_therapist AND NOT u.is_admin
        AND (u.id = app.user_id() OR EXISTS (SELECT FROM public.clients_client c
          WHERE c.user_id = u.id AND c.id = ANY (app.writes()))))) $$;
CREATE FUNCTION app.must_manage(whom uuid) RETURNS void LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT app.manages(whom) THEN
    RAISE insufficient_privilege USING MESSAGE = 'not an account of theirs';
  END IF;
END $$;
"""
ACTS = """
-- A way in was added, changed or removed: sign-ins from before end, but the one with
-- this hash.  The new version.
CREATE FUNCTION app.ways_changed(whom uuid, but text) RETURNS integer
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  version integer;
BEGIN
  IF whom IS DISTINCT FROM app.user_id() THEN
    PERFORM app.must_manage(whom);
  END IF;
  UPDATE public.accounts_user SET sign_in_version = sign_in_version + 1 WHERE id = whom
    RETURNING sign_in_version INTO version;
  DELETE FROM public.accounts_signin
    WHERE user_id = whom AND key_hash IS DISTINCT FROM but;
  RETURN version;
END $$;
-- No password is right any more, and there is no second step.
CREATE FUNCTION app.forget_ways(whom uuid) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT app.must_manage(whom);
  UPDATE public.accounts_credential SET password = '!' || gen_random_uuid()
    WHERE user_id = whom;
  DELETE FROM public.mfa_authenticator WHERE user_id = whom $$;
CREATE FUNCTION app.set_roles(whom uuid, therapist boolean, admin boolean) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF app.is_admin() THEN
    UPDATE public.accounts_user SET is_therapist = therapist, is_admin = admin
      WHERE id = whom AND practice_id = app.practice() AND (is_therapist OR is_admin);
  END IF;
  IF NOT app.is_admin() OR NOT FOUND THEN
    RAISE insufficient_privilege USING MESSAGE = 'roles are given by an admin';
  END IF;
END $$;
CREATE FUNCTION app.open_account(whom uuid) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT app.must_manage(whom);
  UPDATE public.accounts_user SET is_active = true WHERE id = whom $$;
-- Of a client the way in is forgotten too: whoever comes back is invited anew.
CREATE FUNCTION app.close_account(whom uuid) RETURNS boolean
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM app.must_manage(whom);
  UPDATE public.accounts_user SET is_active = false,
      joined_at = CASE WHEN is_therapist OR is_admin THEN joined_at END
    WHERE id = whom AND is_active;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF NOT (SELECT is_therapist OR is_admin FROM public.accounts_user WHERE id = whom) THEN
    PERFORM app.forget_ways(whom);
  END IF;
  RETURN true;
END $$;
-- Before anybody joined; a unique violation where the address is another's.
CREATE FUNCTION app.correct_address(whom uuid, address text) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM app.must_manage(whom);
  UPDATE public.accounts_user SET email = address WHERE id = whom AND joined_at IS NULL;
  IF NOT FOUND THEN
    RAISE insufficient_privilege USING MESSAGE = 'they joined already';
  END IF;
END $$;
-- One's own, once its mail box confirmed it; NULL where the wish is no longer open.
CREATE FUNCTION app.change_address(wish uuid) RETURNS text
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  address text;
BEGIN
  UPDATE public.accounts_addresschange SET used_at = now()
    WHERE id = wish AND user_id = app.user_id() AND used_at IS NULL
      AND expires_at > now()
    RETURNING email INTO address;
  UPDATE public.accounts_user SET email = address
    WHERE id = app.user_id() AND address IS NOT NULL;
  RETURN address;
END $$;
-- The account that an invitation opens becomes its owner's; false where it is used up.
CREATE FUNCTION app.join(secret_hash text, zone text) RETURNS boolean
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE public.accounts_invitation SET used_at = now()
    WHERE token_hash = secret_hash AND user_id = app.user_id() AND used_at IS NULL
      AND revoked_at IS NULL AND expires_at > now();
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  UPDATE public.accounts_user u SET time_zone = zone, joined_at = now(),
      privacy_version = CASE WHEN u.is_therapist OR u.is_admin THEN u.privacy_version
        ELSE p.privacy_version END,
      privacy_at = CASE WHEN u.is_therapist OR u.is_admin THEN u.privacy_at
        ELSE now() END
    FROM public.accounts_practice p WHERE u.id = app.user_id() AND p.id = u.practice_id;
  RETURN true;
END $$;
-- Whose record an account opens: said once, while nobody joined with it.
CREATE FUNCTION app.give_account(whose uuid, account uuid) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE public.clients_client c SET user_id = account
    WHERE c.id = whose AND c.user_id IS NULL AND c.practice_id = app.practice()
      AND (app.is_admin() OR c.id = ANY (app.writes()))
      AND EXISTS (SELECT FROM public.accounts_user u WHERE u.id = account
        AND u.practice_id = c.practice_id AND u.joined_at IS NULL
        AND NOT u.is_therapist AND NOT u.is_admin);
  IF NOT FOUND THEN
    RAISE insufficient_privilege USING MESSAGE = 'not an account for this client';
  END IF;
END $$;
"""
# What may be asked about somebody whose row one does not see: one exact address or key.
EXACT = """
CREATE FUNCTION app.account_at(address text) RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT id FROM public.accounts_user WHERE email = address $$;
-- The owner of an address that somebody else wanted to use is told so, once a day.
CREATE FUNCTION app.tell_owner(address text, row_id uuid, day text) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO public.accounts_outgoingemail (id, practice_id, recipient_id, kind, period,
    address, due_at, not_after, state, reason, attempts, message_id, created_at)
  SELECT row_id, u.practice_id, u.id, 'account-exists', day, '', now(),
    now() + interval '1 day', 'waiting', '', 0, '', now()
  FROM public.accounts_user u WHERE u.email = address
  ON CONFLICT (recipient_id, kind, period) DO NOTHING $$;
-- Who of these did something in the record of the client one is: their names, for its
-- log.  One row of each is looked for, not all of the record.
CREATE FUNCTION app.named_in_record(who uuid[]) RETURNS TABLE (id uuid, name text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.id, u.name FROM public.accounts_user u
  WHERE u.practice_id = app.practice() AND u.id = ANY (who) AND (
    SELECT true FROM public.accounts_auditevent
    WHERE client_id = app.self() AND actor_id = u.id LIMIT 1) $$;
"""

# What the doctor asks, who is nobody: names of zones, and sealed keys of practices.
DOCTOR = """
CREATE FUNCTION app.time_zones_used() RETURNS TABLE (zone text, times bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT z.zone, count(*) FROM (
    SELECT time_zone AS zone FROM public.accounts_user
    UNION ALL SELECT time_zone FROM public.accounts_practice) z GROUP BY 1 $$;
CREATE FUNCTION app.practice_keys() RETURNS TABLE (practice uuid, wrapped bytea)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT p.id, k.wrapped FROM public.accounts_practice p
    LEFT JOIN public.accounts_datakey k ON k.practice_id = p.id AND k.client_id IS NULL $$;
"""


class Migration(migrations.Migration):
    dependencies = [("clients", "0002_row_security")]

    operations = [
        SecureRows(
            "accounts.User",
            wall=False,
            read=READ,
            # Nobody is made an admin or a therapist but by an admin, nor anybody that
            # has joined.
            insert=f"practice_id = {PRACTICE} AND joined_at IS NULL AND is_active"
            f" AND ({ADMIN} OR ({THERAPIST} AND NOT is_therapist AND NOT is_admin))",
            # A colleague's row is held while a session is booked, and never changed.
            update=Update(
                ["name", "name_key", "pronouns", "time_zone", "language", "phone",
                 "contact_hours", "last_login"],
                f"id = {MYSELF} OR (practice_id = {PRACTICE} AND ({ADMIN} OR {THERAPIST}))",
                f"id = {MYSELF}",
            ),
            also=[
                # By command or migration: whoever runs the server.
                Policy("operator", "ALL", "cairn_owner"),
                Policy(
                    "worker", "SELECT", "cairn_worker",
                    rights={
                        "SELECT": ["id", "email", "practice", "is_active", "is_therapist",
                                   "is_admin", "joined_at", "time_zone", "language"]
                    },
                ),
                Policy(
                    "acts", "UPDATE", "cairn_acl",
                    rights={
                        "SELECT": [],
                        "UPDATE": ["is_active", "is_therapist", "is_admin", "email",
                                   "time_zone", "joined_at", "sign_in_version",
                                   "privacy_version", "privacy_at", "therapist_since"],
                    },
                ),
            ],
        ),
        AclFunctions(
            MANAGES,
            may={
                "app.manages(uuid)": "",
                "app.must_manage(uuid)": "",
            },
        ),
        AclFunctions(
            ACTS,
            may={
                "app.ways_changed(uuid, text)": "cairn_web",
                "app.forget_ways(uuid)": "cairn_web",
                "app.set_roles(uuid, boolean, boolean)": "cairn_web",
                "app.open_account(uuid)": "cairn_web",
                "app.close_account(uuid)": "cairn_web",
                "app.correct_address(uuid, text)": "cairn_web",
                "app.change_address(uuid)": "cairn_web",
                "app.join(text, text)": "cairn_web",
                "app.give_account(uuid, uuid)": "cairn_web",
            },
        ),
        AclFunctions(
            EXACT,
            may={
                "app.account_at(text)": "cairn_web",
                "app.tell_owner(text, uuid, text)": "cairn_web",
                "app.named_in_record(uuid[])": "cairn_web",
            },
            rights={
                "accounts_outgoingemail": [
                    "SELECT (recipient_id, kind, period)",
                    "INSERT (id, practice_id, recipient_id, kind, period, address,"
                    " due_at, not_after, state, reason, attempts, message_id,"
                    " created_at)"
                ],
            },
        ),
        AclFunctions(
            DOCTOR,
            may={
                "app.time_zones_used()": "cairn_web",
                "app.practice_keys()": "cairn_web",
            },
        ),
    ]  # fmt: skip
