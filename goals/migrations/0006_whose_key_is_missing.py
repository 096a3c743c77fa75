"""What goals that are there already wait for, and when they are looked at again."""

from django.db import migrations

# The owner, too, is held by the policies while they are forced.
FILL = """
ALTER TABLE goals_goal NO FORCE ROW LEVEL SECURITY;
ALTER TABLE goals_goalversion NO FORCE ROW LEVEL SECURITY;
UPDATE goals_goal g
SET waits_for = CASE v.side WHEN 'client' THEN 'therapist' ELSE 'client' END
FROM goals_goalversion v
WHERE v.id = g.latest_id AND g.closed_at IS NULL
  AND g.in_force_id IS DISTINCT FROM g.latest_id;
UPDATE goals_goal g SET review_on = v.review_on
FROM goals_goalversion v WHERE v.id = g.in_force_id;
ALTER TABLE goals_goal FORCE ROW LEVEL SECURITY;
ALTER TABLE goals_goalversion FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("goals", "0005_row_security_of_both")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
