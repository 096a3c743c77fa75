"""The audit log: each row is written in the transaction of the action it records.

PostgreSQL writes the row (app.audit) and takes the actor from the transaction's
identity, whatever the caller passes. A page whose audit row cannot be written is not
shown.

Each verb is declared once, in the module that writes it, with the text that an admin
reads:

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
    """Categories by which the audit page can be filtered."""

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
    words: Promise  # lazy: rendered in the language of the admin who reads it


VERBS: dict[str, Verb] = {}
KINDS: dict[str, Promise] = {}


def verb(name: str, sort: Sort, words: Promise) -> None:
    """Declare a verb. A row with an undeclared verb cannot be written."""
    if name in VERBS:
        raise ValueError(f"the audit verb {name!r} is declared twice")
    VERBS[name] = Verb(sort, words)


def kind(name: str, words: Promise) -> None:
    """Declare the text that an admin reads when a row of model `name` was opened."""
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
    """Record that the current user did `verb` to the row `about`.

    `detail` holds ids, numbers and state names, never text that a person wrote.
    """
    with connection.cursor() as cursor:
        cursor.execute(WRITE, _row(verb, about, client_id, role, reason, detail))


def record_look(verb: str, *, about: models.Model, role: str) -> int:
    """Record the opening of a record; return how many this user opened in a minute."""
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
    """Record the same verb for several rows of one kind, each with its own detail."""
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
