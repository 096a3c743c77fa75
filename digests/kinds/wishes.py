"""Whether the client who is to get an email wants it."""

from __future__ import annotations

from accounts.models import User
from clients.models import Client
from clients.prepared import prepared_for_user
from database.prepared import first
from digests.kinds.base import DROPPED, HELD, Kind, Stopped


@prepared_for_user()
def _own(person):
    rows = Client.objects.visible_to(person).filter(user=person)
    return rows.select_related("preferences").with_wishes().order_by("pk")


def client_who_wants(
    kind: Kind, person: User, *, also_discharged: bool = False
) -> Client:
    """The client with their preferences: in care, not paused, and not refusing this
    kind.

    `also_discharged`: for a session kept after discharge, while the portal is open.
    """
    client = first(_own(person))
    if client is None or (client.is_discharged and not also_discharged):
        raise Stopped(DROPPED, "inactive")
    preferences = getattr(client, "preferences", None)
    until = preferences and preferences.paused_until
    if until and person.today() < until:
        raise Stopped(HELD, "paused")
    if not client.wishes[kind.wish].allowed:
        raise Stopped(HELD, kind.unwanted)
    return client
