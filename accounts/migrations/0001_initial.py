"""Practices, people, keys, sign-ins, the outbox and the audit log."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.fields
import database.ids
import ui.time_zones


class Migration(migrations.Migration):
    initial = True

    dependencies = [("database", "0001_schema")]

    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                (
                    "id",
                    models.PositiveBigIntegerField(primary_key=True, serialize=False),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
                ("first_event", models.BigIntegerField()),
                ("last_event", models.BigIntegerField()),
                ("events", models.BigIntegerField()),
                ("seen_event", models.BigIntegerField()),
                ("seen_transaction", models.BigIntegerField()),
                ("previous", models.BinaryField()),
                ("hash", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Tries",
            fields=[
                (
                    "key",
                    models.CharField(max_length=80, primary_key=True, serialize=False),
                ),
                ("count", models.PositiveIntegerField()),
                ("ends_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="CacheEntry",
            fields=[
                (
                    "key",
                    models.CharField(max_length=64, primary_key=True, serialize=False),
                ),
                ("value", models.JSONField()),
                ("ends_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="ResetRequest",
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
                ("email", models.CharField(max_length=254)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
                ("practice_id", models.UUIDField(null=True)),
                ("actor_id", models.UUIDField(null=True)),
                ("role", models.CharField(blank=True, max_length=20)),
                ("verb", models.CharField(max_length=40)),
                ("client_id", models.UUIDField(null=True)),
                ("kind", models.CharField(blank=True, max_length=40)),
                ("object_id", models.UUIDField(null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("detail", models.JSONField(default=dict)),
                ("address", models.GenericIPAddressField(null=True)),
                ("row_hash", models.BinaryField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["client_id", "-at"], name="audit_by_client"),
                    models.Index(
                        fields=["practice_id", "-at"], name="audit_by_practice"
                    ),
                    models.Index(fields=["actor_id", "-at"], name="audit_by_actor"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Practice",
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
                    accounts.fields.NameField(max_length=120, verbose_name="name"),
                ),
                ("slug", models.SlugField(max_length=60, unique=True)),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC",
                        max_length=60,
                        validators=[ui.time_zones.validate_zone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "session_minutes",
                    models.PositiveSmallIntegerField(
                        default=50, verbose_name="length of a session, in minutes"
                    ),
                ),
                (
                    "idle_minutes",
                    models.PositiveSmallIntegerField(
                        default=30,
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(30),
                        ],
                        verbose_name="signed out after, in minutes",
                    ),
                ),
                (
                    "sender_name",
                    models.CharField(
                        blank=True, max_length=60, verbose_name="sender of mails"
                    ),
                ),
                (
                    "portal_days",
                    models.PositiveSmallIntegerField(
                        default=30, verbose_name="portal after discharge, in days"
                    ),
                ),
                ("privacy_notice", models.TextField(blank=True)),
                ("privacy_version", models.PositiveSmallIntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sender_name__regex", "[\\x01-\\x1f\\x7f]"), _negated=True
                        ),
                        name="practice_sender_is_one_line",
                        violation_error_code="sender_name",
                        violation_error_message="A sender’s name is one line.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sender_name__contains", "=?"), _negated=True
                        ),
                        name="practice_sender_is_not_encoded",
                        violation_error_code="sender_name",
                        violation_error_message="Enter a sender’s name without “=?”.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("idle_minutes__gte", 5), ("idle_minutes__lte", 30)
                        ),
                        name="practice_idle_five_to_thirty",
                        violation_error_code="idle_minutes",
                        violation_error_message="From 5 to 30 minutes.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CrisisLine",
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
                    accounts.fields.NameField(max_length=120, verbose_name="name"),
                ),
                ("number", models.CharField(max_length=40, verbose_name="number")),
                (
                    "hours",
                    models.CharField(blank=True, max_length=120, verbose_name="hours"),
                ),
                (
                    "verified_on",
                    models.DateField(blank=True, null=True, verbose_name="verified on"),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="crisis_lines",
                        to="accounts.practice",
                    ),
                ),
            ],
            options={
                "ordering": ["position", "name"],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "last_login",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="last login"
                    ),
                ),
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
                    "email",
                    accounts.fields.EmailAddressField(
                        max_length=254, unique=True, verbose_name="e-mail"
                    ),
                ),
                (
                    "name",
                    accounts.fields.NameField(max_length=120, verbose_name="name"),
                ),
                ("name_key", accounts.fields.NameKeyField(of=("name",))),
                (
                    "pronouns",
                    models.CharField(
                        blank=True, max_length=40, verbose_name="pronouns"
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC",
                        max_length=60,
                        validators=[ui.time_zones.validate_zone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        default="en", max_length=12, verbose_name="language"
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                (
                    "is_therapist",
                    models.BooleanField(default=False, verbose_name="therapist"),
                ),
                ("is_admin", models.BooleanField(default=False, verbose_name="admin")),
                (
                    "phone",
                    models.CharField(blank=True, max_length=40, verbose_name="phone"),
                ),
                (
                    "contact_hours",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="contact hours"
                    ),
                ),
                ("joined_at", models.DateTimeField(editable=False, null=True)),
                ("therapist_since", models.DateTimeField(editable=False, null=True)),
                (
                    "sign_in_version",
                    models.PositiveIntegerField(default=0, editable=False),
                ),
                (
                    "privacy_version",
                    models.PositiveSmallIntegerField(editable=False, null=True),
                ),
                ("privacy_at", models.DateTimeField(editable=False, null=True)),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="people",
                        to="accounts.practice",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Credential",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="credential",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("password", models.CharField(max_length=128)),
            ],
        ),
        migrations.CreateModel(
            name="SignIn",
            fields=[
                (
                    "key_hash",
                    models.CharField(
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                (
                    "expire_date",
                    models.DateTimeField(db_index=True, verbose_name="expire date"),
                ),
                (
                    "public_id",
                    models.UUIDField(
                        default=database.ids.uuid7, editable=False, unique=True
                    ),
                ),
                ("begun_at", models.DateTimeField(null=True)),
                ("last_active_at", models.DateTimeField(null=True)),
                ("shared", models.BooleanField(default=False)),
                ("agent", models.CharField(blank=True, max_length=80)),
                ("address", models.GenericIPAddressField(null=True)),
                ("way", models.CharField(blank=True, max_length=20)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sign_ins",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "db_table": "accounts_signin",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AddressChange",
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
                ("email", accounts.fields.EmailAddressField(max_length=254)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="address_changes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("used_at", None)),
                        fields=("user",),
                        name="address_change_one_open",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="KnownDevice",
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
                ("token_hash", models.CharField(max_length=64)),
                ("first_seen", models.DateTimeField(default=django.utils.timezone.now)),
                ("last_seen", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "sign_in_version",
                    models.PositiveIntegerField(db_default=0, default=0),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="devices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "token_hash"), name="known_device_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OutgoingEmail",
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
                ("kind", models.CharField(max_length=30)),
                ("period", models.CharField(max_length=80)),
                ("about", models.UUIDField(null=True)),
                ("address", models.EmailField(blank=True, max_length=254)),
                ("due_at", models.DateTimeField()),
                ("not_after", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "Sending"),
                            ("sent", "Sent"),
                            ("held", "Held"),
                            ("dropped", "Dropped"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("lease_until", models.DateTimeField(null=True)),
                ("claim", models.UUIDField(null=True)),
                ("message_id", models.CharField(blank=True, max_length=120)),
                ("sent_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="emails",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.practice",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "sending"])),
                        fields=["due_at"],
                        name="email_open_by_due_at",
                    ),
                    models.Index(
                        fields=["practice", "-created_at"], name="email_recent"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("recipient", "kind", "period"),
                        name="email_once_per_period",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
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
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "invited_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.practice",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("revoked_at", None), ("used_at", None)),
                        fields=("user",),
                        name="invitation_one_open_per_person",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DataKey",
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
                ("client_id", models.UUIDField(null=True, unique=True)),
                ("wrapped", models.BinaryField()),
                ("master_version", models.PositiveSmallIntegerField(default=1)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.practice",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("client_id", None)),
                        fields=("practice",),
                        name="data_key_one_per_practice",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("email", django.db.models.functions.text.Lower(models.F("email")))
                ),
                name="user_email_is_lower_case",
            ),
        ),
    ]
