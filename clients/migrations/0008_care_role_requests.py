import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import database.ids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_keys_can_change"),
        ("clients", "0007_drafts_are_swept"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CareRoleRequest",
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
                            ("primary", "Primary therapist"),
                            ("co_therapist", "Co-therapist"),
                            ("supervisor", "Supervisor"),
                            ("cover", "Cover"),
                            ("emergency", "Emergency access"),
                        ],
                        max_length=12,
                    ),
                ),
                ("starts_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("cancels_sessions", models.BooleanField(default=False)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("confirmed", "Confirmed"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
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
                        related_name="care_role_requests",
                        to="clients.client",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
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
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
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
                            ("role-asked", "A care role waits for confirmation"),
                            ("role-given", "A care role was given"),
                            ("role-ended", "A care role ended"),
                            ("therapist-changed", "Another primary therapist"),
                            ("client-moved", "A client moves to you"),
                            ("emergency", "Emergency access"),
                            ("sign-in-reset", "Sign-in reset"),
                        ],
                        max_length=20,
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "care_role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("primary", "Primary therapist"),
                            ("co_therapist", "Co-therapist"),
                            ("supervisor", "Supervisor"),
                            ("cover", "Cover"),
                            ("emergency", "Emergency access"),
                        ],
                        max_length=12,
                    ),
                ),
                ("opens_at", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField(null=True)),
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clients.client",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
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
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clients.carerolerequest",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="carerolerequest",
            index=models.Index(
                fields=["client", "-asked_at"], name="care_request_by_client"
            ),
        ),
        migrations.AddConstraint(
            model_name="carerolerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at", None), ("decided_by", None), ("outcome", "")
                    ),
                    models.Q(
                        models.Q(("outcome", ""), _negated=True),
                        ("decided_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="care_request_is_decided_or_waits",
            ),
        ),
        migrations.AddConstraint(
            model_name="carerolerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "emergency"), _negated=True),
                name="care_request_no_emergency",
            ),
        ),
        migrations.AddConstraint(
            model_name="carerolerequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("outcome", "")),
                fields=("client", "user", "kind"),
                name="care_request_once",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("seen_at", None)),
                fields=["recipient", "at"],
                name="notice_unseen",
            ),
        ),
    ]
