"""Calls a function of the schema `app`, which may read past row-level security."""

from __future__ import annotations

from django.db import connection


def call(function: str, *values):
    """The single value of `app.<function>(*values)`, or None.

    Raises ProgrammingError if PostgreSQL denies it to the current identity.
    """
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT app.{function}({marks})", values)
        return cursor.fetchone()[0]
