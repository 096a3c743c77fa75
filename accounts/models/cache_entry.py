from django.db import models


class CacheEntry(models.Model):
    """An entry of accounts/json_cache.py, valid until `ends_at`.

    The key is an HMAC: the table identifies nobody.
    """

    retention = "transient"
    retention_days = 1

    key = models.CharField(primary_key=True, max_length=64)
    value = models.JSONField()
    ends_at = models.DateTimeField(db_index=True)
