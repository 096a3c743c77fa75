"""A discharged client reads their goals and writes nothing."""

from django.db import migrations

EITHER_SIDE = """(client_id = ANY ((SELECT app.writes())::uuid[])
    OR client_id = (SELECT app.{own}()))"""
OWN_SIDE = """CASE side
    WHEN 'client' THEN client_id = (SELECT app.{own}())
    WHEN 'therapist' THEN client_id = ANY ((SELECT app.writes())::uuid[])
    ELSE false END"""
WRITES = """
ALTER POLICY write ON goals_goal WITH CHECK ({either});
ALTER POLICY change ON goals_goal USING ({either});
ALTER POLICY write ON goals_goalversion
  WITH CHECK (proposed_by_id = (SELECT app.user_id()) AND {own});
ALTER POLICY write ON goals_agreement
  WITH CHECK (by_id = (SELECT app.user_id()) AND {own});
ALTER POLICY write ON goals_goalrating
  WITH CHECK (by_id = (SELECT app.user_id()) AND {own});
ALTER POLICY write ON goals_step
  WITH CHECK (added_by_id = (SELECT app.user_id()) AND {either});
ALTER POLICY change ON goals_step USING ({either});
"""


def policies(own):
    return WRITES.format(
        either=EITHER_SIDE.format(own=own), own=OWN_SIDE.format(own=own)
    )


class Migration(migrations.Migration):
    dependencies = [
        ("goals", "0002_row_security"),
        ("clients", "0004_row_security_of_care"),
    ]

    operations = [migrations.RunSQL(policies("self_writes"), policies("self"))]
