"""Signal: an answered correction, shown to the client until they read the answer."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import AuditEvent
from clients import signals
from clients.models import Client, Correction, Signal

TOLD_FOR = timedelta(days=14)


@signals.rule("correction", follows={"corrections", "clients"})
def of_corrections(client_ids: list[UUID]) -> list[Signal]:
    read = AuditEvent.objects.filter(
        client_id=OuterRef("client_id"),
        object_id=OuterRef("pk"),
        verb="opened",
        role="client",
        at__gt=OuterRef("answered_at"),
    )
    rows = Correction.objects.filter(
        ~Exists(read),
        client_id__in=client_ids,
        answered_at__gt=timezone.now() - TOLD_FOR,
    ).exclude(client__state=Client.State.DISCHARGED)
    return [
        Signal(
            practice_id=row.practice_id,
            client_id=row.client_id,
            kind="correction",
            about=row.pk,
            side="client",
            since=row.answered_at,
            until=row.answered_at + TOLD_FOR,
            until_opened=True,
        )
        for row in rows.only("practice_id", "client_id", "answered_at").order_by()
    ]
