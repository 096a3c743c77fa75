"""Exercises to mention now: not those left unanswered for long."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import DateTimeField, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from clients.prepared import prepared_for_user
from toolkit.models import Assignment

# then it is no longer asked about; a missed one is no failure
ASKED_FOR = timedelta(days=28)
CORRECTED_FOR = timedelta(days=14)  # an answer can be changed this long
ASKED = 3  # at a time
AT_HAND = 20  # on the page of goals


def to_answer(user: User) -> list[Assignment]:
    return _to_answer(user, since=timezone.now() - ASKED_FOR)


@prepared_for_user(since=DateTimeField())
def _to_answer(user, since):
    rows = Assignment.objects.visible_to(user).open()
    return rows.filter(set_at__gte=since).order_by("-set_at", "-pk")[:ASKED]


def at_hand(user: User) -> QuerySet:
    """Open exercises, and those answered recently."""
    now = timezone.now()
    still = Q(answer="", set_at__gte=now - ASKED_FOR)
    rows = Assignment.objects.visible_to(user).select_related("answered_by")
    return rows.filter(still | Q(answered_at__gte=now - CORRECTED_FOR)).order_by(
        "-set_at", "-pk"
    )
