from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_names_and_addresses_in_one_spelling")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="ways_version",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
