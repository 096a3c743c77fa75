"""Logs without secrets and names: what is masked here is masked in every process."""

from __future__ import annotations

import copy
import logging
import os
import re
import time
import traceback

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
        if isinstance(record.args, tuple):
            record.args = tuple(map(_shown, record.args))
        elif isinstance(record.args, dict):
            record.args = {name: _shown(value) for name, value in record.args.items()}
        record.exc_text = None  # another formatter's
        return mask(super().format(record))

    def formatException(self, exc_info):
        return traceback_of(exc_info[1]) if exc_info[1] else ""
