"""Wins, however small, noted by either side and taken back by whoever noted them."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.encryption
import database.ids

OWN_SIDE = """by_id = (SELECT app.user_id()) AND CASE side
    WHEN 'client' THEN client_id = (SELECT app.self_writes())
    WHEN 'therapist' THEN client_id = ANY ((SELECT app.writes())::uuid[])
    ELSE false END"""
ROWS = f"""
ALTER TABLE progress_win ENABLE ROW LEVEL SECURITY;
ALTER TABLE progress_win FORCE ROW LEVEL SECURITY;
CREATE POLICY practice_wall ON progress_win AS RESTRICTIVE TO cairn_web
  USING (practice_id = (SELECT app.practice()));
REVOKE UPDATE, DELETE ON progress_win FROM cairn_web;

CREATE POLICY read ON progress_win FOR SELECT TO cairn_web
  USING (client_id = ANY ((SELECT app.reads())::uuid[])
    OR client_id = (SELECT app.self()));
CREATE POLICY write ON progress_win FOR INSERT TO cairn_web WITH CHECK ({OWN_SIDE});
CREATE POLICY take_back ON progress_win FOR UPDATE TO cairn_web USING ({OWN_SIDE});
GRANT UPDATE (withdrawn_at) ON progress_win TO cairn_web;

ALTER TABLE progress_win ADD CONSTRAINT win_has_words CHECK (octet_length(words) > 0);
"""
NO_ROWS = """
ALTER TABLE progress_win NO FORCE ROW LEVEL SECURITY;
ALTER TABLE progress_win DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_keys_can_change"),
        ("clients", "0005_strengths"),
        ("progress", "0003_transfer"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
        migrations.RunSQL(ROWS, NO_ROWS),
    ]
