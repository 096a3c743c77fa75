"""The second lock on between-session practice."""

from django.db import migrations

ON = """
ALTER TABLE toolkit_assignment ENABLE ROW LEVEL SECURITY;
ALTER TABLE toolkit_assignment FORCE ROW LEVEL SECURITY;
CREATE POLICY practice_wall ON toolkit_assignment AS RESTRICTIVE TO cairn_web
  USING (practice_id = (SELECT app.practice()));
CREATE POLICY read ON toolkit_assignment FOR SELECT TO cairn_web
  USING (client_id = ANY ((SELECT app.reads())::uuid[])
    OR client_id = (SELECT app.self()));
CREATE POLICY write ON toolkit_assignment FOR INSERT TO cairn_web
  WITH CHECK (set_by_id = (SELECT app.user_id())
    AND (client_id = ANY ((SELECT app.writes())::uuid[])
      OR client_id = (SELECT app.self())));
CREATE POLICY change ON toolkit_assignment FOR UPDATE TO cairn_web
  USING (client_id = ANY ((SELECT app.writes())::uuid[])
    OR client_id = (SELECT app.self()));
REVOKE UPDATE, DELETE ON toolkit_assignment FROM cairn_web;
GRANT UPDATE (words, goal_id, due_on, answer, answered_at, answered_by_id)
  ON toolkit_assignment TO cairn_web;
"""
OFF = """
ALTER TABLE toolkit_assignment NO FORCE ROW LEVEL SECURITY;
ALTER TABLE toolkit_assignment DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("toolkit", "0001_initial"), ("goals", "0002_row_security")]

    operations = [migrations.RunSQL(ON, OFF)]
