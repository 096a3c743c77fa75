"""Copies of records, each for a day and for whoever asked."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.encryption
import database.ids

TABLE = "progress_recordexport"
ME = "(SELECT app.user_id())"
ON = f"""
ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY;
CREATE POLICY practice_wall ON {TABLE} AS RESTRICTIVE TO cairn_web
  USING (practice_id = (SELECT app.practice()));
-- Nobody's but theirs who asked, for as long as the record is theirs to read.
CREATE POLICY read ON {TABLE} FOR SELECT TO cairn_web USING (by_id = {ME}
  AND (client_id = ANY ((SELECT app.reads())::uuid[]) OR client_id = (SELECT app.self())));
CREATE POLICY ask ON {TABLE} FOR INSERT TO cairn_web WITH CHECK (by_id = {ME}
  AND state = 'waiting' AND (client_id = ANY ((SELECT app.writes())::uuid[])
    OR client_id = (SELECT app.self())));
CREATE POLICY keep ON {TABLE} FOR UPDATE TO cairn_web USING (by_id = {ME});
REVOKE UPDATE, DELETE ON {TABLE} FROM cairn_web;
GRANT UPDATE (state, ready_at, archive) ON {TABLE} TO cairn_web;
-- The worker: whose turn it is and what has lain for a day, never a byte of it.
CREATE POLICY worker ON {TABLE} TO cairn_worker USING (true);
GRANT SELECT (id, by_id, asked_at, state, attempts, ready_at),
  UPDATE (state, attempts, archive) ON {TABLE} TO cairn_worker;
"""
OFF = f"""
ALTER TABLE {TABLE} NO FORCE ROW LEVEL SECURITY;
ALTER TABLE {TABLE} DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_keys_can_change"),
        ("clients", "0005_strengths"),
        ("progress", "0006_goal_watch"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RecordExport",
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
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Is being made"),
                            ("ready", "Ready"),
                            ("failed", "Could not be made"),
                            ("gone", "Taken away after a day"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("ready_at", models.DateTimeField(null=True)),
                ("archive", accounts.encryption.EncryptedTextField(blank=True)),
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
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "ready"])),
                        fields=["asked_at"],
                        name="record_export_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("by", "client"),
                        name="record_export_one_at_a_time",
                    )
                ],
            },
        ),
        migrations.RunSQL(ON, OFF),
    ]
