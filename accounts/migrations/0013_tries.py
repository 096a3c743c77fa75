"""One counter for all that can be guessed; and a visitor's browser asked for by the
address that was typed, so that the question is the same whoever has an account."""

from django.db import migrations, models

# The web counts and never takes away; the tick takes away what has ended.
WHO = """
REVOKE DELETE ON accounts_tries FROM cairn_web;
GRANT DELETE ON accounts_tries TO cairn_worker;
GRANT SELECT (ends_at) ON accounts_tries TO cairn_worker;
"""
KNOWN = """
GRANT SELECT (email) ON accounts_user TO cairn_acl;
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE FUNCTION app.knows_device_of(address text, hash text) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.accounts_knowndevice d
    JOIN public.accounts_user u ON u.id = d.user_id
    WHERE u.email = address AND d.token_hash = hash) $$;
REVOKE ALL ON FUNCTION app.knows_device_of(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.knows_device_of(text, text) TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
NOT_KNOWN = """
DROP FUNCTION app.knows_device_of(text, text);
REVOKE SELECT (email) ON accounts_user FROM cairn_acl;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_ways_in_have_a_version")]

    operations = [
        migrations.CreateModel(
            name="Tries",
            fields=[
                (
                    "key",
                    models.CharField(max_length=80, primary_key=True, serialize=False),
                ),
                ("count", models.PositiveIntegerField()),
                ("ends_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.RunSQL(WHO, migrations.RunSQL.noop),
        migrations.RunSQL(KNOWN, NOT_KNOWN),
    ]
