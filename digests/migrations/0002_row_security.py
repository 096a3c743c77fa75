"""A digest is its recipient's; the worker makes it without reading it.

What the operator is told of the outbox is numbers and a time: these functions look at all
emails and give back no row, no practice and no person.  Nothing leaves while a halt
stands: the owner sets one (a restore does), the worker lifts it when a person says so;
the web only sees that it is there.
"""

from django.db import migrations

from database.operations import ME, AclFunctions, Policy, SecureRows

OUTBOX = """
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
-- How many wait because our own mail server or its policy refuses them.
CREATE FUNCTION app.refused_by_relay() RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*) FROM public.accounts_outgoingemail
  WHERE state IN ('waiting', 'sending') AND reason LIKE 'relay:%' $$;
"""
HALT = """
REVOKE INSERT, UPDATE, DELETE ON digests_halt FROM cairn_web;
GRANT SELECT, DELETE ON digests_halt TO cairn_worker;
"""
NO_HALT = """
REVOKE SELECT, DELETE ON digests_halt FROM cairn_worker;
GRANT INSERT, UPDATE, DELETE ON digests_halt TO cairn_web;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("digests", "0001_initial"),
        ("notes", "0002_row_security"),
    ]

    operations = [
        SecureRows(
            "digest",
            read=f"recipient_id = {ME}",
            insert=f"recipient_id = {ME}",
            also=[
                Policy(
                    "planner", "ALL", "cairn_worker", rights={"SELECT": [], "INSERT": []}
                )
            ],
        ),
        AclFunctions(
            OUTBOX,
            may={
                "app.oldest_unsent()": "cairn_web, cairn_worker",
                "app.emails()": "cairn_web, cairn_worker",
                "app.refused_by_relay()": "cairn_web, cairn_worker",
            },
            rights={
                "accounts_outgoingemail": [
                    "SELECT (state, due_at, created_at, attempts, reason)"
                ]
            },
        ),
        migrations.RunSQL(HALT, NO_HALT),
    ]  # fmt: skip
