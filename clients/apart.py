"""Telling clients of the same name apart, wherever one of them is chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.templatetags.look import day_words
from clients.models import Client


def _key(client: Client) -> str:
    return " ".join(client.name.casefold().split())


def hints(clients: Iterable[Client]) -> dict[UUID, str]:
    """For each whose name is not the only one of its kind: address, phone or day.

    Only what an admin's directory shows, too.  Needs `user` where there is one.
    """
    clients = list(clients)
    many = Counter(_key(client) for client in clients)
    twins = [client for client in clients if many[_key(client)] > 1]
    found = {client.pk: client.address or client.phone for client in twins}
    said = Counter((_key(client), found[client.pk]) for client in twins)
    for client in twins:
        hint = found[client.pk]
        if not hint or said[_key(client), hint] > 1:
            day = day_words(timezone.localtime(client.created_at).date(), False)
            found[client.pk] = _("added %(day)s, number %(number)s") % {
                "day": day,
                "number": client.pk.hex[-4:].upper(),
            }
    return found


def name_of(client: Client, found: dict[UUID, str]) -> str:
    """Cleo Hart, or Cleo Hart (cleo@example.org) beside another Cleo Hart."""
    hint = found.get(client.pk)
    return f"{client.name} ({hint})" if hint else client.name
