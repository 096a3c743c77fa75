"""Strengths with their moments, answered by the client alone; which goals they help
with; wins, however small, noted by either side and taken back by whoever noted them."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.encryption
import database.ids

STRENGTHS = """
ALTER TABLE goals_strength ENABLE ROW LEVEL SECURITY;
ALTER TABLE goals_strength FORCE ROW LEVEL SECURITY;
CREATE POLICY practice_wall ON goals_strength AS RESTRICTIVE TO cairn_web
  USING (practice_id = (SELECT app.practice()));
REVOKE UPDATE, DELETE ON goals_strength FROM cairn_web;

CREATE POLICY read ON goals_strength FOR SELECT TO cairn_web
  USING (client_id = ANY ((SELECT app.reads())::uuid[])
    OR client_id = (SELECT app.self()));
-- The client's own stands at once; the therapist's waits, and rewords nobody's.
CREATE POLICY propose ON goals_strength FOR INSERT TO cairn_web
  WITH CHECK (proposed_by_id = (SELECT app.user_id()) AND CASE side
    WHEN 'client' THEN client_id = (SELECT app.self_writes()) AND state = 'accepted'
    WHEN 'therapist' THEN client_id = ANY ((SELECT app.writes())::uuid[])
      AND state = 'proposed' AND rewords_id IS NULL
    ELSE false END);
-- Only whose strength it is says whether it is one.
CREATE POLICY answer ON goals_strength FOR UPDATE TO cairn_web
  USING (client_id = (SELECT app.self_writes()));
GRANT UPDATE (state, answered_at) ON goals_strength TO cairn_web;

-- No strength without its moment: an empty text is sealed as nothing.
ALTER TABLE goals_strength ADD CONSTRAINT strength_has_its_moment
  CHECK (octet_length(name) > 0 AND octet_length(moment) > 0);
"""
NO_STRENGTHS = """
ALTER TABLE goals_strength NO FORCE ROW LEVEL SECURITY;
ALTER TABLE goals_strength DISABLE ROW LEVEL SECURITY;
"""

EITHER_SIDE = """(client_id = ANY ((SELECT app.writes())::uuid[])
    OR client_id = (SELECT app.self_writes()))"""
LINKS = f"""
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
    AND EXISTS (SELECT FROM goals_strength s
      WHERE s.id = strength_id AND s.client_id = goals_strengthlink.client_id));
CREATE POLICY finish ON goals_strengthlink FOR UPDATE TO cairn_web USING ({EITHER_SIDE});
GRANT UPDATE (ended_at) ON goals_strengthlink TO cairn_web;
"""
NO_LINKS = """
ALTER TABLE goals_strengthlink NO FORCE ROW LEVEL SECURITY;
ALTER TABLE goals_strengthlink DISABLE ROW LEVEL SECURITY;
"""

OWN_SIDE = """by_id = (SELECT app.user_id()) AND CASE side
    WHEN 'client' THEN client_id = (SELECT app.self_writes())
    WHEN 'therapist' THEN client_id = ANY ((SELECT app.writes())::uuid[])
    ELSE false END"""
WINS = f"""
ALTER TABLE goals_win ENABLE ROW LEVEL SECURITY;
ALTER TABLE goals_win FORCE ROW LEVEL SECURITY;
CREATE POLICY practice_wall ON goals_win AS RESTRICTIVE TO cairn_web
  USING (practice_id = (SELECT app.practice()));
REVOKE UPDATE, DELETE ON goals_win FROM cairn_web;

CREATE POLICY read ON goals_win FOR SELECT TO cairn_web
  USING (client_id = ANY ((SELECT app.reads())::uuid[])
    OR client_id = (SELECT app.self()));
CREATE POLICY write ON goals_win FOR INSERT TO cairn_web WITH CHECK ({OWN_SIDE});
CREATE POLICY take_back ON goals_win FOR UPDATE TO cairn_web USING ({OWN_SIDE});
GRANT UPDATE (withdrawn_at) ON goals_win TO cairn_web;

ALTER TABLE goals_win ADD CONSTRAINT win_has_words CHECK (octet_length(words) > 0);
"""
NO_WINS = """
ALTER TABLE goals_win NO FORCE ROW LEVEL SECURITY;
ALTER TABLE goals_win DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_keys_can_change"),
        ("clients", "0005_how_success_is_marked"),
        ("goals", "0006_whose_key_is_missing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Strength",
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
                    "name",
                    accounts.encryption.EncryptedTextField(verbose_name="strength"),
                ),
                (
                    "moment",
                    accounts.encryption.EncryptedTextField(
                        verbose_name="the moment that shows it"
                    ),
                ),
                (
                    "setting",
                    accounts.encryption.EncryptedTextField(
                        blank=True, verbose_name="where and when"
                    ),
                ),
                (
                    "happened_on",
                    models.DateField(
                        blank=True, null=True, verbose_name="on which day"
                    ),
                ),
                ("side", models.CharField(max_length=10)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Waits for an answer"),
                            ("accepted", "Yes, that is me"),
                            ("declined", "Not me"),
                            ("reworded", "Said in own words"),
                        ],
                        default="proposed",
                        max_length=10,
                    ),
                ),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clients.client",
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
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "rewords",
                    models.OneToOneField(
                        error_messages={
                            "unique": "This stands in your own words already."
                        },
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="in_own_words",
                        to="goals.strength",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["client", "-at"], name="strength_by_client")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("answered_at", None),
                                ("side", "therapist"),
                                ("state", "proposed"),
                            ),
                            models.Q(
                                models.Q(("state", "proposed"), _negated=True),
                                ("answered_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="strength_waits_or_is_answered",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("side", "therapist"), ("side", "client"), _connector="OR"
                        ),
                        name="strength_is_of_a_side",
                    ),
                ],
            },
        ),
        migrations.RunSQL(STRENGTHS, NO_STRENGTHS),
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
                        to="goals.strength",
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
        migrations.RunSQL(LINKS, NO_LINKS),
        migrations.CreateModel(
            name="Win",
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
                ("words", accounts.encryption.EncryptedTextField(verbose_name="win")),
                ("side", models.CharField(max_length=10)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("happened_on", models.DateField(verbose_name="on which day")),
                ("withdrawn_at", models.DateTimeField(null=True)),
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
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.practice",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["client", "happened_on"], name="win_by_client")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("side", "therapist"), ("side", "client"), _connector="OR"
                        ),
                        name="win_is_of_a_side",
                    )
                ],
            },
        ),
        migrations.RunSQL(WINS, NO_WINS),
    ]
