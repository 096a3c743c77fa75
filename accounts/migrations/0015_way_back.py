"""Who cannot sign in leaves an address; the web writes it and reads none."""

import django.utils.timezone
from django.db import migrations, models

import database.ids

GUARD = """
ALTER TABLE accounts_wayback ENABLE ROW LEVEL SECURITY;
ALTER TABLE accounts_wayback FORCE ROW LEVEL SECURITY;
CREATE POLICY ask ON accounts_wayback FOR INSERT TO cairn_web WITH CHECK (true);
REVOKE SELECT, UPDATE, DELETE ON accounts_wayback FROM cairn_web;
CREATE POLICY answer ON accounts_wayback TO cairn_worker USING (true);
GRANT SELECT, DELETE ON accounts_wayback TO cairn_worker;
-- The worker writes the email now.
ALTER POLICY queue_an_email ON accounts_outgoingemail
  WITH CHECK (state = 'waiting' AND attempts = 0 AND (
    practice_id = (SELECT app.practice()) OR kind = 'account-exists'));
"""
NO_GUARD = """
ALTER POLICY queue_an_email ON accounts_outgoingemail
  WITH CHECK (state = 'waiting' AND attempts = 0 AND (
    practice_id = (SELECT app.practice())
    OR kind = 'account-exists'
    OR (kind = 'password-reset' AND (SELECT app.user_id()) IS NULL)));
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_what_counted_before")]

    operations = [
        migrations.CreateModel(
            name="WayBack",
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
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now),
                ),
            ],
        ),
        migrations.RunSQL(GUARD, NO_GUARD),
    ]
