"""Base of every clinical row, so that one access rule and one policy cover all."""

from django.db import models

from accounts.models import Practice
from clients import access
from database.ids import uuid7


class ClientRowQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(access.rows_visible_to(user))

    def editable_by(self, user):
        return self.filter(access.rows_editable_by(user))


class ClientRow(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    practice = models.ForeignKey(
        Practice, models.PROTECT, related_name="+", db_constraint=False
    )
    client = models.ForeignKey(
        "clients.Client", models.PROTECT, related_name="+", db_constraint=False
    )

    objects = ClientRowQuerySet.as_manager()

    class Meta:
        abstract = True
