"""What a proposal changes of the agreed words, compared once and stored sealed."""

from django.db import migrations

import accounts.encryption
from accounts.encryption import LATER_ADDED


class Migration(migrations.Migration):
    dependencies = [("goals", "0008_withdrawals")]

    operations = [
        migrations.AddField(
            model_name="goalversion",
            name="compared",
            field=accounts.encryption.EncryptedTextField(**LATER_ADDED),
        ),
    ]
