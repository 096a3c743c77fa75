from django.db import models


class Tries(models.Model):
    """How often something was guessed at, until when; see accounts/sign_in_limits.py.

    The key is an HMAC: the table names no address and no place.
    """

    retention = "transient"
    retention_days = 1

    key = models.CharField(primary_key=True, max_length=80)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)
