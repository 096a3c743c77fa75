"""Each audit row is hashed as it is written, finished ones are sealed once a minute.

A batch ends where no open transaction can still have a row: app.seal() notes the highest
number given out and, after it, its own transaction; when every older transaction has
ended, so is everything up to that number.  app.audit() takes its transaction's number
before its row's, or that would not hold.  Nobody waits for a lock.
"""

from django.db import migrations

from database.operations import ADMIN, AclFunctions, Policy, SecureRows

# Zone and date style are pinned: else a hash would depend on who computes it.
HASHES = """
CREATE FUNCTION app.audit_hash(event public.accounts_auditevent) RETURNS bytea
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
  SELECT sha256(convert_to(jsonb_build_array(event.id, event.at, event.practice_id,
    event.actor_id, event.role, event.verb, event.client_id, event.kind,
    event.object_id, event.reason, event.detail, event.address)::text, 'UTF8')) $$;
CREATE FUNCTION app.hash_audit_row() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.row_hash := app.audit_hash(NEW);
  RETURN NEW;
END $$;
CREATE TRIGGER hash_row BEFORE INSERT ON accounts_auditevent
  FOR EACH ROW EXECUTE FUNCTION app.hash_audit_row();
CREATE FUNCTION app.seal_hash(previous bytea, number bigint, first bigint, last bigint,
    rows bigint, at timestamptz, hashes bytea) RETURNS bytea
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
  SELECT sha256(previous || convert_to(
    jsonb_build_array(number, first, last, rows, at)::text, 'UTF8') || hashes) $$;
"""
UNHASHED = """
DROP TRIGGER hash_row ON accounts_auditevent;
DROP FUNCTION app.hash_audit_row();
DROP FUNCTION app.audit_hash(public.accounts_auditevent);
DROP FUNCTION app.seal_hash(bytea, bigint, bigint, bigint, bigint, timestamptz, bytea);
"""

SEAL = """
CREATE FUNCTION app.seal(OUT number bigint, OUT first bigint, OUT last bigint,
    OUT rows bigint, OUT digest bytea)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  before public.accounts_auditseal;
  given bigint;
  me bigint;
  oldest bigint;
  hashes bytea;
  sealed_at timestamptz := clock_timestamp();
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('app.seal', 0)) THEN
    RETURN;
  END IF;
  IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
    RAISE EXCEPTION 'app.seal() must be the first to write in its transaction';
  END IF;
  SELECT * INTO before FROM public.accounts_auditseal ORDER BY id DESC LIMIT 1;
  SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO given
    FROM public.accounts_auditevent_id_seq;
  IF given <= coalesce(before.last_event, 0) THEN
    RETURN;
  END IF;
  me := pg_current_xact_id()::text::bigint;
  oldest := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
  first := coalesce(before.last_event, 0) + 1;
  last := first - 1;
  IF oldest >= me THEN
    last := given;
  -- A restored dump begins to count transactions anew, and none of the old is open.
  ELSIF oldest >= before.seen_transaction OR me < before.seen_transaction THEN
    last := before.seen_event;
  ELSIF given <= before.seen_event THEN
    RETURN;
  END IF;
  last := least(last, first + 99999);
  SELECT count(*), coalesce(string_agg(coalesce(e.row_hash, app.audit_hash(e)), ''
      ORDER BY e.id), '') INTO rows, hashes
    FROM public.accounts_auditevent e WHERE e.id BETWEEN first AND last;
  number := coalesce(before.id, 0) + 1;
  digest := app.seal_hash(coalesce(before.hash, ''), number, first, last, rows,
    sealed_at, hashes);
  INSERT INTO public.accounts_auditseal (id, at, first_event, last_event, events,
      seen_event, seen_transaction, previous, hash)
    VALUES (number, sealed_at, first, last, rows, given, me, coalesce(before.hash, ''),
      digest);
END $$;

-- The first fault of the trail, or nothing.
CREATE FUNCTION app.audit_fault(OUT what text, OUT seal bigint, OUT event bigint)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  each public.accounts_auditseal;
  previous bytea := '';
  ended bigint := 0;
  expected bigint := 1;
  rows bigint;
  hashes bytea;
BEGIN
  SELECT 'row', NULL, min(e.id) INTO what, seal, event
    FROM public.accounts_auditevent e WHERE e.row_hash <> app.audit_hash(e);
  IF event IS NOT NULL THEN
    RETURN;
  END IF;
  FOR each IN SELECT * FROM public.accounts_auditseal ORDER BY id LOOP
    seal := each.id;
    SELECT count(*), coalesce(string_agg(app.audit_hash(e), '' ORDER BY e.id), '')
      INTO rows, hashes FROM public.accounts_auditevent e
      WHERE e.id BETWEEN each.first_event AND each.last_event;
    what := CASE
      WHEN each.id <> expected THEN 'missing seal'
      WHEN each.previous <> previous THEN 'chain'
      WHEN each.first_event <> ended + 1 THEN 'range'
      WHEN rows <> each.events THEN 'count'
      WHEN each.hash <> app.seal_hash(previous, each.id, each.first_event,
        each.last_event, rows, each.at, hashes) THEN 'batch' END;
    IF what = 'missing seal' THEN
      seal := expected;
    END IF;
    IF what IS NOT NULL THEN
      RETURN;
    END IF;
    previous := each.hash;
    ended := each.last_event;
    expected := each.id + 1;
  END LOOP;
  what := NULL;
END $$;
"""
# An index scan of one person's last minute, which ends where it is enough.
PACE = """
CREATE FUNCTION app.looks_lately() RETURNS bigint LANGUAGE sql VOLATILE
  SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*) FROM (SELECT FROM public.accounts_auditevent
    WHERE actor_id = app.user_id() AND at > now() - interval '1 minute'
      AND verb = 'opened' ORDER BY at DESC LIMIT 201) look $$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_row_security")]

    operations = [
        # How many rows a seal has tells of all practices; that it is there, and when,
        # does not.
        SecureRows(
            "auditseal",
            wall=False,
            read=None,
            insert=None,
            append_only=True,
            also=[
                Policy(
                    "admin_reads", "SELECT", "cairn_web", ADMIN,
                    rights={"SELECT": ["id", "at", "hash"]},
                ),
                Policy("verify", "SELECT", "cairn_worker", rights={"SELECT": []}),
                Policy("through_app_seal", "INSERT", "cairn_acl", rights={"INSERT": []}),
            ],
        ),
        migrations.RunSQL(HASHES, UNHASHED),
        AclFunctions(
            SEAL,
            may={
                "app.seal()": "cairn_worker, cairn_owner",
                "app.audit_fault()": "cairn_worker, cairn_owner",
            },
            rights={
                "accounts_auditseal": ["SELECT"],
                "accounts_auditevent": ["SELECT"],
                "SEQUENCE accounts_auditevent_id_seq": ["SELECT"],
            },
        ),
        migrations.RunSQL(PACE, "DROP FUNCTION app.looks_lately()"),
    ]  # fmt: skip
