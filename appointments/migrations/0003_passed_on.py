"""Sessions are passed on by who cannot see them: moved to an heir, or canceled.

By the admin, or by the primary therapist; which of them would clash with the heir's own
is told as moments alone.
"""

from django.db import migrations

ACL = """
GRANT SELECT (id, practice_id, client_id, therapist_id, starts_at, ends_at, state),
  UPDATE (therapist_id, state) ON appointments_therapysession TO cairn_acl;
CREATE POLICY acl ON appointments_therapysession FOR SELECT TO cairn_acl USING (true);
CREATE POLICY acl_passes_on ON appointments_therapysession FOR UPDATE TO cairn_acl
  USING (state = 'planned') WITH CHECK (state IN ('planned', 'cancelled'));
"""
NO_ACL = """
DROP POLICY acl_passes_on ON appointments_therapysession;
DROP POLICY acl ON appointments_therapysession;
REVOKE SELECT (id, practice_id, client_id, therapist_id, starts_at, ends_at, state),
  UPDATE (therapist_id, state) ON appointments_therapysession FROM cairn_acl;
"""
FUNCTIONS = """
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
-- By the admin, or by the primary therapist; to somebody who treats here.
CREATE FUNCTION app.pass_on_sessions(whose uuid, leaver uuid, heir uuid,
    since timestamptz, cancels boolean) RETURNS integer
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  many integer;
BEGIN
  IF NOT app.is_ours(whose) OR NOT app.treats_here(heir)
    OR NOT (app.is_admin() OR whose = ANY (app.leads())) THEN
    RAISE insufficient_privilege USING MESSAGE = 'these sessions are not yours to pass on';
  END IF;
  UPDATE public.appointments_therapysession
    SET therapist_id = CASE WHEN cancels THEN therapist_id ELSE heir END,
      state = CASE WHEN cancels THEN 'cancelled' ELSE state END
    WHERE client_id = whose AND state = 'planned' AND therapist_id = leaver
      AND ends_at > clock_timestamp()
      AND starts_at >= coalesce(since, '-infinity');
  GET DIAGNOSTICS many = ROW_COUNT;
  RETURN many;
END $$;
-- When a session that would be passed on overlaps one of the heir's: the moment alone.
CREATE FUNCTION app.session_clashes(whose uuid, leaver uuid, heir uuid,
    since timestamptz) RETURNS TABLE (id uuid, starts_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.id, s.starts_at FROM public.appointments_therapysession s
  WHERE app.is_ours(whose) AND app.treats_here(heir)
    AND (app.is_admin() OR whose = ANY (app.leads()))
    AND s.client_id = whose AND s.therapist_id = leaver AND s.state = 'planned'
    AND s.ends_at > clock_timestamp() AND s.starts_at >= coalesce(since, '-infinity')
    AND EXISTS (SELECT FROM public.appointments_therapysession o
      WHERE o.therapist_id = heir AND o.state = 'planned'
        AND o.starts_at < s.ends_at AND o.ends_at > s.starts_at)
  ORDER BY s.starts_at $$;
CREATE FUNCTION app.cancel_clashing_sessions(whose uuid, leaver uuid, heir uuid,
    since timestamptz) RETURNS integer
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  many integer;
BEGIN
  UPDATE public.appointments_therapysession SET state = 'cancelled' WHERE id IN
    (SELECT c.id FROM app.session_clashes(whose, leaver, heir, since) c);
  GET DIAGNOSTICS many = ROW_COUNT;
  RETURN many;
END $$;
REVOKE ALL ON FUNCTION app.pass_on_sessions(uuid, uuid, uuid, timestamptz, boolean),
  app.session_clashes(uuid, uuid, uuid, timestamptz),
  app.cancel_clashing_sessions(uuid, uuid, uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.pass_on_sessions(uuid, uuid, uuid, timestamptz, boolean),
  app.session_clashes(uuid, uuid, uuid, timestamptz),
  app.cancel_clashing_sessions(uuid, uuid, uuid, timestamptz) TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
NO_FUNCTIONS = """
DROP FUNCTION app.cancel_clashing_sessions(uuid, uuid, uuid, timestamptz);
DROP FUNCTION app.session_clashes(uuid, uuid, uuid, timestamptz);
DROP FUNCTION app.pass_on_sessions(uuid, uuid, uuid, timestamptz, boolean);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0002_row_security"),
        ("clients", "0009_row_security_of_requests"),
    ]

    operations = [
        migrations.RunSQL(ACL, NO_ACL),
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
    ]
