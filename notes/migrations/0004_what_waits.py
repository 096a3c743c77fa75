"""What waits for each client whom somebody leads: an admin counts it, sees none of it.

Sessions, unsigned notes and proposals; a signature that can still be undone is none yet.
"""

from django.db import migrations

ACL = """
GRANT SELECT (id, client_id, closed_at, in_force_id, latest_id) ON goals_goal
  TO cairn_acl;
GRANT SELECT (id, side) ON goals_goalversion TO cairn_acl;
CREATE POLICY acl ON goals_goalversion FOR SELECT TO cairn_acl USING (true);
"""
DOORS = """
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
-- What waits for each client whom somebody leads: numbers alone, and for admins alone.
CREATE FUNCTION app.caseload_counts(leaver uuid)
  RETURNS TABLE (client_id uuid, sessions bigint, drafts bigint, proposals bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.id,
    (SELECT count(*) FROM public.appointments_therapysession s WHERE s.client_id = c.id
      AND s.therapist_id = leaver AND s.state = 'planned' AND s.ends_at > clock_timestamp()),
    (SELECT count(*) FROM public.notes_progressnote n WHERE n.client_id = c.id
      AND n.author_id = leaver
      AND (n.signed_at IS NULL OR n.signed_at > clock_timestamp())),
    (SELECT count(*) FROM public.goals_goal g
      JOIN public.goals_goalversion v ON v.id = g.latest_id WHERE g.client_id = c.id
      AND g.closed_at IS NULL AND v.side = 'client'
      AND g.in_force_id IS DISTINCT FROM g.latest_id)
  FROM public.clients_client c
  WHERE c.practice_id = app.practice() AND app.is_admin()
    AND EXISTS (SELECT FROM public.clients_carerole r WHERE r.client_id = c.id
      AND r.user_id = leaver AND r.kind = 'primary'
      AND (r.ends_at IS NULL OR r.ends_at > greatest(r.starts_at, clock_timestamp()))) $$;
REVOKE ALL ON FUNCTION app.caseload_counts(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.caseload_counts(uuid) TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
NO_DOORS = """
DROP FUNCTION app.caseload_counts(uuid);
DROP POLICY acl ON goals_goalversion;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("notes", "0003_take_over_drafts"),
        ("goals", "0011_attention"),
    ]

    operations = [migrations.RunSQL([ACL, DOORS], NO_DOORS)]
