"""Rows by the hundred thousand: one INSERT ... SELECT that asks the model its columns.

A column that is not said gets what the model gives it: its default, nothing where it
may be empty, no words where it is sealed.  So a new column with a default needs no
change here, and one that must be said stops with its name.
"""

from __future__ import annotations

from django.db import models
from django.db.models.fields import NOT_PROVIDED
from django.utils import timezone
from psycopg2.extensions import adapt

from accounts.encryption import EncryptedTextField

MOMENTS = (timezone.now,)  # defaults that are functions and mean: when it is written


def insert_into(model: type[models.Model], source: str, **values: str) -> str:
    """The statement that adds a row for each row of `source`, a FROM item.

    `values` are SQL expressions over it, by the name of the field or of its column.
    Raise ValueError for a field that the model does not have, and where one that has no
    default and may not be empty is not said.
    """
    columns = {}
    for field in model._meta.local_concrete_fields:
        said = values.pop(field.name, None) or values.pop(field.attname, None)
        if said is None:
            said = _by_default(field)
        if said is not None:
            columns[field.column] = said
    if values:
        raise ValueError(f"{model._meta.label} has no {', '.join(sorted(values))}")
    names, expressions = ", ".join(columns), ", ".join(columns.values())
    table = model._meta.db_table
    return f"INSERT INTO {table} ({names}) SELECT {expressions} FROM {source}"


def _by_default(field: models.Field) -> str | None:
    """SQL for what the model gives this field; None where PostgreSQL gives it."""
    if field.db_default is not NOT_PROVIDED or isinstance(field, models.AutoField):
        return None
    if isinstance(field, EncryptedTextField):
        return "''::bytea"
    if field.default in MOMENTS:
        return "now()"
    if field.default is not NOT_PROVIDED and not callable(field.default):
        return _literal(field.default)
    if field.null:
        return None
    if field.blank and field.empty_strings_allowed:
        return "''"
    raise ValueError(f"{field.model._meta.label}.{field.name} has no default: say it")


def _literal(value) -> str:
    return adapt(value).getquoted().decode()
