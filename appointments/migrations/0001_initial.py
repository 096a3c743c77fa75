"""Sessions."""

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
            name="TherapySession",
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
                ("starts_at", models.DateTimeField(verbose_name="starts")),
                ("ends_at", models.DateTimeField(verbose_name="ends")),
                (
                    "place",
                    models.CharField(blank=True, max_length=120, verbose_name="place"),
                ),
                (
                    "video_link",
                    models.URLField(
                        blank=True, max_length=500, verbose_name="video link"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("held", "Held"),
                            ("missed", "Missed"),
                            ("cancelled", "Canceled"),
                        ],
                        default="planned",
                        max_length=10,
                    ),
                ),
                ("schedule_version", models.PositiveSmallIntegerField(default=1)),
                ("booked_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "take_away",
                    accounts.encryption.EncryptedTextField(
                        blank=True, verbose_name="what the client takes away"
                    ),
                ),
                ("logged_at", models.DateTimeField(null=True)),
                ("called_off_at", models.DateTimeField(null=True)),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sessions",
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
                (
                    "therapist",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["therapist", "starts_at"], name="session_by_therapist"
                    ),
                    models.Index(
                        fields=["client", "starts_at"], name="session_by_client"
                    ),
                    models.Index(
                        condition=models.Q(("state", "planned")),
                        fields=["starts_at"],
                        name="session_planned_by_start",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="session_ends_after_it_starts",
                        violation_error_message="A session ends after it begins.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "planned")),
                        fields=("client", "starts_at"),
                        name="session_booked_once",
                        violation_error_message="This session is booked already.",
                    ),
                ],
            },
        ),
    ]
