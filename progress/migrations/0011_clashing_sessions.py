"""Which sessions of a client would clash with those of another therapist."""

from django.db import migrations

FUNCTIONS = """
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
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
REVOKE ALL ON FUNCTION app.session_clashes(uuid, uuid, uuid, timestamptz),
  app.cancel_clashing_sessions(uuid, uuid, uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.session_clashes(uuid, uuid, uuid, timestamptz),
  app.cancel_clashing_sessions(uuid, uuid, uuid, timestamptz) TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
NO_FUNCTIONS = """
DROP FUNCTION app.cancel_clashing_sessions(uuid, uuid, uuid, timestamptz);
DROP FUNCTION app.session_clashes(uuid, uuid, uuid, timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("progress", "0010_undo_for_ten_seconds"),
        ("clients", "0009_row_security_of_requests"),
    ]

    operations = [
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
    ]
