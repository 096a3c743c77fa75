"""Clients, who treats them, how they may be contacted, and what is said about care."""

import datetime

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.encryption
import accounts.fields
import database.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Client",
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
                    "preferred_name",
                    accounts.fields.NameField(
                        max_length=80, verbose_name="preferred name"
                    ),
                ),
                (
                    "family_name",
                    accounts.fields.NameField(
                        blank=True, max_length=80, verbose_name="family name"
                    ),
                ),
                (
                    "name_key",
                    accounts.fields.NameKeyField(of=("preferred_name", "family_name")),
                ),
                (
                    "pronouns",
                    models.CharField(
                        blank=True, max_length=40, verbose_name="pronouns"
                    ),
                ),
                (
                    "email",
                    accounts.fields.EmailAddressField(
                        blank=True, max_length=254, verbose_name="e-mail"
                    ),
                ),
                (
                    "phone",
                    models.CharField(blank=True, max_length=40, verbose_name="phone"),
                ),
                (
                    "emergency_name",
                    accounts.fields.NameField(
                        blank=True, max_length=120, verbose_name="emergency contact"
                    ),
                ),
                (
                    "emergency_phone",
                    models.CharField(
                        blank=True, max_length=40, verbose_name="their phone number"
                    ),
                ),
                ("wants_portal", models.BooleanField(default=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("paused", "Paused"),
                            ("discharged", "Discharged"),
                        ],
                        default="active",
                        max_length=12,
                    ),
                ),
                ("discharged_at", models.DateTimeField(editable=False, null=True)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clients",
                        to="accounts.practice",
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="client",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
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
                        db_constraint=False,
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
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="care_role_requests",
                        to="clients.client",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CareRole",
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
                (
                    "starts_at",
                    models.DateTimeField(
                        default=django.db.models.functions.datetime.Now
                    ),
                ),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                (
                    "given_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="care_roles",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="care_roles",
                        to="clients.client",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Correction",
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
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "about",
                    accounts.encryption.EncryptedTextField(
                        verbose_name="what it is about"
                    ),
                ),
                (
                    "words",
                    accounts.encryption.EncryptedTextField(
                        verbose_name="what should be different"
                    ),
                ),
                (
                    "answer",
                    accounts.encryption.EncryptedTextField(
                        blank=True, verbose_name="answer"
                    ),
                ),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
        migrations.CreateModel(
            name="Draft",
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
                ("target", models.UUIDField()),
                ("body", accounts.encryption.EncryptedTextField(blank=True)),
                ("revision", models.PositiveIntegerField(default=0)),
                ("saved_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "author",
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
        migrations.CreateModel(
            name="EmergencyReason",
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
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "words",
                    accounts.encryption.EncryptedTextField(verbose_name="reason"),
                ),
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
                (
                    "role",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="emergency",
                        to="clients.carerole",
                    ),
                ),
                (
                    "seen_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
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
                        db_constraint=False,
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
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clients.carerolerequest",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SupervisionComment",
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
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "words",
                    accounts.encryption.EncryptedTextField(verbose_name="comment"),
                ),
                ("session_id", models.UUIDField(null=True)),
                ("read_at", models.DateTimeField(null=True)),
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
                (
                    "read_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ClientBackground",
            fields=[
                (
                    "client",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="background",
                        serialize=False,
                        to="clients.client",
                    ),
                ),
                (
                    "presenting_concern",
                    accounts.encryption.EncryptedTextField(
                        blank=True, verbose_name="presenting concern"
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
        migrations.CreateModel(
            name="ContactPreferences",
            fields=[
                (
                    "client",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="preferences",
                        serialize=False,
                        to="clients.client",
                    ),
                ),
                ("paused_until", models.DateField(blank=True, null=True)),
                (
                    "celebrates",
                    models.CharField(
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
        migrations.CreateModel(
            name="ContactWish",
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
                ("kind", models.CharField(max_length=40)),
                ("allowed", models.BooleanField()),
                (
                    "lead_hours",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (2, "2 hours before"),
                            (24, "the day before, at the same time"),
                            (48, "two days before, at the same time"),
                        ],
                        null=True,
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
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client", "kind"), name="contact_wish_once_a_kind"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="client",
            index=models.Index(
                models.F("practice"), models.F("name_key"), name="client_by_name_key"
            ),
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
            model_name="carerole",
            index=models.Index(fields=["user", "client"], name="care_role_by_user"),
        ),
        migrations.AddConstraint(
            model_name="carerole",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ends_at", None), ("kind", "primary")),
                fields=("client",),
                name="care_role_one_primary",
                violation_error_message="There is a primary therapist already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="carerole",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_at", None),
                    ("ends_at__gte", models.F("starts_at")),
                    _connector="OR",
                ),
                name="care_role_ends_after_it_starts",
            ),
        ),
        migrations.AddConstraint(
            model_name="carerole",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "cover"), _negated=True),
                    ("ends_at__isnull", False),
                    _connector="OR",
                ),
                name="care_role_cover_ends",
                violation_error_code="until",
                violation_error_message="Cover ends on a day.",
            ),
        ),
        migrations.AddConstraint(
            model_name="carerole",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "emergency"), _negated=True),
                    models.Q(
                        ("ends_at__isnull", False),
                        (
                            "ends_at__lte",
                            django.db.models.expressions.CombinedExpression(
                                models.F("starts_at"),
                                "+",
                                models.Value(datetime.timedelta(seconds=14400)),
                            ),
                        ),
                    ),
                    _connector="OR",
                ),
                name="care_role_emergency_lasts_four_hours",
            ),
        ),
        migrations.AddIndex(
            model_name="correction",
            index=models.Index(fields=["client", "-at"], name="correction_by_client"),
        ),
        migrations.AddIndex(
            model_name="draft",
            index=models.Index(fields=["saved_at"], name="draft_by_age"),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.UniqueConstraint(
                fields=("author", "client", "kind", "target"), name="draft_one_per_form"
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
        migrations.AddIndex(
            model_name="supervisioncomment",
            index=models.Index(fields=["client", "-at"], name="comment_by_client"),
        ),
        migrations.CreateModel(
            name="Signal",
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
                ("kind", models.CharField(max_length=20)),
                ("about", models.UUIDField()),
                (
                    "side",
                    models.CharField(
                        choices=[("client", "client"), ("therapist", "therapist")],
                        max_length=10,
                    ),
                ),
                ("since", models.DateTimeField()),
                ("due_on", models.DateField(null=True)),
                ("until", models.DateTimeField(null=True)),
                ("until_opened", models.BooleanField(default=False)),
                ("closed_at", models.DateTimeField(null=True)),
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
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at", None)),
                        fields=("client", "side", "kind", "about"),
                        name="signal_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("side", "client"), ("side", "therapist"), _connector="OR"
                        ),
                        name="signal_is_of_a_side",
                    ),
                ],
            },
        ),
    ]
