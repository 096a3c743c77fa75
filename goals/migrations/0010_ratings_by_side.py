"""The last ratings of each side of a goal, one index walk each."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("goals", "0009_stored_comparison")]

    operations = [
        migrations.AddIndex(
            model_name="goalrating",
            index=models.Index(
                fields=["goal", "side", "at"], name="goal_rating_by_side"
            ),
        ),
    ]
