"""A web login signs for the next ten seconds only: no date of its own choice.

Eleven, for the time between reading the clock and writing.
"""

from django.db import migrations

WRITES = "client_id = ANY ((SELECT app.writes())::uuid[])"
ME = "(SELECT app.user_id())"
NOW = "statement_timestamp()"
BOUNDED = f"""
ALTER POLICY change ON progress_progressnote
  WITH CHECK ({WRITES} AND author_id = {ME} AND (signed_at IS NULL
    OR signed_at BETWEEN {NOW} AND {NOW} + interval '11 seconds'));
"""
FREE = f"""
ALTER POLICY change ON progress_progressnote
  WITH CHECK ({WRITES} AND author_id = {ME});
"""


class Migration(migrations.Migration):
    dependencies = [("progress", "0013_take_over_drafts")]
    operations = [migrations.RunSQL(BOUNDED, FREE)]
