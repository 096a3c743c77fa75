"""A practice's sender name holds no encoded word (RFC 2047): it stopped every email."""

from django.db import migrations, models


def decode_nothing(apps, schema_editor):
    """Take the sign away that begins one; row-level security would hide the rows."""
    practices = apps.get_model("accounts", "Practice").objects
    schema_editor.execute("ALTER TABLE accounts_practice NO FORCE ROW LEVEL SECURITY")
    for practice in practices.filter(sender_name__contains="=?"):
        name = practice.sender_name
        while "=?" in name:
            name = name.replace("=?", "")
        practices.filter(pk=practice.pk).update(sender_name=name)
    schema_editor.execute("ALTER TABLE accounts_practice FORCE ROW LEVEL SECURITY")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0017_therapist_since")]

    operations = [
        migrations.RunPython(decode_nothing, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="practice",
            constraint=models.CheckConstraint(
                condition=models.Q(("sender_name__contains", "=?"), _negated=True),
                name="practice_sender_is_not_encoded",
                violation_error_code="sender_name",
                violation_error_message="Enter a sender’s name without “=?”.",
            ),
        ),
    ]
