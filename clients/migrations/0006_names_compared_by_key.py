"""Clients are searched, sorted and opened in an emergency by the key of their name."""

from django.conf import settings
from django.db import migrations, models

import accounts.fields
from ui import email_addresses, names

# Also as it was typed: what asks is still the old program while it is replaced.
NAMED = """
GRANT SELECT (name_key) ON clients_client TO cairn_acl;
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE OR REPLACE FUNCTION app.clients_named(wanted text) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT id FROM public.clients_client
  WHERE practice_id = app.practice() AND app.is_therapist() AND wanted <> ''
    AND (name_key = wanted
      OR lower(trim(preferred_name || ' ' || family_name)) = lower(trim(wanted))) $$;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
NAMED_BEFORE = """
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE OR REPLACE FUNCTION app.clients_named(wanted text) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT id FROM public.clients_client
  WHERE practice_id = app.practice() AND app.is_therapist()
    AND lower(trim(preferred_name || ' ' || family_name)) = lower(trim(wanted)) $$;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
SPELLED = ["preferred_name", "family_name", "emergency_name", "email", "name_key"]


def spell(apps, schema_editor):
    """What was written before.  A thousand at once: there may be a hundred thousand."""
    clients = apps.get_model("clients", "Client").objects
    schema_editor.execute("ALTER TABLE clients_client NO FORCE ROW LEVEL SECURITY")
    some = []
    for client in clients.only(*SPELLED).iterator():
        for field in SPELLED[:3]:
            said = getattr(client, field)
            setattr(client, field, names.clean(said) or said)
        whole = f"{client.preferred_name} {client.family_name}"
        client.name_key = names.name_key(whole)
        client.email = email_addresses.normalize(client.email)
        some.append(client)
        if len(some) == 1000:
            clients.bulk_update(some, SPELLED)
            some.clear()
    clients.bulk_update(some, SPELLED)
    schema_editor.execute("ALTER TABLE clients_client FORCE ROW LEVEL SECURITY")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_names_and_addresses_in_one_spelling"),
        ("clients", "0005_how_success_is_marked"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="client",
            name="client_by_preferred_name",
        ),
        migrations.AddField(
            model_name="client",
            name="name_key",
            field=accounts.fields.NameKeyField(of=("preferred_name", "family_name")),
        ),
        migrations.AlterField(
            model_name="client",
            name="email",
            field=accounts.fields.EmailAddressField(
                blank=True, max_length=254, verbose_name="e-mail"
            ),
        ),
        migrations.AlterField(
            model_name="client",
            name="emergency_name",
            field=accounts.fields.NameField(
                blank=True, max_length=120, verbose_name="emergency contact"
            ),
        ),
        migrations.AlterField(
            model_name="client",
            name="family_name",
            field=accounts.fields.NameField(
                blank=True, max_length=80, verbose_name="family name"
            ),
        ),
        migrations.AlterField(
            model_name="client",
            name="preferred_name",
            field=accounts.fields.NameField(
                max_length=80, verbose_name="preferred name"
            ),
        ),
        migrations.AddIndex(
            model_name="client",
            index=models.Index(
                models.F("practice"), models.F("name_key"), name="client_by_name_key"
            ),
        ),
        migrations.RunPython(spell, migrations.RunPython.noop),
        migrations.RunSQL(NAMED, NAMED_BEFORE),
    ]
