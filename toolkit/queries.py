"""Queries of exercises."""

from __future__ import annotations

from django.db.models import UUIDField

from clients.prepared import prepared_for_user
from toolkit.models import Assignment


@prepared_for_user(client=UUIDField())
def last_exercises(user, client):
    """The newest six."""
    rows = Assignment.objects.visible_to(user).filter(client=client)
    return rows.order_by("-set_at", "-pk")[:6]
