"""How success is marked, as the client chooses."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0004_row_security_of_care"),
    ]

    operations = [
        migrations.AddField(
            model_name="contactcharter",
            name="celebrates",
            field=models.CharField(
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
        # For older code, still running during an upgrade.  Not as `db_default`: what
        # has one is returned by INSERT, and a new client's charter may not be read yet.
        migrations.RunSQL(
            "ALTER TABLE clients_contactcharter"
            " ALTER COLUMN celebrates SET DEFAULT 'quiet'",
            "ALTER TABLE clients_contactcharter ALTER COLUMN celebrates DROP DEFAULT",
        ),
    ]
