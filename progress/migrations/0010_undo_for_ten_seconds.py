"""A signature can be undone by its author for ten seconds, then it is final."""

from django.db import migrations

WRITES = "client_id = ANY ((SELECT app.writes())::uuid[])"
ME = "(SELECT app.user_id())"


def policies(shared: str, changes: str) -> str:
    return f"""
DROP POLICY read ON progress_progressnote;
CREATE POLICY read ON progress_progressnote FOR SELECT TO cairn_web
  USING (client_id = ANY ((SELECT app.reads())::uuid[])
    OR (client_id = (SELECT app.self()) AND {shared} AND NOT app.is_held(id)));
DROP POLICY change ON progress_progressnote;
CREATE POLICY change ON progress_progressnote FOR UPDATE TO cairn_web
  USING ({WRITES} AND author_id = {ME} AND {changes})
  WITH CHECK ({WRITES} AND author_id = {ME});
"""


FINAL = policies(
    "signed_at <= statement_timestamp()",
    "(signed_at IS NULL OR signed_at > statement_timestamp())",
)
AT_ONCE = policies("signed_at IS NOT NULL", "signed_at IS NULL")

# By the clock when the row is locked: whoever waited for it until too late is too late.
STAYS = """
CREATE OR REPLACE FUNCTION app.signed_stays() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.signed_at > clock_timestamp()
      AND OLD.author_id = app.user_id()
      AND NEW.signed_at IS NULL AND NEW.content_hash = ''
      AND to_jsonb(NEW) - 'signed_at' - 'content_hash'
        = to_jsonb(OLD) - 'signed_at' - 'content_hash' THEN
    RETURN NEW;
  END IF;
  RAISE insufficient_privilege USING MESSAGE = 'a signed note never changes';
END $$;
"""
STAYED = """
CREATE OR REPLACE FUNCTION app.signed_stays() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE insufficient_privilege USING MESSAGE = 'a signed note never changes';
END $$;
"""


def counts(unsigned: str) -> str:
    """app.caseload_counts() of 0003, with another meaning of an unsigned note."""
    return f"""
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE OR REPLACE FUNCTION app.caseload_counts(leaver uuid)
  RETURNS TABLE (client_id uuid, sessions bigint, drafts bigint, proposals bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.id,
    (SELECT count(*) FROM public.appointments_therapysession s WHERE s.client_id = c.id
      AND s.therapist_id = leaver AND s.state = 'planned' AND s.ends_at > clock_timestamp()),
    (SELECT count(*) FROM public.progress_progressnote n WHERE n.client_id = c.id
      AND n.author_id = leaver AND {unsigned}),
    (SELECT count(*) FROM public.goals_goal g
      JOIN public.goals_goalversion v ON v.id = g.latest_id WHERE g.client_id = c.id
      AND g.closed_at IS NULL AND v.side = 'client'
      AND g.in_force_id IS DISTINCT FROM g.latest_id)
  FROM public.clients_client c
  WHERE c.practice_id = app.practice() AND app.is_admin()
    AND EXISTS (SELECT FROM public.clients_carerole r WHERE r.client_id = c.id
      AND r.user_id = leaver AND r.kind = 'primary'
      AND (r.ends_at IS NULL OR r.ends_at > greatest(r.starts_at, clock_timestamp()))) $$;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""


COUNTS = counts("(n.signed_at IS NULL OR n.signed_at > clock_timestamp())")
COUNTED = counts("n.signed_at IS NULL")


class Migration(migrations.Migration):
    dependencies = [("progress", "0008_note_additions")]

    operations = [
        migrations.RunSQL([FINAL, STAYS, COUNTS], [COUNTED, STAYED, AT_ONCE]),
    ]
