"""Goals, their versions and agreements; ratings, reviews, comments; strengths and wins."""

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
        ("appointments", "0001_initial"),
        ("clients", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Agreement",
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
                ("turn", models.PositiveSmallIntegerField(db_default=1, default=1)),
                ("fingerprint", models.CharField(max_length=64)),
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
            name="Goal",
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
                ("in_force_at", models.DateTimeField(null=True)),
                (
                    "waits_for",
                    models.CharField(
                        blank=True,
                        choices=[("client", "Client"), ("therapist", "Therapist")],
                        db_default="",
                        default="",
                        max_length=10,
                    ),
                ),
                ("differs_since", models.DateTimeField(null=True)),
                ("review_on", models.DateField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "ended_as",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("aside", "Set aside"),
                            ("reached", "Reached"),
                            ("taken back", "Taken back"),
                            ("declined", "Not a goal of theirs"),
                        ],
                        db_default="",
                        default="",
                        max_length=12,
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="goals",
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
            name="GoalVersion",
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
                ("number", models.PositiveSmallIntegerField()),
                (
                    "side",
                    models.CharField(
                        choices=[("client", "Client"), ("therapist", "Therapist")],
                        max_length=10,
                    ),
                ),
                (
                    "proposed_at",
                    models.DateTimeField(default=django.utils.timezone.now),
                ),
                (
                    "own_words",
                    accounts.encryption.EncryptedTextField(
                        verbose_name="in the client's own words"
                    ),
                ),
                (
                    "clinical_words",
                    accounts.encryption.EncryptedTextField(
                        blank=True, verbose_name="in the therapist's words"
                    ),
                ),
                (
                    "why",
                    accounts.encryption.EncryptedTextField(
                        blank=True,
                        db_default=b"",
                        default="",
                        verbose_name="why it matters",
                    ),
                ),
                (
                    "knowing",
                    accounts.encryption.EncryptedTextField(
                        blank=True,
                        db_default=b"",
                        default="",
                        verbose_name="how we will know",
                    ),
                ),
                (
                    "low_end",
                    accounts.encryption.EncryptedTextField(
                        blank=True, verbose_name="what 0 means"
                    ),
                ),
                (
                    "high_end",
                    accounts.encryption.EncryptedTextField(
                        blank=True, verbose_name="what 10 means"
                    ),
                ),
                (
                    "review_on",
                    models.DateField(blank=True, null=True, verbose_name="review on"),
                ),
                (
                    "attainment",
                    accounts.encryption.EncryptedTextField(
                        blank=True,
                        db_default=b"",
                        default="",
                        verbose_name="attainment scale",
                    ),
                ),
                (
                    "weight_importance",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        choices=[
                            (0, "not"),
                            (1, "a little"),
                            (2, "very"),
                            (3, "extremely"),
                        ],
                        null=True,
                        verbose_name="importance",
                    ),
                ),
                (
                    "weight_difficulty",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        choices=[
                            (0, "not"),
                            (1, "a little"),
                            (2, "very"),
                            (3, "extremely"),
                        ],
                        null=True,
                        verbose_name="difficulty",
                    ),
                ),
                ("fingerprint", models.CharField(max_length=64)),
                (
                    "compared",
                    accounts.encryption.EncryptedJSONField(
                        db_default=b"", default=None
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
                    "goal",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="goals.goal",
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
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GoalMove",
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
                            ("key_withdrawn", "Not any more"),
                            ("declined", "The agreed words stay"),
                            ("differs", "Seen differently"),
                            ("next", "A way on"),
                            ("decided", "Decided in a review"),
                            ("taken_up", "Taken up again"),
                            ("line", "A line for a harder day"),
                        ],
                        max_length=15,
                    ),
                ),
                ("choice", models.CharField(blank=True, max_length=10)),
                (
                    "words",
                    accounts.encryption.EncryptedTextField(
                        blank=True, verbose_name="reason"
                    ),
                ),
                (
                    "wording",
                    accounts.encryption.EncryptedTextField(
                        blank=True, verbose_name="in whose words"
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
                (
                    "agreement",
                    models.OneToOneField(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="taken_back",
                        to="goals.agreement",
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
                    "goal",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="moves",
                        to="goals.goal",
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
                    "version",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="goals.goalversion",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="goal",
            name="in_force",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="goals.goalversion",
            ),
        ),
        migrations.AddField(
            model_name="goal",
            name="latest",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="goals.goalversion",
            ),
        ),
        migrations.AddField(
            model_name="agreement",
            name="version",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="keys",
                to="goals.goalversion",
            ),
        ),
        migrations.CreateModel(
            name="Review",
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
                ("opened_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("client_at", models.DateTimeField(null=True)),
                ("therapist_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("keep", "Keep it as it is"),
                            ("change", "Change it"),
                            ("aside", "Set it aside"),
                            ("reached", "Reached"),
                        ],
                        max_length=10,
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
                    "goal",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="goals.goal",
                    ),
                ),
                (
                    "opened_by",
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
            ],
        ),
        migrations.AddField(
            model_name="goal",
            name="review",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="goals.review",
            ),
        ),
        migrations.CreateModel(
            name="ReviewAnswer",
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
                (
                    "goal_fits",
                    models.CharField(
                        blank=True,
                        choices=[("yes", "Yes"), ("partly", "Not quite"), ("no", "No")],
                        max_length=8,
                    ),
                ),
                ("goal_words", accounts.encryption.EncryptedTextField(blank=True)),
                (
                    "size_fits",
                    models.CharField(
                        blank=True,
                        choices=[("yes", "Yes"), ("partly", "Not quite"), ("no", "No")],
                        max_length=8,
                    ),
                ),
                ("size_words", accounts.encryption.EncryptedTextField(blank=True)),
                (
                    "way_fits",
                    models.CharField(
                        blank=True,
                        choices=[("yes", "Yes"), ("partly", "Not quite"), ("no", "No")],
                        max_length=8,
                    ),
                ),
                ("way_words", accounts.encryption.EncryptedTextField(blank=True)),
                (
                    "choice",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("keep", "Keep it as it is"),
                            ("change", "Change it"),
                            ("aside", "Set it aside"),
                            ("reached", "Reached"),
                        ],
                        max_length=10,
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
                (
                    "review",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="goals.review",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Step",
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
                ("words", accounts.encryption.EncryptedTextField(verbose_name="step")),
                (
                    "cue",
                    accounts.encryption.EncryptedTextField(
                        blank=True, db_default=b"", default="", verbose_name="if"
                    ),
                ),
                (
                    "plan",
                    accounts.encryption.EncryptedTextField(
                        blank=True, db_default=b"", default="", verbose_name="then"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("reached_at", models.DateTimeField(null=True)),
                ("dropped_at", models.DateTimeField(null=True)),
                (
                    "added_by",
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
                    "goal",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="goals.goal",
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
                    "reached_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
            },
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
                        db_constraint=False,
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
        ),
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
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clients.client",
                    ),
                ),
                (
                    "goal",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="strength_links",
                        to="goals.goal",
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
                    "strength",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="goals.strength",
                    ),
                ),
            ],
        ),
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
            name="Comment",
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
                (
                    "words",
                    accounts.encryption.EncryptedTextField(verbose_name="comment"),
                ),
                (
                    "discussed_on",
                    models.DateField(
                        blank=True, null=True, verbose_name="talked about on"
                    ),
                ),
                (
                    "changed",
                    accounts.encryption.EncryptedTextField(
                        blank=True, verbose_name="what changed"
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
                (
                    "discussed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "goal",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="comments",
                        to="goals.goal",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["goal", "-at"], name="comment_by_goal"),
                    models.Index(
                        condition=models.Q(("discussed_on", None)),
                        fields=["client", "at"],
                        name="comment_unanswered",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GoalLink",
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
                        choices=[("helps", "helps"), ("hinders", "gets in the way of")],
                        max_length=10,
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
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clients.client",
                    ),
                ),
                (
                    "goal",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="goals.goal",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="linked_from",
                        to="goals.goal",
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
                "indexes": [models.Index(fields=["other"], name="goal_link_by_other")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("goal", "other"),
                        name="goal_link_once",
                        violation_error_code="other",
                        violation_error_message="They are linked already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("goal", models.F("other")), _negated=True),
                        name="goal_link_of_two",
                        violation_error_code="other",
                        violation_error_message="Choose another goal.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GoalRating",
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
                ("value", models.PositiveSmallIntegerField()),
                (
                    "word",
                    accounts.encryption.EncryptedTextField(
                        blank=True,
                        db_default=b"",
                        default="",
                        verbose_name="a word beside the number",
                    ),
                ),
                (
                    "context",
                    accounts.encryption.EncryptedTextField(
                        blank=True,
                        db_default=b"",
                        default="",
                        verbose_name="what was going on",
                    ),
                ),
                ("together", models.BooleanField(db_default=False, default=False)),
                (
                    "side",
                    models.CharField(
                        choices=[("client", "Client"), ("therapist", "Therapist")],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
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
                    "goal",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ratings",
                        to="goals.goal",
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
                    "session",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="appointments.therapysession",
                    ),
                ),
                (
                    "withdraws",
                    models.OneToOneField(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawn_by",
                        to="goals.goalrating",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["goal", "at"], name="goal_rating_by_goal"),
                    models.Index(
                        fields=["goal", "side", "at"], name="goal_rating_by_side"
                    ),
                    models.Index(
                        condition=models.Q(("withdraws__isnull", False)),
                        fields=["client"],
                        name="goal_rating_withdrawals",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("value__gte", 0), ("value__lte", 10)),
                        name="goal_rating_0_to_10",
                        violation_error_message="A rating is from 0 to 10.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="GoalScore",
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
                            ("importance", "How important"),
                            ("confidence", "How confident"),
                            ("attainment", "Attainment"),
                        ],
                        max_length=12,
                    ),
                ),
                ("value", models.SmallIntegerField()),
                (
                    "why_not_lower",
                    accounts.encryption.EncryptedTextField(
                        blank=True, verbose_name="why not lower"
                    ),
                ),
                (
                    "what_would_raise",
                    accounts.encryption.EncryptedTextField(
                        blank=True, verbose_name="what would raise it"
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
                    "goal",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scores",
                        to="goals.goal",
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
                "indexes": [
                    models.Index(fields=["goal", "kind", "at"], name="goal_score")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "attainment"),
                                ("value__gte", -2),
                                ("value__lte", 2),
                            ),
                            models.Q(
                                ("kind__in", ["importance", "confidence"]),
                                ("value__gte", 0),
                                ("value__lte", 10),
                            ),
                            _connector="OR",
                        ),
                        name="goal_score_in_range",
                        violation_error_message="That is not on this scale.",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="goalversion",
            constraint=models.UniqueConstraint(
                fields=("goal", "number"), name="goal_version_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="goalversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("weight_difficulty__lte", 3), ("weight_importance__lte", 3)
                    ),
                    models.Q(("weight_difficulty", None), ("weight_importance", None)),
                    _connector="OR",
                ),
                name="goal_version_weights",
                violation_error_message="Say both, importance and difficulty.",
            ),
        ),
        migrations.AddIndex(
            model_name="goalmove",
            index=models.Index(fields=["goal", "at"], name="goal_move_by_goal"),
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.UniqueConstraint(
                fields=("version", "side", "turn"), name="agreement_one_key_per_side"
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at", None)),
                fields=("goal",),
                name="review_one_open_per_goal",
                violation_error_message="It is being looked at already.",
            ),
        ),
        migrations.AddIndex(
            model_name="goal",
            index=models.Index(fields=["client", "created_at"], name="goal_by_client"),
        ),
        migrations.AddIndex(
            model_name="reviewanswer",
            index=models.Index(fields=["review", "side", "-at"], name="review_answer"),
        ),
        migrations.AddIndex(
            model_name="step",
            index=models.Index(fields=["goal", "position"], name="step_by_goal"),
        ),
        migrations.AddIndex(
            model_name="strength",
            index=models.Index(fields=["client", "-at"], name="strength_by_client"),
        ),
        migrations.AddConstraint(
            model_name="strength",
            constraint=models.CheckConstraint(
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
        ),
        migrations.AddConstraint(
            model_name="strength",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("side", "therapist"), ("side", "client"), _connector="OR"
                ),
                name="strength_is_of_a_side",
            ),
        ),
        migrations.AddIndex(
            model_name="strengthlink",
            index=models.Index(
                condition=models.Q(("ended_at", None)),
                fields=["client"],
                name="strength_link_standing",
            ),
        ),
        migrations.AddConstraint(
            model_name="strengthlink",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("strength", "goal"),
                name="strength_link_once",
            ),
        ),
        migrations.AddIndex(
            model_name="win",
            index=models.Index(fields=["client", "happened_on"], name="win_by_client"),
        ),
        migrations.AddConstraint(
            model_name="win",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("side", "therapist"), ("side", "client"), _connector="OR"
                ),
                name="win_is_of_a_side",
            ),
        ),
    ]
