"""Imports of a caseload, and copies of records."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.encryption
import database.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("clients", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseloadImport",
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
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reading", "Is being read"),
                            ("refused", "Cannot be read"),
                            ("ready", "Waits to be looked at"),
                            ("waiting", "Waits for its turn"),
                            ("running", "Is being brought in"),
                            ("failed", "Did not come in"),
                            ("done", "Is in"),
                            ("dropped", "Left out"),
                            ("undoing", "Is being undone"),
                            ("undone", "Undone"),
                        ],
                        default="reading",
                        max_length=8,
                    ),
                ),
                ("columns", models.JSONField(default=list)),
                (
                    "date_order",
                    models.CharField(
                        blank=True,
                        choices=[("day", "3 February"), ("month", "2 March")],
                        max_length=5,
                    ),
                ),
                ("leaves_out", models.BooleanField(default=False)),
                ("refusal", models.JSONField(db_default={}, default=dict)),
                ("claim", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("percent", models.PositiveSmallIntegerField(default=0)),
                ("people", models.PositiveIntegerField(default=0)),
                ("sessions", models.PositiveIntegerField(default=0)),
                ("goals", models.PositiveIntegerField(default=0)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                    "therapist",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ImportSheet",
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
                    "part",
                    models.CharField(
                        choices=[
                            ("upload", "The file as it came"),
                            ("directory", "Names and contacts"),
                            ("sealed", "All else"),
                            ("review", "What the page shows"),
                            ("mend", "Lines to fix, as a file"),
                        ],
                        max_length=9,
                    ),
                ),
                ("body", accounts.encryption.EncryptedTextField()),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "caseload_import",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sheets",
                        to="transfer.caseloadimport",
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
        ),
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
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clients.client",
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.practice",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="caseloadimport",
            index=models.Index(
                fields=["therapist", "-made_at"], name="import_by_therapist"
            ),
        ),
        migrations.AddIndex(
            model_name="caseloadimport",
            index=models.Index(
                condition=models.Q(
                    ("state__in", ["waiting", "running", "reading", "undoing"])
                ),
                fields=["made_at"],
                name="import_under_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="importsheet",
            constraint=models.UniqueConstraint(
                fields=("caseload_import", "part"), name="import_sheet_once"
            ),
        ),
        migrations.AddIndex(
            model_name="recordexport",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "ready"])),
                fields=["asked_at"],
                name="record_export_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="recordexport",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")),
                fields=("by", "client"),
                name="record_export_one_at_a_time",
            ),
        ),
    ]
