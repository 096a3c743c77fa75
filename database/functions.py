"""Asks one function of the schema `app`: the narrow doors past row security."""

from __future__ import annotations

from django.db import connection


def call(function: str, *values):
    """The one value that `app.<function>(*values)` gives; None where it gives none.

    Raises ProgrammingError where PostgreSQL does not let this identity do it.
    """
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT app.{function}({marks})", values)
        return cursor.fetchone()[0]
