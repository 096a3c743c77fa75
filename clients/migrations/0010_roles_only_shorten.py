"""A care role is ended or shortened, and never lengthened, by a web login's own SQL.

Calling a handover off, or putting it off, gives the primary therapist their time back:
that goes through one function, which first takes it from whoever was to follow.  A role
is not ended in the past either: the audit log and the role must tell the same story.
Receipts ("seen", "read") are one's own and are given once; an emergency's reason hangs
on an emergency of one's own.
"""

from django.db import migrations

SHORTENS = """
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

GRANT UPDATE (ends_at) ON clients_carerole TO cairn_acl;
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
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
REVOKE ALL ON FUNCTION app.primary_stays(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.primary_stays(uuid) TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
LENGTHENS = """
DROP FUNCTION app.primary_stays(uuid);
REVOKE UPDATE (ends_at) ON clients_carerole FROM cairn_acl;
DROP TRIGGER only_shorter ON clients_carerole;
DROP FUNCTION app.only_shorter();
"""

WRITES = "client_id = ANY ((SELECT app.writes())::uuid[])"
READS = "client_id = ANY ((SELECT app.reads())::uuid[])"
ME = "(SELECT app.user_id())"
RECEIPTS = f"""
ALTER POLICY see ON clients_emergencyreason
  USING ({WRITES} AND seen_at IS NULL) WITH CHECK ({WRITES} AND seen_by_id = {ME});
ALTER POLICY was_read ON clients_supervisioncomment
  USING ({WRITES} AND read_at IS NULL) WITH CHECK ({WRITES} AND read_by_id = {ME});
ALTER POLICY write ON clients_emergencyreason
  WITH CHECK (by_id = {ME} AND {READS} AND EXISTS (SELECT FROM clients_carerole r
    WHERE r.id = role_id AND r.client_id = clients_emergencyreason.client_id
      AND r.user_id = by_id AND r.kind = 'emergency'));
"""
NO_RECEIPTS = f"""
ALTER POLICY see ON clients_emergencyreason USING ({WRITES}) WITH CHECK ({WRITES});
ALTER POLICY was_read ON clients_supervisioncomment
  USING ({WRITES}) WITH CHECK ({WRITES});
ALTER POLICY write ON clients_emergencyreason WITH CHECK (by_id = {ME} AND {READS});
"""


class Migration(migrations.Migration):
    dependencies = [("clients", "0009_row_security_of_requests")]

    operations = [
        migrations.RunSQL(SHORTENS, LENGTHENS),
        migrations.RunSQL(RECEIPTS, NO_RECEIPTS),
    ]
