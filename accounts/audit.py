"""Who did what: one row in the transaction of what it tells of.

PostgreSQL writes it (app.audit), with the transaction's own identity as the actor,
whatever we say.  A page whose row cannot be written is not shown.

Each verb is declared once, beside what writes it, with the words that an admin reads:

    audit.verb("goal linked", audit.Sort.WROTE, _("Linked two goals"))
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import NamedTuple
from uuid import UUID

from django.db import connection, models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

address: ContextVar[str | None] = ContextVar("address", default=None)
WRITE = "SELECT app.audit(%s, %s, %s, %s, %s, %s, %s::jsonb, %s::inet)"


class Sort(models.TextChoices):
    """What kinds of thing the audit page can be filtered by."""

    SIGN_IN = "sign-in", _("Sign-in")
    OPENED = "opened", _("Opened")
    WROTE = "wrote", _("Wrote")
    SIGNED = "signed", _("Signed")
    EXPORTED = "exported", _("Exported")
    ROLE = "role", _("Accounts and roles")
    SETTINGS = "settings", _("Settings")
    REFUSED = "refused", _("Denied")


class Verb(NamedTuple):
    sort: Sort
    words: Promise  # lazy: each admin reads them in a language of their own


VERBS: dict[str, Verb] = {}
KINDS: dict[str, Promise] = {}


def verb(name: str, sort: Sort, words: Promise) -> None:
    """Declare a verb; a row with a verb that nobody declared cannot be written."""
    if name in VERBS:
        raise ValueError(f"the audit verb {name!r} is declared twice")
    VERBS[name] = Verb(sort, words)


def kind(name: str, words: Promise) -> None:
    """Declare what an admin reads where a row of the model `name` was opened."""
    if name in KINDS:
        raise ValueError(f"the kind {name!r} is declared twice")
    KINDS[name] = words


def record(
    verb: str,
    *,
    about: models.Model | None = None,
    client_id: UUID | None = None,
    role: str = "",
    reason: str = "",
    **detail: int | str | list,
) -> None:
    """Write that whoever is asking now did `verb` to the row `about`.

    `detail` holds ids, numbers and names of states; never words of a person.
    """
    with connection.cursor() as cursor:
        cursor.execute(WRITE, _row(verb, about, client_id, role, reason, detail))


def record_look(verb: str, *, about: models.Model, role: str) -> int:
    """The same for opening a record; how many this person opened within a minute."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{WRITE}, app.looks_lately()", _row(verb, about, None, role, "", {})
        )
        return cursor.fetchone()[1]


def _row(verb, about, client_id, role, reason, detail) -> list:
    _declared(verb)
    if client_id is None:
        client_id = getattr(about, "client_id", None)
    return [
        verb,
        role,
        str(client_id) if client_id else None,
        about._meta.model_name if about is not None else "",
        str(about.pk) if about is not None else None,
        reason[:200],
        json.dumps(detail, default=str),
        address.get(),
    ]


def _declared(verb: str) -> None:
    if verb not in VERBS:
        raise LookupError(f"no module declares the audit verb {verb!r}")


def record_each(verb: str, rows: list[tuple[models.Model, dict]]) -> None:
    """The same verb for several rows of a kind, each with its detail, at once."""
    if not rows:
        return
    _declared(verb)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT app.audit(%s, '', client, %s, pk, '', detail, %s::inet)"
            " FROM unnest(%s::uuid[], %s::uuid[], %s::jsonb[])"
            " AS each(client, pk, detail)",
            [
                verb,
                rows[0][0]._meta.model_name,
                address.get(),
                [str(row.client_id) for row, _detail in rows],
                [str(row.pk) for row, _detail in rows],
                [json.dumps(detail, default=str) for _row, detail in rows],
            ],
        )
