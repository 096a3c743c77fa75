"""Tell clients with the same name apart wherever one of them is chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from clients.models import Client
from ui import screen_privacy
from ui.names import name_key
from ui.templatetags.ui import day_words


def _key(client: Client) -> str:
    """The name for comparison, ignoring case and accents, as the search does."""
    return client.name_key or name_key(client.name)


def twins(clients: Iterable[Client]) -> list[Client]:
    """The clients whose name is not unique among these."""
    clients = list(clients)
    many = Counter(_key(client) for client in clients)
    return [client for client in clients if many[_key(client)] > 1]


def hints(clients: Iterable[Client]) -> dict[UUID, str]:
    """For each client whose name is not unique: email address, phone or a date.

    Only what an admin's directory shows too. Needs `user` if there is one. While names
    are shown as initials, the email address is left out: it may contain the name.
    """
    alike = twins(clients)
    plain = {client.pk: client.address or client.phone for client in alike}
    found = dict.fromkeys(plain, "") if screen_privacy.shows_initials() else plain
    said = Counter((_key(client), found[client.pk]) for client in alike)
    for client in alike:
        hint = found[client.pk]
        if not hint or said[_key(client), hint] > 1:
            day = day_words(timezone.localtime(client.created_at).date(), False)
            found[client.pk] = _("added %(day)s, number %(number)s") % {
                "day": day,
                "number": client.pk.hex[-4:].upper(),
            }
    return found


def among(clients: Iterable[Client], rows) -> dict[UUID, str]:
    """The same for a list of clients; `rows` looks up all clients of each name."""
    alike = twins(clients)
    if not alike:
        return {}
    wanted = [client.pk for client in alike]
    return hints(rows.filter(pk__in=wanted).select_related("user"))


def hint_of(client: Client, rows) -> str:
    """The same for one client among `rows`."""
    alike = rows.filter(name_key=client.name_key).select_related("user")
    return hints(alike).get(client.pk, "")


def beside_address(client: Client, found: dict[UUID, str]) -> str:
    """The hint for lists that already show the address: not repeated."""
    hint = found.get(client.pk, "")
    return "" if hint == client.address else hint


def name_of(client: Client, found: dict[UUID, str]) -> str:
    """Cleo Hart, or Cleo Hart (cleo@example.org) if there is another Cleo Hart."""
    hint = found.get(client.pk)
    return f"{client.name} ({hint})" if hint else client.name


# -- pages about one client ------------------------------------------------------------


def with_shares_name(rows: QuerySet, client: str = "client__") -> QuerySet:
    """Annotate `shares_name`: whether the reader can see another client of that name.

    So a page looks up the hint only when needed. `client` is the lookup path from a row
    to its client, "" for clients themselves.
    """
    same = Client.objects.filter(
        practice_id=OuterRef(f"{client}practice_id"),
        name_key=OuterRef(f"{client}name_key"),
    )
    others = same.exclude(pk=OuterRef(f"{client}pk"))
    return rows.annotate(shares_name=Exists(others))


def hints_where_shared(rows: Iterable, clients: QuerySet) -> dict[UUID, str]:
    """Hints for the clients of these rows, which are annotated with `shares_name`;
    `clients` are all that the reader can see."""
    shared = [row.client for row in rows if row.client and row.shares_name]
    if not shared:
        return {}
    keys = {_key(client) for client in shared}
    return hints(clients.filter(name_key__in=keys).select_related("user"))
