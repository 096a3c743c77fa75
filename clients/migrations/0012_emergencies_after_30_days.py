"""Whom an admin made a therapist opens no record in an emergency for 30 days.

Else an admin alone gets to read at once: through somebody they invent, or as a therapist
for a minute.
"""

from django.db import migrations

WAITS = """
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
-- From when one may; NULL is: at once.  By the database's clock, one's own alone.
CREATE FUNCTION app.emergencies_from() RETURNS timestamptz
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT therapist_since + interval '30 days' FROM public.accounts_user
  WHERE id = app.user_id() AND therapist_since > now() - interval '30 days' $$;
REVOKE ALL ON FUNCTION app.emergencies_from() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.emergencies_from() TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;

ALTER POLICY emergency ON clients_carerole
  WITH CHECK (kind = 'emergency' AND (SELECT app.is_therapist())
    AND user_id = (SELECT app.user_id()) AND given_by_id = (SELECT app.user_id())
    AND starts_at BETWEEN transaction_timestamp() AND clock_timestamp()
    AND ends_at IS NOT NULL AND app.is_ours(client_id)
    AND app.emergencies_from() IS NULL);
"""
WAITED_NOT = """
ALTER POLICY emergency ON clients_carerole
  WITH CHECK (kind = 'emergency' AND (SELECT app.is_therapist())
    AND user_id = (SELECT app.user_id()) AND given_by_id = (SELECT app.user_id())
    AND starts_at BETWEEN transaction_timestamp() AND clock_timestamp()
    AND ends_at IS NOT NULL AND app.is_ours(client_id));
DROP FUNCTION app.emergencies_from();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0017_therapist_since"),
        ("clients", "0011_namesakes_in_an_emergency"),
    ]
    operations = [migrations.RunSQL(WAITS, WAITED_NOT)]
