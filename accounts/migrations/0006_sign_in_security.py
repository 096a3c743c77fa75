"""The second lock on devices and wishes for another address: each has but their own."""

from django.db import migrations

TABLES = ("accounts_knowndevice", "accounts_addresschange")
ON = "".join(
    f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
    f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
    f"CREATE POLICY own ON {table} TO cairn_web"
    f" USING (user_id = (SELECT app.user_id()));"
    f"REVOKE DELETE ON {table} FROM cairn_web;"
    for table in TABLES
)
OFF = "".join(
    f"DROP POLICY own ON {table};"
    f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
    f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
    for table in TABLES
)
# A device is known before anybody is: a visitor asks with both hashes at hand.
KNOWN = """
GRANT SELECT (user_id, token_hash) ON accounts_knowndevice TO cairn_acl;
CREATE POLICY acl ON accounts_knowndevice FOR SELECT TO cairn_acl USING (true);
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE FUNCTION app.knows_device(who uuid, hash text) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.accounts_knowndevice
    WHERE user_id = who AND token_hash = hash) $$;
REVOKE ALL ON FUNCTION app.knows_device(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.knows_device(uuid, text) TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
NOT_KNOWN = """
DROP FUNCTION app.knows_device(uuid, text);
DROP POLICY acl ON accounts_knowndevice;
"""
# The tick takes away sign-ins that ended; their keys are secrets that it cannot read.
OLD = """
GRANT DELETE ON accounts_signin TO cairn_worker;
GRANT SELECT (expire_date) ON accounts_signin TO cairn_worker;
"""
NOT_OLD = """
REVOKE DELETE ON accounts_signin FROM cairn_worker;
REVOKE SELECT (expire_date) ON accounts_signin FROM cairn_worker;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_sign_ins")]

    operations = [
        migrations.RunSQL(ON, OFF),
        migrations.RunSQL(KNOWN, NOT_KNOWN),
        migrations.RunSQL(OLD, NOT_OLD),
    ]
