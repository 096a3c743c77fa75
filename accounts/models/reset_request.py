from django.db import models
from django.utils import timezone

from database.ids import uuid7


class ResetRequest(models.Model):
    """A visitor asked for a password reset; a worker looks up whose address it is.

    The request writes this row whoever owns the address and learns nothing about it.
    """

    retention = "transient"
    retention_days = 1

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=timezone.now)
