"""The worker deletes drafts that nobody changed for 30 days, and reads none."""

from django.db import migrations, models

ON = """
CREATE POLICY sweep ON clients_draft TO cairn_worker
  USING (saved_at < clock_timestamp() - interval '30 days');
GRANT SELECT (id, saved_at), DELETE ON clients_draft TO cairn_worker;
"""
OFF = """
REVOKE SELECT (id, saved_at), DELETE ON clients_draft FROM cairn_worker;
DROP POLICY sweep ON clients_draft;
"""


class Migration(migrations.Migration):
    dependencies = [("clients", "0006_names_compared_by_key")]

    operations = [
        migrations.RunSQL(ON, OFF),
        migrations.AddIndex(
            "draft", models.Index(fields=["saved_at"], name="draft_by_age")
        ),
    ]
