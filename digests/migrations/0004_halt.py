"""Nothing leaves while a halt stands; and the backup's role reads all it must.

The owner sets a halt (a restore does), the worker lifts it when a person says so; the
web only sees that it is there.
"""

import django.utils.timezone
from django.db import migrations, models

ON = """
REVOKE INSERT, UPDATE, DELETE ON digests_halt FROM cairn_web;
GRANT SELECT, DELETE ON digests_halt TO cairn_worker;
-- pg_dump writes down where each sequence stands.
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO cairn_backup;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON SEQUENCES TO cairn_backup;
"""
OFF = """
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT ON SEQUENCES FROM cairn_backup;
REVOKE SELECT ON ALL SEQUENCES IN SCHEMA public FROM cairn_backup;
"""


class Migration(migrations.Migration):
    dependencies = [("digests", "0003_numbers_for_the_operator")]

    operations = [
        migrations.CreateModel(
            name="Halt",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("why", models.CharField(max_length=40)),
            ],
        ),
        migrations.RunSQL(ON, OFF),
    ]
