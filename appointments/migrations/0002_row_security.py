"""The second lock on sessions."""

from django.db import migrations

TABLE = "appointments_therapysession"
ON = (
    f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY;"
    f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY;"
    f"CREATE POLICY practice_wall ON {TABLE} AS RESTRICTIVE TO cairn_web"
    f" USING (practice_id = (SELECT app.practice()));"
    f"REVOKE DELETE ON {TABLE} FROM cairn_web;"
)
OFF = (
    f"ALTER TABLE {TABLE} NO FORCE ROW LEVEL SECURITY;"
    f"ALTER TABLE {TABLE} DISABLE ROW LEVEL SECURITY;"
)
READS = "client_id = ANY ((SELECT app.reads())::uuid[])"
WRITES = "client_id = ANY ((SELECT app.writes())::uuid[])"
SELF = "client_id = (SELECT app.self())"
ME = "(SELECT app.user_id())"
POLICIES = f"""
CREATE POLICY read ON appointments_therapysession FOR SELECT TO cairn_web
  USING ({READS} OR {SELF});
CREATE POLICY write ON appointments_therapysession FOR INSERT TO cairn_web
  WITH CHECK ({WRITES} AND therapist_id = {ME});
CREATE POLICY change ON appointments_therapysession FOR UPDATE TO cairn_web USING ({WRITES});
REVOKE UPDATE ON appointments_therapysession FROM cairn_web;
GRANT UPDATE (starts_at, ends_at, place, video_link, state, schedule_version, booked_at,
  take_away, logged_at, called_off_at) ON appointments_therapysession TO cairn_web;
-- The planner of reminders: when, never where or what.
CREATE POLICY planner ON appointments_therapysession FOR SELECT TO cairn_worker USING (true);
GRANT SELECT (id, practice_id, client_id, therapist_id, starts_at, ends_at, state,
  schedule_version, booked_at) ON appointments_therapysession TO cairn_worker;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0001_initial"),
        ("clients", "0002_row_security"),
    ]

    operations = [migrations.RunSQL([ON, POLICIES], OFF)]
