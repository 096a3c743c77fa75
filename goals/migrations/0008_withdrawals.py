"""Which ratings of a client were taken back: a few rows, asked by every spark line."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # nobody waits who rates meanwhile

    dependencies = [("goals", "0007_strengths")]

    operations = [
        AddIndexConcurrently(
            "goalrating",
            models.Index(
                fields=["client"],
                condition=models.Q(withdraws__isnull=False),
                name="goal_rating_withdrawals",
            ),
        ),
    ]
