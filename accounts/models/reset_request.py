from django.db import models
from django.utils import timezone

from database.ids import uuid7


class ResetRequest(models.Model):
    """Somebody cannot sign in and typed an address; a worker looks whose it is.

    The request writes this row whoever owns the address, and knows no more.
    """

    retention = "transient"
    retention_days = 1

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=timezone.now)
