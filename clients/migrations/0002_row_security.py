"""The second lock on the caseload: THE access rule of clients/access.py, in SQL.

Whom one reaches is read once, at the start of a transaction, by `app.login()`; policies
only compare.  A primary therapist gives roles; an emergency is four hours of reading
within the practice, with its reason; an ended role stays ended, and no web login
lengthens one.  A discharged client reads, and later nothing.
"""

from django.db import migrations

from database.operations import (
    ADMIN,
    EITHER_SIDE,
    LEADS,
    ME,
    OWN_SIDE,
    READS,
    SELF,
    SELF_WRITES,
    SUPERVISES,
    TEAM_OR_CLIENT,
    THERAPIST,
    WRITES,
    AclFunctions,
    Policy,
    SecureRows,
    Update,
)

LOGIN = """
CREATE FUNCTION app.login(who uuid, coming uuid DEFAULT NULL) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  person record;
  held record;
  own record;
  team uuid[];
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
  IF own.id IS NOT NULL THEN
    SELECT array_agg(DISTINCT r.who) INTO team FROM (
      SELECT user_id AS who FROM public.clients_carerole WHERE client_id = own.id
      UNION ALL
      SELECT unnest(ARRAY[user_id, asked_by_id])
        FROM public.clients_carerolerequest WHERE client_id = own.id
      UNION ALL
      SELECT unnest(ARRAY[by_id, person_id])
        FROM public.clients_notice WHERE recipient_id = person.id) r;
  END IF;
  -- A closed account still is its owner's: it is told so, and nothing else.
  PERFORM set_config('app.me', coalesce(who::text, coming::text, ''), true),
    set_config('app.team', coalesce(team::text, ''), true),
    set_config('app.user_id', coalesce(person.id::text, ''), true),
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
"""
REACH = """
-- For the policy below: is nobody in charge of this client yet?
CREATE FUNCTION app.is_new(who uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT NOT EXISTS (SELECT FROM public.clients_carerole WHERE client_id = who) $$;
CREATE FUNCTION app.treats_here(who uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.accounts_user WHERE id = who AND is_active
    AND is_therapist AND practice_id = app.practice()) $$;
CREATE FUNCTION app.is_ours(who uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.clients_client
    WHERE id = who AND practice_id = app.practice()) $$;
-- Who is called exactly so: all that a therapist learns of somebody not in their care.
CREATE FUNCTION app.clients_named(wanted text) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT id FROM public.clients_client
  WHERE practice_id = app.practice() AND app.is_therapist() AND wanted <> ''
    AND (name_key = wanted
      OR lower(trim(preferred_name || ' ' || family_name)) = lower(trim(wanted))) $$;
-- Of those with this name, who has this email or these digits as a phone number.
CREATE FUNCTION app.clients_named(wanted text, address text, digits text)
  RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.id FROM public.clients_client c
    LEFT JOIN public.accounts_user u ON u.id = c.user_id
  WHERE c.id IN (SELECT app.clients_named(wanted))
    AND ((address <> '' AND address IN (c.email, u.email))
      OR (length(digits) > 4 AND digits = regexp_replace(c.phone, '[^0-9]', '', 'g'))) $$;
"""
ROLES = """
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
-- From when one may; NULL is: at once.  By the database's clock, one's own alone.
CREATE FUNCTION app.emergencies_from() RETURNS timestamptz
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT therapist_since + interval '30 days' FROM public.accounts_user
  WHERE id = app.user_id() AND therapist_since > now() - interval '30 days' $$;
-- The primary therapist of now stays; nobody else follows.
CREATE FUNCTION app.primary_stays(whose uuid) RETURNS boolean
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  moment timestamptz := clock_timestamp();
BEGIN
  IF NOT (app.is_ours(whose) AND (app.is_admin() OR whose = ANY (app.leads()))) THEN
    RETURN false;
  END IF;
  UPDATE public.clients_carerole SET ends_at = starts_at
    WHERE client_id = whose AND kind = 'primary' AND starts_at > moment
      AND (ends_at IS NULL OR ends_at > starts_at);
  UPDATE public.clients_carerole SET ends_at = NULL
    WHERE client_id = whose AND kind = 'primary' AND starts_at <= moment
      AND ends_at > moment;
  RETURN FOUND;
END $$;
"""
EMERGENCY = """
CREATE FUNCTION app.emergency_has_reason() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM public.clients_emergencyreason WHERE role_id = NEW.id) THEN
    RAISE insufficient_privilege USING MESSAGE = 'an emergency needs its reason';
  END IF;
  RETURN NULL;
END $$;
"""
# What binds care roles whatever the program says.
TRIGGERS = """
-- Looked at when the transaction ends: the reason is written after the role.
CREATE CONSTRAINT TRIGGER emergency_has_reason AFTER INSERT ON clients_carerole
  DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.kind = 'emergency' AND current_user = 'cairn_web')
  EXECUTE FUNCTION app.emergency_has_reason();
ALTER TABLE clients_emergencyreason ADD CONSTRAINT emergency_reason_has_words
  CHECK (octet_length(words) > 0);
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
-- Calling a handover off, or putting it off, gives the primary therapist their time
-- back: that goes through app.primary_stays, which first takes it from whoever was to
-- follow.  A role is not ended in the past either: the audit log and the role must tell
-- the same story.
CREATE FUNCTION app.only_shorter() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE insufficient_privilege USING MESSAGE =
    'a care role is ended or shortened, and not in the past';
END $$;
CREATE TRIGGER only_shorter BEFORE UPDATE OF ends_at ON clients_carerole
  FOR EACH ROW WHEN (current_user = 'cairn_web'
    AND NEW.ends_at IS DISTINCT FROM OLD.ends_at
    AND (NEW.ends_at IS NULL OR NEW.ends_at > OLD.ends_at
      OR NEW.ends_at < transaction_timestamp()))
  EXECUTE FUNCTION app.only_shorter();
"""
NO_TRIGGERS = """
DROP TRIGGER only_shorter ON clients_carerole;
DROP FUNCTION app.only_shorter();
DROP TRIGGER emergency_only_shorter ON clients_carerole;
DROP TRIGGER ended_stays ON clients_carerole;
DROP FUNCTION app.ended_stays();
ALTER TABLE clients_emergencyreason DROP CONSTRAINT emergency_reason_has_words;
DROP TRIGGER emergency_has_reason ON clients_carerole;
"""

# Either side's act closes what asks the other side, which it cannot read, and an update
# is of rows that may be read: of the clients alone whom one may write for.
SIGNALS = """
CREATE FUNCTION app.close_signals(of_clients uuid[], of_kinds text[], still jsonb)
  RETURNS void LANGUAGE sql VOLATILE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
  UPDATE public.clients_signal s SET closed_at = now()
  WHERE client_id = ANY (of_clients)
    AND (client_id = ANY (app.writes()) OR client_id = app.self_writes())
    AND practice_id = app.practice() AND kind = ANY (of_kinds) AND closed_at IS NULL
    AND NOT EXISTS (
      SELECT FROM jsonb_to_recordset(still) AS w(client_id uuid, side text, kind text,
        about uuid, since timestamptz, due_on date, until timestamptz)
      WHERE w.client_id = s.client_id AND w.side = s.side AND w.kind = s.kind
        AND w.about = s.about AND w.since = s.since
        AND w.due_on IS NOT DISTINCT FROM s.due_on
        AND w.until IS NOT DISTINCT FROM s.until) $$;
"""

# A reason hangs on an emergency of one's own.
OWN_EMERGENCY = f"""by_id = {ME} AND {READS}
  AND EXISTS (SELECT FROM clients_carerole r
    WHERE r.id = role_id AND r.client_id = clients_emergencyreason.client_id
      AND r.user_id = by_id AND r.kind = 'emergency')"""


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0001_initial"),
        ("accounts", "0003_audit_is_sealed"),
    ]

    operations = [
        AclFunctions(
            LOGIN,
            may={"app.login(uuid, uuid)": "cairn_web, cairn_worker, cairn_owner"},
            rights={
                "accounts_practice": ["SELECT (id, portal_days)"],
                "clients_client": [
                    "SELECT (id, practice_id, user_id, state, discharged_at,"
                    " preferred_name, family_name, name_key, email, phone)"
                ],
                "clients_carerole": ["SELECT"],
                "clients_carerolerequest": [
                    "SELECT (user_id, asked_by_id, client_id)"
                ],
                "clients_notice": ["SELECT (by_id, person_id, recipient_id)"],
            },
        ),
        AclFunctions(
            REACH,
            may={
                "app.is_new(uuid)": "cairn_web",
                "app.treats_here(uuid)": "cairn_web",
                "app.is_ours(uuid)": "cairn_web",
                "app.clients_named(text)": "cairn_web",
                "app.clients_named(text, text, text)": "cairn_web",
            },
        ),
        AclFunctions(
            ROLES,
            may={
                "app.primary_is_here(uuid)": "cairn_web",
                "app.record_is_empty(uuid)": "cairn_web",
                "app.admin_may_give(uuid, text, timestamptz)": "cairn_web",
                "app.emergencies_from()": "cairn_web",
                "app.primary_stays(uuid)": "cairn_web",
            },
        ),
        AclFunctions(
            EMERGENCY,
            may={"app.emergency_has_reason()": "cairn_owner"},
            rights={"clients_emergencyreason": ["SELECT (role_id)"]},
        ),
        SecureRows(
            "client",
            read=f"id = ANY ((SELECT app.reads())::uuid[])"
            f" OR id = (SELECT app.self()) OR {ADMIN}",
            insert=f"user_id IS NULL AND ({THERAPIST} OR {ADMIN})",
            update=Update(
                ["preferred_name", "family_name", "name_key", "pronouns",
                 "email", "phone", "emergency_name", "emergency_phone", "wants_portal",
                 "state", "discharged_at", "version"],
                f"id = ANY ((SELECT app.writes())::uuid[]) OR {ADMIN}",
            ),
            also=[
                # The planner of emails: never a name.
                Policy(
                    "planner", "SELECT", "cairn_worker",
                    rights={"SELECT": ["id", "practice", "user", "state"]},
                ),
                # app.give_account (0003).
                Policy("acts", "UPDATE", "cairn_acl", rights={"UPDATE": ["user"]}),
            ],
        ),
        SecureRows(
            "clientbackground",
            read=READS,
            insert=WRITES,
            update=Update(["presenting_concern"], WRITES),
        ),
        SecureRows(
            "carerole",
            read=f"user_id = {ME} OR {SELF} OR {READS} OR {ADMIN}",
            insert={
                # A therapist admits a new client into their own care.
                "admit": f"user_id = {ME} AND given_by_id = {ME}"
                f" AND kind = 'primary' AND {THERAPIST} AND app.is_new(client_id)",
                "assign": f"given_by_id = {ME} AND user_id <> {ME}"
                " AND kind <> 'emergency' AND app.treats_here(user_id)"
                f" AND app.is_ours(client_id) AND ({LEADS}"
                " OR app.admin_may_give(client_id, kind, starts_at))",
                # Not before this transaction: an emergency is now.
                "emergency": f"kind = 'emergency' AND {THERAPIST} AND user_id = {ME}"
                f" AND given_by_id = {ME} AND starts_at BETWEEN"
                " transaction_timestamp() AND clock_timestamp()"
                " AND ends_at IS NOT NULL AND app.is_ours(client_id)"
                " AND app.emergencies_from() IS NULL",
            },
            # An admin shortens a role of their own and never lengthens it.
            update=Update(
                ["ends_at"],
                f"{ADMIN} OR {LEADS} OR (kind = 'emergency' AND user_id = {ME})",
                f"user_id <> {ME} OR {LEADS}"
                " OR ends_at <= greatest(starts_at, clock_timestamp())",
            ),
            also=[
                Policy(
                    "acl_primary_stays", "UPDATE", "cairn_acl", "kind = 'primary'",
                    rights={"UPDATE": ["ends_at"]},
                )
            ],
        ),
        # The primary therapist decides; an admin takes back what waits, and no more.
        SecureRows(
            "carerolerequest",
            read=f"{READS} OR {SELF} OR {ADMIN}",
            insert=f"{ADMIN} AND asked_by_id = {ME} AND user_id <> {ME}"
            " AND outcome = '' AND app.treats_here(user_id) AND app.is_ours(client_id)",
            update=Update(
                ["outcome", "decided_at", "decided_by"],
                f"outcome = '' AND ({ADMIN} OR {LEADS})",
                f"decided_by_id = {ME} AND ({LEADS}"
                f" OR ({ADMIN} AND outcome = 'withdrawn'))",
            ),
        ),
        SecureRows(
            "contactpreferences",
            read=TEAM_OR_CLIENT,
            insert=f"{THERAPIST} OR {ADMIN}",
            update=Update(["paused_until", "celebrates"], SELF),
        ),
        # No row is needed where a client said nothing: nobody else writes one.
        SecureRows(
            "contactwish",
            read=TEAM_OR_CLIENT,
            insert=SELF,
            update=Update(["allowed", "lead_hours"], SELF),
            also=[
                # The planner: how long before, by kind; whether at all is asked later,
                # as the recipient.
                Policy(
                    "planner", "SELECT", "cairn_worker",
                    rights={"SELECT": ["client", "kind", "lead_hours"]},
                )
            ],
        ),
        SecureRows(
            "draft",
            read=f"author_id = {ME} AND ({WRITES} OR {SELF_WRITES})",
            insert=f"author_id = {ME} AND ({WRITES} OR {SELF_WRITES})",
            update=Update(
                ["body", "revision", "saved_at"],
                f"author_id = {ME} AND ({WRITES} OR {SELF_WRITES})",
            ),
            delete=f"author_id = {ME} AND ({WRITES} OR {SELF_WRITES})",
            also=[
                # The worker deletes drafts that nobody changed, and reads none.
                Policy(
                    "sweep", "ALL", "cairn_worker",
                    "saved_at < clock_timestamp() - interval '30 days'",
                    rights={"SELECT": ["id", "saved_at"], "DELETE": []},
                )
            ],
        ),
        # Receipts ("seen", "read") are one's own and are given once.
        SecureRows(
            "emergencyreason",
            read=TEAM_OR_CLIENT,
            insert=OWN_EMERGENCY,
            update=Update(
                ["seen_at", "seen_by"],
                f"{WRITES} AND seen_at IS NULL",
                f"{WRITES} AND seen_by_id = {ME}",
            ),
        ),
        SecureRows(
            "supervisioncomment",
            read=f"{WRITES} OR {SUPERVISES}",
            insert=f"by_id = {ME} AND {SUPERVISES}",
            update=Update(
                ["read_at", "read_by"],
                f"{WRITES} AND read_at IS NULL",
                f"{WRITES} AND read_by_id = {ME}",
            ),
        ),
        # A right of the client for as long as they can come in, and answered once.
        SecureRows(
            "correction",
            read=TEAM_OR_CLIENT,
            insert=f"by_id = {ME} AND {SELF} AND answered_at IS NULL",
            update=Update(
                ["answer", "answered_at", "answered_by"],
                f"{WRITES} AND answered_at IS NULL",
                f"{WRITES} AND answered_by_id = {ME}",
            ),
        ),
        SecureRows(
            "notice",
            read=f"recipient_id = {ME}",
            insert=f"by_id = {ME} AND seen_at IS NULL AND ({ADMIN} OR {THERAPIST})",
            update=Update(["seen_at"], f"recipient_id = {ME}"),
        ),
        # Each side reads its own, and either opens what asks the other.
        SecureRows(
            "signal",
            read=f"CASE side WHEN 'client' THEN {SELF}"
            f" WHEN 'therapist' THEN {READS} ELSE false END",
            insert=EITHER_SIDE,
            update=Update(["closed_at"], OWN_SIDE),
            also=[
                Policy(
                    "acl_closes", "UPDATE", "cairn_acl", rights={"UPDATE": ["closed_at"]}
                )
            ],
        ),
        AclFunctions(
            SIGNALS,
            may={"app.close_signals(uuid[], text[], jsonb)": "cairn_web"},
            rights={"clients_signal": ["SELECT"]},
        ),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
        # Not as `db_default`: what has one is returned by INSERT, and a new client's
        # preferences may not be read yet.
        migrations.RunSQL(
            "ALTER TABLE clients_contactpreferences"
            " ALTER COLUMN celebrates SET DEFAULT 'quiet'",
            "ALTER TABLE clients_contactpreferences ALTER COLUMN celebrates DROP DEFAULT",
        ),
    ]  # fmt: skip
