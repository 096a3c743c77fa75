"""A goal and a rating that an import brought say so."""

from django.db import migrations, models

FROM_LIST = models.BooleanField(default=False, db_default=False)


class Migration(migrations.Migration):
    dependencies = [("goals", "0002_row_security")]

    operations = [
        migrations.AddField("goal", "from_list", FROM_LIST),
        migrations.AddField("goalrating", "from_list", FROM_LIST.clone()),
    ]
