"""A discharged client reads what was agreed to practise and answers no more."""

from django.db import migrations

WRITES = """
ALTER POLICY write ON toolkit_assignment WITH CHECK (set_by_id = (SELECT app.user_id())
    AND (client_id = ANY ((SELECT app.writes())::uuid[])
      OR client_id = (SELECT app.{own}())));
ALTER POLICY change ON toolkit_assignment
  USING (client_id = ANY ((SELECT app.writes())::uuid[])
    OR client_id = (SELECT app.{own}()));
"""


class Migration(migrations.Migration):
    dependencies = [
        ("toolkit", "0002_row_security"),
        ("clients", "0004_row_security_of_care"),
    ]

    operations = [
        migrations.RunSQL(WRITES.format(own="self_writes"), WRITES.format(own="self"))
    ]
