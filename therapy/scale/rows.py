"""Many rows of a model in one statement, for the seeds of bench: what is not said is
asked of the model, so that a new column needs no change here."""

from __future__ import annotations

from django.db import models
from django.db.models import Model
from django.utils import timezone


def insert(model: type[Model], source: str, **values: str) -> str:
    """`INSERT ... SELECT` from `source`; `values` are SQL by the name of their column.

    Any other column gets what a new row has: the model's default, nothing, or ''.
    Raise TypeError for a column that the model lacks or that has to be said.
    """
    fields = {field.column: field for field in model._meta.concrete_fields}
    if unknown := set(values) - set(fields):
        raise TypeError(f"{model.__name__} has no {', '.join(sorted(unknown))}")
    found = {
        column: values.get(column) or _new(model, field)
        for column, field in fields.items()
    }
    found = {column: value for column, value in found.items() if value is not None}
    columns, selected = ", ".join(found), ", ".join(found.values())
    table = model._meta.db_table
    return f"INSERT INTO {table} ({columns}) SELECT {selected} FROM {source}"


def _new(model: type[Model], field: models.Field) -> str | None:
    """SQL of what a new row has there; None where PostgreSQL knows."""
    if field.db_default is not models.NOT_PROVIDED or field.generated:
        return None
    if isinstance(field, models.AutoField):
        return None
    if field.default is timezone.now:
        return "now()"
    if field.has_default() and not field.primary_key:
        return _literal(field.get_default())
    if field.null:
        return None
    if field.blank and field.empty_strings_allowed:
        return "''"
    raise TypeError(f"{model.__name__}: say {field.column}")


def _literal(value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if value in ({}, []):
        return "'{}'" if value == {} else "'[]'"
    return "'{}'".format(str(value).replace("'", "''"))
