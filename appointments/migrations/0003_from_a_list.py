"""A session that an import brought says so; of those that are here, the ones that are
held and were never logged: nothing else makes a session held."""

from django.db import migrations, models

# As the owner, past row security.
MARK = """
ALTER TABLE appointments_therapysession NO FORCE ROW LEVEL SECURITY;
UPDATE appointments_therapysession SET from_list = true
  WHERE state = 'held' AND logged_at IS NULL;
ALTER TABLE appointments_therapysession FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("appointments", "0002_row_security")]

    operations = [
        migrations.AddField(
            "therapysession",
            "from_list",
            models.BooleanField(default=False, db_default=False),
        ),
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
    ]
