"""A digest is its recipient's; the worker makes it without reading it."""

from django.db import migrations

ON = """
ALTER TABLE digests_digest ENABLE ROW LEVEL SECURITY;
ALTER TABLE digests_digest FORCE ROW LEVEL SECURITY;
CREATE POLICY practice_wall ON digests_digest AS RESTRICTIVE TO cairn_web
  USING (practice_id = (SELECT app.practice()));
CREATE POLICY own ON digests_digest FOR SELECT TO cairn_web
  USING (recipient_id = (SELECT app.user_id()));
CREATE POLICY made ON digests_digest FOR INSERT TO cairn_web
  WITH CHECK (recipient_id = (SELECT app.user_id()));
REVOKE UPDATE, DELETE ON digests_digest FROM cairn_web;
CREATE POLICY planner ON digests_digest TO cairn_worker USING (true);
GRANT SELECT, INSERT ON digests_digest TO cairn_worker;
"""
OFF = """
ALTER TABLE digests_digest NO FORCE ROW LEVEL SECURITY;
ALTER TABLE digests_digest DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("digests", "0001_initial"), ("notes", "0002_row_security")]

    operations = [migrations.RunSQL(ON, OFF)]
