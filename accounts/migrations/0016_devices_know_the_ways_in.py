"""A browser is known until a way in of its owner changes elsewhere.

Those from before are strange until the next sign-in there, where one had changed.
"""

from django.db import migrations, models

KNOWS = """
GRANT SELECT (ways_version) ON accounts_knowndevice, accounts_user TO cairn_acl;
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE OR REPLACE FUNCTION app.knows_device_of(address text, hash text)
  RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.accounts_knowndevice d
    JOIN public.accounts_user u ON u.id = d.user_id
    WHERE u.email = address AND d.token_hash = hash
      AND d.ways_version = u.ways_version) $$;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
KNEW = """
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE OR REPLACE FUNCTION app.knows_device_of(address text, hash text)
  RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.accounts_knowndevice d
    JOIN public.accounts_user u ON u.id = d.user_id
    WHERE u.email = address AND d.token_hash = hash) $$;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
REVOKE SELECT (ways_version) ON accounts_knowndevice, accounts_user FROM cairn_acl;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0015_way_back")]

    operations = [
        migrations.AddField(
            model_name="knowndevice",
            name="ways_version",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.RunSQL(KNOWS, KNEW),
    ]
