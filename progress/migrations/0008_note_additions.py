"""Addenda, late entries and corrections to signed notes: append-only, read as the note."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.encryption
import database.ids

TABLE = "progress_noteaddition"
ON = f"""
ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY;
CREATE POLICY practice_wall ON {TABLE} AS RESTRICTIVE TO cairn_web
  USING (practice_id = (SELECT app.practice()));
REVOKE UPDATE, DELETE ON {TABLE} FROM cairn_web;
-- The note's own policies decide which notes the client sees here.
CREATE POLICY read ON {TABLE} FOR SELECT TO cairn_web
  USING (client_id = ANY ((SELECT app.reads())::uuid[])
    OR (client_id = (SELECT app.self())
      AND EXISTS (SELECT FROM progress_progressnote n WHERE n.id = note_id)));
CREATE POLICY write ON {TABLE} FOR INSERT TO cairn_web
  WITH CHECK (client_id = ANY ((SELECT app.writes())::uuid[])
    AND by_id = (SELECT app.user_id())
    AND EXISTS (SELECT FROM progress_progressnote n
      WHERE n.id = note_id AND n.client_id = {TABLE}.client_id
        AND n.signed_at <= clock_timestamp())
    AND (correction_id IS NULL OR EXISTS (SELECT FROM clients_correction c
      WHERE c.id = correction_id AND c.client_id = {TABLE}.client_id)));
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse();
"""
OFF = f"""
DROP TRIGGER append_only ON {TABLE};
ALTER TABLE {TABLE} NO FORCE ROW LEVEL SECURITY;
ALTER TABLE {TABLE} DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_keys_can_change"),
        ("clients", "0005_how_success_is_marked"),
        ("progress", "0003_what_waits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="NoteAddition",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("addendum", "Addendum"),
                            ("late_entry", "Late entry"),
                            ("correction", "Correction"),
                        ],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("text", accounts.encryption.EncryptedTextField(verbose_name="text")),
                (
                    "reason",
                    accounts.encryption.EncryptedTextField(
                        blank=True, verbose_name="reason"
                    ),
                ),
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
                    "correction",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="additions",
                        to="clients.correction",
                    ),
                ),
                (
                    "note",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="additions",
                        to="progress.progressnote",
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
                    models.Index(fields=["note", "at"], name="addition_by_note")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["addendum", "late_entry", "correction"])
                        ),
                        name="note_addition_kind",
                    )
                ],
            },
        ),
        migrations.RunSQL(ON, OFF),
    ]
