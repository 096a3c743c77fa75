"""Questions about the row of a client's sessions."""

from __future__ import annotations

from django.utils import timezone

from appointments.models import TherapySession


def number_of(session: TherapySession, user) -> int | None:
    """Which of its client's held sessions this is, or will be once it is logged; None
    for one that was missed or canceled, or has not begun."""
    if session.is_off or session.starts_at > timezone.now():
        return None
    rows = TherapySession.objects.visible_to(user).filter(client_id=session.client_id)
    return rows.held().filter(starts_at__lt=session.starts_at).count() + 1
