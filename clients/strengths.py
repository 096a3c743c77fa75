"""What of a client's strengths other pages ask for: which stand."""

from __future__ import annotations

from django.db.models import UUIDField

from accounts.models import User
from clients.models import Strength
from clients.prepared import kept_for_person


def standing(client_id, user: User, most: int | None = None) -> list[Strength]:
    """Those that the client accepts, the newest first."""
    return _standing(user, client=client_id)[:most]


@kept_for_person(client=UUIDField())
def _standing(user, client):
    rows = Strength.objects.visible_to(user).filter(client_id=client).accepted()
    return rows.order_by("-at")
