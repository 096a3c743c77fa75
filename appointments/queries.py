"""Questions about the row of a client's sessions."""

from __future__ import annotations

from django.db.models import Count, DateTimeField, UUIDField
from django.utils import timezone

from appointments.models import TherapySession
from clients.prepared import prepared_for_user
from database.prepared import first


def number_of(session: TherapySession, user) -> int | None:
    """Which of its client's held sessions this is, or will be once it is logged; None
    for one that was missed or canceled, or has not begun."""
    if session.is_off or session.starts_at > timezone.now():
        return None
    held = _held_before(user, client=session.client_id, before=session.starts_at)
    return (first(held) or 0) + 1


@prepared_for_user(client=UUIDField(), before=DateTimeField())
def _held_before(user, client, before):
    rows = TherapySession.objects.visible_to(user).filter(client_id=client).held()
    earlier = rows.filter(starts_at__lt=before).order_by().values("client_id")
    return earlier.annotate(many=Count("pk")).values_list("many", flat=True)
