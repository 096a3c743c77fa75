from django.db import models


class Tries(models.Model):
    """Attempts at a secret and until when they count; see accounts/sign_in_limits.py.

    The key is an HMAC: the table stores neither addresses nor places.
    """

    retention = "transient"
    retention_days = 1

    key = models.CharField(primary_key=True, max_length=80)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)
