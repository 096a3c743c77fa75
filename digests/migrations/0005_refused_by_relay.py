"""How many emails wait because our own mail server or its policy refuses them."""

from django.db import migrations

ON = """
GRANT SELECT (reason) ON accounts_outgoingemail TO cairn_acl;
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE FUNCTION app.refused_by_relay() RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*) FROM public.accounts_outgoingemail
  WHERE state IN ('waiting', 'sending') AND reason LIKE 'relay:%' $$;
REVOKE ALL ON FUNCTION app.refused_by_relay() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.refused_by_relay() TO cairn_web, cairn_worker;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
OFF = """
DROP FUNCTION app.refused_by_relay();
REVOKE SELECT (reason) ON accounts_outgoingemail FROM cairn_acl;
"""


class Migration(migrations.Migration):
    dependencies = [("digests", "0004_halt")]

    operations = [migrations.RunSQL(ON, OFF)]
