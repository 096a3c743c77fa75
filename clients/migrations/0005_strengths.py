"""Strengths with their moments, answered by the client alone; how success is marked."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.encryption
import database.ids

ROWS = """
ALTER TABLE clients_strength ENABLE ROW LEVEL SECURITY;
ALTER TABLE clients_strength FORCE ROW LEVEL SECURITY;
CREATE POLICY practice_wall ON clients_strength AS RESTRICTIVE TO cairn_web
  USING (practice_id = (SELECT app.practice()));
REVOKE UPDATE, DELETE ON clients_strength FROM cairn_web;

CREATE POLICY read ON clients_strength FOR SELECT TO cairn_web
  USING (client_id = ANY ((SELECT app.reads())::uuid[])
    OR client_id = (SELECT app.self()));
-- The client's own stands at once; the therapist's waits, and rewords nobody's.
CREATE POLICY propose ON clients_strength FOR INSERT TO cairn_web
  WITH CHECK (proposed_by_id = (SELECT app.user_id()) AND CASE side
    WHEN 'client' THEN client_id = (SELECT app.self_writes()) AND state = 'accepted'
    WHEN 'therapist' THEN client_id = ANY ((SELECT app.writes())::uuid[])
      AND state = 'proposed' AND rewords_id IS NULL
    ELSE false END);
-- Only whose strength it is says whether it is one.
CREATE POLICY answer ON clients_strength FOR UPDATE TO cairn_web
  USING (client_id = (SELECT app.self_writes()));
GRANT UPDATE (state, answered_at) ON clients_strength TO cairn_web;

-- No strength without its moment: an empty text is sealed as nothing.
ALTER TABLE clients_strength ADD CONSTRAINT strength_has_its_moment
  CHECK (octet_length(name) > 0 AND octet_length(moment) > 0);
"""
NO_ROWS = """
ALTER TABLE clients_strength NO FORCE ROW LEVEL SECURITY;
ALTER TABLE clients_strength DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_keys_can_change"),
        ("clients", "0004_row_security_of_care"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="contactcharter",
            name="celebrates",
            field=models.CharField(
                choices=[
                    ("quiet", "quietly, with a line and no more"),
                    ("talk", "by talking about it in the session"),
                    ("nobody", "privately, and nobody brings it up"),
                    (
                        "ritual",
                        "with a small ritual, one sentence and the last stone",
                    ),
                ],
                default="quiet",
                max_length=8,
            ),
        ),
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
                        to="clients.strength",
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
        migrations.RunSQL(ROWS, NO_ROWS),
        # For older code, still running during an upgrade.  Not as `db_default`: what
        # has one is returned by INSERT, and a new client's charter may not be read yet.
        migrations.RunSQL(
            "ALTER TABLE clients_contactcharter"
            " ALTER COLUMN celebrates SET DEFAULT 'quiet'",
            "ALTER TABLE clients_contactcharter ALTER COLUMN celebrates DROP DEFAULT",
        ),
    ]
