"""What an admin does with sessions they cannot see: count them and pass them on."""

from django.db import migrations

ACL = """
GRANT SELECT (id, practice_id, client_id, therapist_id, starts_at, ends_at, state),
  UPDATE (therapist_id, state) ON appointments_therapysession TO cairn_acl;
CREATE POLICY acl ON appointments_therapysession FOR SELECT TO cairn_acl USING (true);
CREATE POLICY acl_passes_on ON appointments_therapysession FOR UPDATE TO cairn_acl
  USING (state = 'planned') WITH CHECK (state IN ('planned', 'cancelled'));
GRANT SELECT (id, client_id, author_id, signed_at) ON progress_progressnote TO cairn_acl;
CREATE POLICY acl ON progress_progressnote FOR SELECT TO cairn_acl USING (true);
GRANT SELECT (id, client_id, closed_at, in_force_id, latest_id) ON goals_goal
  TO cairn_acl;
CREATE POLICY acl ON goals_goal FOR SELECT TO cairn_acl USING (true);
GRANT SELECT (id, side) ON goals_goalversion TO cairn_acl;
CREATE POLICY acl ON goals_goalversion FOR SELECT TO cairn_acl USING (true);
"""
DOORS = """
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
-- What waits for each client whom somebody leads: numbers alone, and for admins alone.
CREATE FUNCTION app.caseload_counts(leaver uuid)
  RETURNS TABLE (client_id uuid, sessions bigint, drafts bigint, proposals bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.id,
    (SELECT count(*) FROM public.appointments_therapysession s WHERE s.client_id = c.id
      AND s.therapist_id = leaver AND s.state = 'planned' AND s.ends_at > clock_timestamp()),
    (SELECT count(*) FROM public.progress_progressnote n WHERE n.client_id = c.id
      AND n.author_id = leaver AND n.signed_at IS NULL),
    (SELECT count(*) FROM public.goals_goal g
      JOIN public.goals_goalversion v ON v.id = g.latest_id WHERE g.client_id = c.id
      AND g.closed_at IS NULL AND v.side = 'client'
      AND g.in_force_id IS DISTINCT FROM g.latest_id)
  FROM public.clients_client c
  WHERE c.practice_id = app.practice() AND app.is_admin()
    AND EXISTS (SELECT FROM public.clients_carerole r WHERE r.client_id = c.id
      AND r.user_id = leaver AND r.kind = 'primary'
      AND (r.ends_at IS NULL OR r.ends_at > greatest(r.starts_at, clock_timestamp()))) $$;
REVOKE ALL ON FUNCTION app.pass_on_sessions(uuid, uuid, uuid, timestamptz, boolean),
  app.caseload_counts(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.pass_on_sessions(uuid, uuid, uuid, timestamptz, boolean),
  app.caseload_counts(uuid) TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
NO_DOORS = """
DROP FUNCTION app.pass_on_sessions(uuid, uuid, uuid, timestamptz, boolean);
DROP FUNCTION app.caseload_counts(uuid);
DROP POLICY acl ON appointments_therapysession;
DROP POLICY acl_passes_on ON appointments_therapysession;
DROP POLICY acl ON progress_progressnote;
DROP POLICY acl ON goals_goal;
DROP POLICY acl ON goals_goalversion;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("progress", "0002_row_security"),
        ("goals", "0002_row_security"),
        ("clients", "0004_row_security_of_care"),
    ]

    operations = [migrations.RunSQL([ACL, DOORS], NO_DOORS)]
