from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models.practice import Practice
from database.ids import uuid7

audit.verb("key destroyed", audit.Sort.ROLE, _("Destroyed a client’s key"))
audit.verb("keys rotated", audit.Sort.SETTINGS, _("Rotated the encryption keys"))


class DataKey(models.Model):
    """A wrapped key: the practice's (client_id is None), or that of one client.

    The client is a plain UUID, since accounts does not know clients. Destroying a
    client's key makes their clinical text unreadable everywhere, including old backups
    once those with the key expire.
    """

    retention = "record"
    not_exported = "a copy is not sealed with it"
    frozen = "__all__"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    practice = models.ForeignKey(Practice, models.PROTECT)
    client_id = models.UUIDField(null=True, unique=True)
    wrapped = models.BinaryField()
    master_version = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice"],
                condition=models.Q(client_id=None),
                name="data_key_one_per_practice",
            ),
        ]
