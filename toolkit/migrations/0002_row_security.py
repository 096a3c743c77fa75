"""The second lock on exercises."""

from django.db import migrations

from database.operations import EITHER_SIDE, ME, TEAM_OR_CLIENT, SecureRows, Update


class Migration(migrations.Migration):
    dependencies = [
        ("toolkit", "0001_initial"),
        ("clients", "0002_row_security"),
    ]

    operations = [
        SecureRows(
            "assignment",
            read=TEAM_OR_CLIENT,
            insert=f"set_by_id = {ME} AND {EITHER_SIDE}",
            update=Update(
                ["words", "goal", "due_on", "answer", "answered_at", "answered_by"],
                EITHER_SIDE,
            ),
        ),
    ]
