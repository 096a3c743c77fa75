"""What of a client's strengths other pages ask for: which stand."""

from __future__ import annotations

from accounts.models import User
from clients.models import Strength


def standing(client_id, user: User, most: int | None = None) -> list[Strength]:
    """Those that the client accepts, the newest first."""
    rows = Strength.objects.visible_to(user).filter(client_id=client_id).accepted()
    return list(rows.order_by("-at")[:most])
