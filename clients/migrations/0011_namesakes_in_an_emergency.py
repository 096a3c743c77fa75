"""Two clients of one name, and an emergency: an email or a phone number tells them apart."""

from django.db import migrations

TOLD_APART = """
GRANT SELECT (email, phone) ON clients_client TO cairn_acl;
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
-- Of those with this name, who has this email or these digits as a phone number.
CREATE FUNCTION app.clients_named(wanted text, address text, digits text)
  RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.id FROM public.clients_client c
    LEFT JOIN public.accounts_user u ON u.id = c.user_id
  WHERE c.id IN (SELECT app.clients_named(wanted))
    AND ((address <> '' AND address IN (c.email, u.email))
      OR (length(digits) > 4 AND digits = regexp_replace(c.phone, '[^0-9]', '', 'g'))) $$;
REVOKE ALL ON FUNCTION app.clients_named(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.clients_named(text, text, text) TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
NOT_TOLD_APART = """
DROP FUNCTION app.clients_named(text, text, text);
REVOKE SELECT (email, phone) ON clients_client FROM cairn_acl;
"""


class Migration(migrations.Migration):
    dependencies = [("clients", "0010_roles_only_shorten")]
    operations = [migrations.RunSQL(TOLD_APART, NOT_TOLD_APART)]
