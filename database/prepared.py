"""Queries of frequent pages, compiled once per process and planned once per connection.

Django takes as long to turn a queryset into SQL as PostgreSQL takes to execute it,
which also plans it anew each time, with the policies of every table. A prepared query
is a function that builds its queryset from placeholders (`Parameter`). It runs once;
the result is executed again and again with other values:

    @prepared(whose=UUIDField())
    def emails(whose):
        return OutgoingEmail.objects.filter(recipient=whose).order_by("at")

    emails(whose=user.pk)  # a list

The function must not read the time, the language or any other current state: that would
be compiled in. tests/test_prepared_queries.py builds each one twice.

Prefer a plain queryset: prepare a query if `bench/run --prepared` shows a page that
saves a tenth of its CPU by it.

Private Django API used: `QuerySet._iterable_class`, `_fields`, `_known_related_objects`
and `_prefetch_related_lookups`; what an iterable reads of a compiler (`as_sql`,
`get_converters`), and that a compiler can be copied after compiling.
tests/test_prepared_anew.py runs each one beside its plain queryset and fails if they
differ; tests/test_prepared_queries.py covers connections, poolers and threads.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from itertools import count
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Field, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler

EVERY: list[Prepared] = []  # of this process, in order of definition
_numbers = count(1)


class Parameter(Value):
    """A placeholder for a value that is given when the query is executed.

    `many` stands for a list of ids: `filter(client=Parameter(..., many=True))` finds
    the rows of any of them.
    """

    def __init__(self, name: str, output_field: Field, many: bool = False):
        super().__init__(name, output_field=output_field)
        self.many = many

    def as_sql(self, compiler, connection):
        kind = self.output_field.db_type(connection)
        return (f"ANY(%s::{kind}[])" if self.many else f"%s::{kind}"), [self]

    def adapt(self, value: Any) -> Any:
        return array(value) if self.many else value


def array(keys: Iterable) -> str:
    """A PostgreSQL array literal of ids or numbers."""
    return f"{{{','.join(map(str, keys))}}}"


class Prepared:
    """One queryset in each shape in which it was executed.

    `builds()`: its functions by shape; `ask`: the function that executes it, whose
    `queryset` is the plain one; `fields`: its parameters.
    """

    def __init__(self, name: str):
        self.name = name
        self.shapes: dict[Any, _Compiled] = {}
        EVERY.append(self)

    def rows(self, shape, build: Callable[[], QuerySet], given: Mapping) -> list:
        """The rows of the queryset from `build`, with the values of `given`."""
        compiled = self.shapes.get(shape)
        if compiled is None:
            compiled = self.shapes[shape] = _Compiled(build)
        return compiled.rows(given)


def first(rows: list) -> Any:
    """The first row, or None."""
    return rows[0] if rows else None


def many(field: Field) -> tuple[Field, bool]:
    """Marks a parameter that takes a list of ids."""
    return field, True


def parameters(fields: Mapping) -> dict[str, Parameter]:
    return {
        name: Parameter(name, *(field if isinstance(field, tuple) else (field,)))
        for name, field in fields.items()
    }


def prepared(**fields: Field | tuple[Field, bool]):
    """Decorator for a function whose arguments are all query parameters."""

    def decorate(build: Callable[..., QuerySet]):
        query = Prepared(f"{build.__module__}.{build.__qualname__}")
        query.builds = lambda: {None: lambda: build(**parameters(fields))}
        [one] = query.builds().values()

        @wraps(build)
        def ask(**given) -> list:
            return query.rows(None, one, given)

        query.ask, query.fields, ask.queryset = ask, fields, build
        return ask

    return decorate


class PreparedSQL:
    """Plain SQL with $1, $2 ... for its values, prepared once per connection."""

    def __init__(self, sql: str):
        self.sql = sql.strip()
        self.statement = f"kept_{next(_numbers)}"
        self.order = [int(n) for n in re.findall(r"\$(\d+)", self.sql)]
        marks = ", ".join(["%s"] * max(self.order, default=0))
        self.execute = f"EXECUTE {self.statement} ({marks})"

    def rows(self, *values) -> list[tuple]:
        """A list among the values is a list of ids."""
        values = [array(v) if isinstance(v, list) else v for v in values]
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            if prepare(cursor.db, self):
                cursor.execute(self.execute, values)
            else:
                plain = re.sub(r"\$\d+", "%s", self.sql)
                cursor.execute(plain, [values[n - 1] for n in self.order])
            return cursor.fetchall()

    def declaration(self, cursor) -> str:
        return f"PREPARE {self.statement} AS {self.sql}"


class _Compiled:
    def __init__(self, build: Callable[[], QuerySet]):
        self.queryset = build()
        if self.queryset._prefetch_related_lookups:
            raise TypeError("a prepared query fetches nothing beforehand")
        compiler = self.queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        self.sql, self.params = compiler.as_sql()
        self.compiler = copy.copy(compiler)
        self.compiler.__class__ = _Again
        self.compiler.compiled = self
        self.asked = list(dict.fromkeys(p for p in self.params if _is_parameter(p)))
        self.statement = f"kept_{next(_numbers)}"
        marks = ", ".join(["%s"] * len(self.asked))
        self.execute = f"EXECUTE {self.statement}" + (f" ({marks})" if marks else "")

    def rows(self, given: Mapping) -> list:
        return list(self.queryset._iterable_class(_Asking(self, given)))

    def text_and_values(self, wrapper, given: Mapping) -> tuple[str, list]:
        if prepare(wrapper, self):
            return self.execute, [one.adapt(given[one.value]) for one in self.asked]
        return self.sql, [
            p.adapt(given[p.value]) if _is_parameter(p) else p for p in self.params
        ]

    def declaration(self, cursor) -> str:
        """For PREPARE: constants are inlined, parameters numbered."""
        number = {one: f"${n}" for n, one in enumerate(self.asked, 1)}
        params = iter(self.params)

        def written(found: re.Match) -> str:
            if found[0] == "%%":
                return "%"
            value = next(params)
            if _is_parameter(value):
                return number[value]
            return cursor.mogrify("%s", [value]).decode()

        return f"PREPARE {self.statement} AS " + re.sub("%s|%%", written, self.sql)


class _Again(SQLCompiler):
    """A compiler that has already compiled."""

    compiled: _Compiled
    given: Mapping
    converters = None

    def as_sql(self, *args, **kwargs):
        return self.compiled.text_and_values(self.connection, self.given)

    def get_converters(self, expressions: Iterable):
        found = self.compiled.compiler.converters
        if found is None:
            found = self.compiled.compiler.converters = super().get_converters(
                expressions
            )
        return found


class _Asking:
    """What Django's iterables read of a queryset and of its query."""

    _known_related_objects: dict = {}

    def __init__(self, compiled: _Compiled, given: Mapping):
        queryset = compiled.queryset
        self.model, self.db = queryset.model, queryset.db
        self._fields = queryset._fields
        self._query, self._compiled, self._given = queryset.query, compiled, given

    @property
    def query(self):
        return self

    def get_compiler(self, using):
        compiler = copy.copy(self._compiled.compiler)
        compiler.connection, compiler.given = connections[using], self._given
        return compiler

    def __getattr__(self, name):
        return getattr(self._query, name)


def _is_parameter(param) -> bool:
    return isinstance(param, Parameter)


def prepare(wrapper, compiled: _Compiled | PreparedSQL) -> bool:
    """PREPARE the statement; False if it cannot be (database/engine)."""
    wrapper.ensure_connection()
    if wrapper.prepared is None:
        return False
    if compiled.statement not in wrapper.prepared:
        with wrapper.wrap_database_errors, wrapper.connection.cursor() as cursor:
            cursor.execute(compiled.declaration(cursor))
        wrapper.prepared.add(compiled.statement)
    return True
