"""Practice that may be spoken of now: not once more after it was long left alone."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from toolkit.models import Assignment

ASKED_FOR = timedelta(days=28)  # then it rests; a miss is no failure
CORRECTED_FOR = timedelta(days=14)  # an answer stays at hand to be replaced


def to_answer(user: User) -> QuerySet:
    rows = Assignment.objects.visible_to(user).open()
    return rows.filter(set_at__gte=timezone.now() - ASKED_FOR).order_by("-set_at")


def at_hand(user: User) -> QuerySet:
    """What is open, and what was answered lately."""
    now = timezone.now()
    still = Q(answer="", set_at__gte=now - ASKED_FOR)
    rows = Assignment.objects.visible_to(user)
    return rows.filter(still | Q(answered_at__gte=now - CORRECTED_FOR)).order_by(
        "-set_at"
    )
