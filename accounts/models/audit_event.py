from django.db import models
from django.db.models.functions import Now


class AuditEventQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Admins see the practice's rows, others their own actions.

        For who opened a client's record see `clients.access.looked_at`.
        """
        if user.is_admin:
            return self.filter(practice_id=user.practice_id)
        return self.filter(actor_id=user.pk)


class AuditEvent(models.Model):
    """Who did what to which row, when and from where. Written only by app.audit().

    Written in the transaction of the action and never changed. Holds ids and numbers,
    never content.
    """

    retention = "audit"
    not_exported = "its looks are in the client’s own copy, as who_looked"
    frozen = "__all__"

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now())
    practice_id = models.UUIDField(null=True)
    actor_id = models.UUIDField(null=True)
    role = models.CharField(max_length=20, blank=True)
    verb = models.CharField(max_length=40)
    client_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=40, blank=True)
    object_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True)
    # Set by PostgreSQL on insert; null in rows older than the seals.
    row_hash = models.BinaryField(null=True, editable=False)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["client_id", "-at"], name="audit_by_client"),
            models.Index(fields=["practice_id", "-at"], name="audit_by_practice"),
            models.Index(fields=["actor_id", "-at"], name="audit_by_actor"),
        ]


class AuditSeal(models.Model):
    """A hash over a batch of completed audit rows and the previous seal, of all
    practices.

    Written only by app.seal(), once a minute; see accounts/seals.py.
    """

    retention = "audit"

    id = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField(db_default=Now())
    first_event = models.BigIntegerField()
    last_event = models.BigIntegerField()
    events = models.BigIntegerField()
    # Every row up to this one belongs to a transaction that has ended.
    seen_event = models.BigIntegerField()
    seen_transaction = models.BigIntegerField()
    previous = models.BinaryField()
    hash = models.BinaryField()
