"""Which strengths help with which goal, as either side sees it."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import database.ids

EITHER_SIDE = """(client_id = ANY ((SELECT app.writes())::uuid[])
    OR client_id = (SELECT app.self_writes()))"""
ROWS = f"""
ALTER TABLE goals_strengthlink ENABLE ROW LEVEL SECURITY;
ALTER TABLE goals_strengthlink FORCE ROW LEVEL SECURITY;
CREATE POLICY practice_wall ON goals_strengthlink AS RESTRICTIVE TO cairn_web
  USING (practice_id = (SELECT app.practice()));
REVOKE UPDATE, DELETE ON goals_strengthlink FROM cairn_web;

CREATE POLICY read ON goals_strengthlink FOR SELECT TO cairn_web
  USING (client_id = ANY ((SELECT app.reads())::uuid[])
    OR client_id = (SELECT app.self()));
-- One's own side, and both ends are this client's.
CREATE POLICY write ON goals_strengthlink FOR INSERT TO cairn_web
  WITH CHECK (by_id = (SELECT app.user_id()) AND CASE side
      WHEN 'client' THEN client_id = (SELECT app.self_writes())
      WHEN 'therapist' THEN client_id = ANY ((SELECT app.writes())::uuid[])
      ELSE false END
    AND EXISTS (SELECT FROM goals_goal g
      WHERE g.id = goal_id AND g.client_id = goals_strengthlink.client_id)
    AND EXISTS (SELECT FROM clients_strength s
      WHERE s.id = strength_id AND s.client_id = goals_strengthlink.client_id));
CREATE POLICY finish ON goals_strengthlink FOR UPDATE TO cairn_web USING ({EITHER_SIDE});
GRANT UPDATE (ended_at) ON goals_strengthlink TO cairn_web;
"""
NO_ROWS = """
ALTER TABLE goals_strengthlink NO FORCE ROW LEVEL SECURITY;
ALTER TABLE goals_strengthlink DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_keys_can_change"),
        ("clients", "0005_strengths"),
        ("goals", "0006_whose_key_is_missing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StrengthLink",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=database.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "side",
                    models.CharField(
                        choices=[("client", "Client"), ("therapist", "Therapist")],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clients.client",
                    ),
                ),
                (
                    "goal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="strength_links",
                        to="goals.goal",
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.practice",
                    ),
                ),
                (
                    "strength",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="clients.strength",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at", None)),
                        fields=["client"],
                        name="strength_link_standing",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("strength", "goal"),
                        name="strength_link_once",
                    )
                ],
            },
        ),
        migrations.RunSQL(ROWS, NO_ROWS),
    ]
