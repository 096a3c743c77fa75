"""Strengths beside the next step: those linked to this goal first."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, UUIDField

from accounts.models import User
from clients.prepared import prepared_for_user
from goals.models import Goal, Strength, StrengthLink

OFFERED = 5


class AtHand(NamedTuple):
    """A strength beside the next step; `moment` is a person's own words."""

    id: UUID
    name: str
    moment: str
    setting: str
    when: date
    helps: bool  # linked to this goal


def at_hand(goal: Goal, user: User) -> list[AtHand]:
    """Strengths that the client accepts, in one query, linked ones first."""
    rows = _accepted(user, goal=goal.pk, client=goal.client_id)
    return [
        AtHand(row.pk, row.name, row.moment, row.setting, row.when, row.helps)
        for row in rows
    ]


@prepared_for_user(goal=UUIDField(), client=UUIDField())
def _accepted(user, goal, client):
    links = StrengthLink.objects.current().filter(goal=goal, strength=OuterRef("pk"))
    rows = Strength.objects.visible_to(user).filter(client_id=client).accepted()
    return rows.annotate(helps=Exists(links)).order_by("-helps", "-at", "-pk")[:OFFERED]
