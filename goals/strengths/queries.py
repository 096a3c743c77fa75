"""Queries on a client's strengths for other pages."""

from __future__ import annotations

from django.db.models import UUIDField

from accounts.models import User
from clients.prepared import prepared_for_user
from goals.models import Strength


def accepted(client_id, user: User, most: int | None = None) -> list[Strength]:
    """Those that the client accepts, newest first."""
    return _accepted(user, client=client_id)[:most]


@prepared_for_user(client=UUIDField())
def _accepted(user, client):
    rows = Strength.objects.visible_to(user).filter(client_id=client).accepted()
    return rows.order_by("-at", "-pk")
