"""Logs without secrets and names: what is masked here is masked in every process."""

from __future__ import annotations

import copy
import logging
import os
import re
import time
import traceback
from functools import cache
from uuid import UUID as UUID_TYPE

import psycopg2
from django.core.exceptions import ImproperlyConfigured
from django.db import utils
from django.template import TemplateDoesNotExist

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
MASKS = [
    # The part after these is a one-use or secret link.
    (re.compile(r"(/(?:join|reset|feed|confirm-email)/)[^?\s\"']+"), r"\1***"),
    # So is any other long part of a path with a digit in it that is not a row's UUID.
    (
        re.compile(
            rf"/(?!{UUID}(?:[/?\s\"']|$))(?=[A-Za-z_:=-]*\d)[A-Za-z0-9_:=-]{{24,}}"
        ),
        "/***",
    ),
    (re.compile(r"(\s/[^\s?\"']*)\?[^\s\"']*"), r"\1"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "***@***"),
    # Headers and bytes that are no request, as Django and gunicorn repeat them.
    (re.compile(r"((?:Origin|Referer) checking failed - )[^)]*"), r"\1***"),
    (re.compile(r"(?m)^(Invalid request from ).*$"), r"\1***"),
    (re.compile(r"(Error handling request )[^(\s]\S*(?: \S+)?"), r"\1***"),
    # PostgreSQL repeats the row that broke a constraint.
    (re.compile(r"(?m)^(DETAIL:\s).*$"), r"\1***"),
]


# What somebody typed may not begin a line of its own.
ONE_LINE = {code: f"\\x{code:02x}" for code in (*range(32), 127, 0x85)} | {
    0x2028: "\\u2028", 0x2029: "\\u2029", 9: " "
}  # fmt: skip


def mask(text: str) -> str:
    for pattern, instead in MASKS:
        text = pattern.sub(instead, text)
    return text


# -- addresses of pages ----------------------------------------------------------------

METHODS = {
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
}
ROUTE_PART = re.compile(r"<(?:\w+:)?(\w+)>")


def path_told(path: str, *, is_file: bool = False) -> str:
    """A page's address without what somebody may have typed there.

    Of a page: its route, with the UUIDs and numbers in it.  Of what is no page: the
    first part, where a route begins so.  `is_file`: a static file was found there.
    """
    from django.urls import Resolver404, resolve  # gunicorn reads this before Django

    if is_file and path.startswith("/static/"):
        return path
    try:
        match = resolve(path)
    except (Resolver404, ValueError):
        first, more = path.removeprefix("/").partition("/")[::2]
        known = f"/{first}" if first in _first_parts() else "/***"
        return f"{known}/***" if more and known != "/***" else known
    told = {name: _value_told(value) for name, value in match.kwargs.items()}
    return "/" + ROUTE_PART.sub(lambda part: told.get(part[1], "***"), match.route)


def _value_told(value) -> str:
    text = str(value)
    return text if isinstance(value, UUID_TYPE | int) and len(text) <= 36 else "***"


@cache
def _first_parts() -> frozenset[str]:
    """With which the addresses of this program begin."""
    from django.urls import get_resolver

    def routes(patterns, before=""):
        for one in patterns:
            here = before + str(one.pattern)
            yield from (
                routes(one.url_patterns, here)
                if hasattr(one, "url_patterns")
                else [here]
            )

    found = {route.partition("/")[0] for route in routes(get_resolver().url_patterns)}
    return frozenset(part for part in found if part and "<" not in part) | {"static"}


def method_told(method: str) -> str:
    return method if method in METHODS else "***"


def _without_words(record) -> None:
    """Django names the method and the address of a request as arguments."""
    request = getattr(record, "request", None)
    path = getattr(request, "path", None)
    if not isinstance(path, str) or not isinstance(record.args, tuple):
        return
    told = {path: path_told(request.path_info)}
    if request.method:
        told[request.method] = method_told(request.method)
    for said, instead in list(told.items()):  # as Django escapes them
        told[said.encode("unicode_escape").decode("ascii")] = instead
    record.args = tuple(
        told.get(one, one) if isinstance(one, str) else one for one in record.args
    )


# Exceptions whose own words tell of the program: names, columns, constraints.  What
# others say may repeat what somebody typed: int("my words"), a row that was refused.
OF_THE_PROGRAM = (
    ArithmeticError, AssertionError, AttributeError, ImportError, IndexError,
    MemoryError, NameError, SyntaxError, TypeError, ImproperlyConfigured,
    TemplateDoesNotExist,
    utils.InterfaceError, utils.IntegrityError, utils.NotSupportedError,
    utils.OperationalError, utils.ProgrammingError, psycopg2.InterfaceError,
    psycopg2.IntegrityError, psycopg2.OperationalError, psycopg2.ProgrammingError,
)  # fmt: skip


def of_exception(error: BaseException) -> str:
    """Its kind, and what it says where that can be nobody's words."""
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ not in ("builtins", "__main__"):
        name = f"{kind.__module__}.{name}"
    said = ""
    if isinstance(error, OF_THE_PROGRAM):
        said = (str(error).splitlines() or [""])[0]  # DETAIL and LINE repeat the row
    elif isinstance(error, OSError) and isinstance(error.errno, int):
        said = os.strerror(error.errno) if error.errno > 0 else ""
    return f"{name}: {said}" if said else f"{name} (what it says is not logged)"


def traceback_of(error: BaseException) -> str:
    """As Python writes it, with each exception as `of_exception` tells it."""
    pieces, seen = [], set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        stack = "".join(traceback.format_tb(error.__traceback__))
        head = "Traceback (most recent call last):\n" if stack else ""
        pieces.append(f"{head}{stack}{of_exception(error)}")
        inner = getattr(error, "exceptions", ())  # of an ExceptionGroup
        pieces += [f"  in it: {of_exception(each)}" for each in inner]
        before = None if error.__suppress_context__ else error.__context__
        error = error.__cause__ or before
    return "\n\nWhich followed from:\n\n".join(pieces)


def _shown(value):
    return of_exception(value) if isinstance(value, BaseException) else value


class MaskingFormatter(logging.Formatter):
    """Masks the finished line, hence arguments and tracebacks too; in UTC."""

    converter = time.gmtime
    default_msec_format = "%s.%03dZ"
    default_format = "%(asctime)s %(levelname)s %(name)s %(message)s"

    def __init__(self, fmt=None, *args, **kwargs):
        super().__init__(fmt or self.default_format, *args, **kwargs)

    def formatMessage(self, record):
        if record.name == "py.warnings":  # "file:line: Kind: what it says"
            record.message = ":".join(record.message.split(":")[:3])
        error = record.exc_info and record.exc_info[1]
        for said in (repr(error), str(error)) if error else ():
            if said:  # Celery writes the exception into the line as well
                record.message = record.message.replace(said, of_exception(error))
        record.message = mask(record.message).translate(ONE_LINE)
        return super().formatMessage(record)

    def format(self, record):
        record = copy.copy(record)
        _without_words(record)
        if isinstance(record.args, tuple):
            record.args = tuple(map(_shown, record.args))
        elif isinstance(record.args, dict):
            record.args = {name: _shown(value) for name, value in record.args.items()}
        record.exc_text = None  # another formatter's
        return mask(super().format(record))

    def formatException(self, exc_info):
        return traceback_of(exc_info[1]) if exc_info[1] else ""
