"""Who looked at whose record before the demo began."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from accounts.models import Practice


def write_looks(practice: Practice, looks: Iterable[tuple]) -> None:
    """The past of the audit trail, which no role of the program could write.

    A look is (at, who, whose record, kind, role), and may name the row it was at."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_auditevent NO FORCE ROW LEVEL SECURITY")
        cursor.executemany(
            "INSERT INTO accounts_auditevent (at, practice_id, actor_id, role,"
            " verb, client_id, kind, object_id, reason, detail) VALUES"
            " (%s, %s, %s, %s, 'opened', %s, %s, %s, '', '{}')",
            [
                (at, practice.pk, who.pk, role, whose.pk, kind, row and row.pk)
                for at, who, whose, kind, role, *rows in sorted(looks, key=first)
                for row in rows or [None]
            ],
        )
        cursor.execute("ALTER TABLE accounts_auditevent FORCE ROW LEVEL SECURITY")


def first(row):
    return row[0]
