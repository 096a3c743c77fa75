"""What the operator is told of the outbox: numbers and a time, past every wall.

The web sees no email but its reader's; these two functions look at all of them and
give back no row, no practice and no person.
"""

from django.db import migrations

ON = """
CREATE POLICY counted ON accounts_outgoingemail FOR SELECT TO cairn_acl USING (true);
GRANT SELECT (state, due_at, created_at, attempts) ON accounts_outgoingemail TO cairn_acl;
-- An email that was planned late is late since then.  One that is tried again is due
-- later each time (send.again), so those waits, as they are on average, are taken off.
CREATE FUNCTION app.oldest_unsent() RETURNS timestamptz
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT min(since) FROM (
    SELECT greatest(created_at, due_at - make_interval(secs =>
      60 * (2 ^ least(attempts, 6) - 1) + 3600 * greatest(attempts - 6, 0))) AS since
    FROM public.accounts_outgoingemail WHERE state IN ('waiting', 'sending')) unsent
  WHERE since <= statement_timestamp() $$;
CREATE FUNCTION app.emails() RETURNS TABLE (state text, number bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT m.state, count(*) FROM public.accounts_outgoingemail m GROUP BY m.state $$;
GRANT CREATE ON SCHEMA app TO cairn_acl;
ALTER FUNCTION app.oldest_unsent() OWNER TO cairn_acl;
ALTER FUNCTION app.emails() OWNER TO cairn_acl;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
SET LOCAL ROLE cairn_acl;
REVOKE ALL ON FUNCTION app.oldest_unsent() FROM PUBLIC;
REVOKE ALL ON FUNCTION app.emails() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.oldest_unsent() TO cairn_web, cairn_worker;
GRANT EXECUTE ON FUNCTION app.emails() TO cairn_web, cairn_worker;
SET LOCAL ROLE NONE;
"""
OFF = """
DROP FUNCTION app.oldest_unsent();
DROP FUNCTION app.emails();
REVOKE SELECT (state, due_at, created_at, attempts) ON accounts_outgoingemail
  FROM cairn_acl;
DROP POLICY counted ON accounts_outgoingemail;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("digests", "0002_row_security"),
        ("accounts", "0010_keys_can_change"),
    ]

    operations = [migrations.RunSQL(ON, OFF)]
