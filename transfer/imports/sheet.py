"""The stored lines of an uploaded file, and why a file cannot be read.

parse.py reads the file, in its own process (parser_process.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from transfer.imports import parse
from transfer.imports.limits import (
    HEAD_WITHIN,
    MOST_BYTES,
    MOST_COLUMNS,
    MOST_LETTERS,
    MOST_LINES,
    NotReadable,
)
from transfer.imports.parse import SEPARATORS, SheetLine

__all__ = [
    "HEAD_WITHIN", "MOST_BYTES", "MOST_COLUMNS", "MOST_LETTERS", "MOST_LINES",
    "SEPARATORS", "CannotRead", "Sheet", "SheetLine", "read",
]  # fmt: skip

TOO_LARGE = _("This file is larger than 5 MB. Split it and import each part.")
NO_LIST = _("This file can’t be read as a list. Save it as CSV or .xlsx.")
BROKEN = _("This workbook can’t be read. Open it, save a new copy, and try again.")
EMPTY = _("This file has no lines below the column names.")
TOO_MANY = _("This file has more than 5,000 lines. Split it and import each part.")
TOO_WIDE = _("This file has more than 60 columns. Remove those you don’t need.")
OURS = _("Something went wrong on our side. Upload the file again.")
WHY = {
    "too_large": TOO_LARGE,
    "no_list": NO_LIST,
    "old_excel": _("This is an old Excel file (.xls). Save it as .xlsx or as CSV."),
    "password": _(
        "This workbook is password-protected. Save a copy without a password."
    ),
    "markup": _("This is a web page or XML, not a workbook. Save it as .xlsx or CSV."),
    "open_document": _("This is an OpenDocument file. Save it as .xlsx or CSV."),
    "binary": _("This is a binary workbook (.xlsb). Save it as .xlsx or CSV."),
    "encoding": _(
        "Some characters in this file can’t be read. Save it as “CSV UTF-8” or .xlsx."
    ),
    "broken": BROKEN,
    "empty": EMPTY,
    "too_many": TOO_MANY,
    "too_wide": TOO_WIDE,
    "too_much": _(
        "This file is too large to read at once. Split it and import each part."
    ),
    "long_cell": _(
        "Line %(number)s: a cell is too long to read. Is a closing quotation mark"
        " missing?"
    ),
    "open_quote": _(
        "Line %(number)s: a quotation mark is not closed, or out of place."
    ),
    "no_name": _(
        "No column looks like a preferred name. Call one “Preferred name” in the "
        "first line. Columns we don’t recognize are encrypted unread."
    ),
}


def why(code: str, params: dict[str, int] | None = None) -> str:
    """A sentence for the user who chose the file."""
    return str(WHY.get(code, OURS)) % (params or {})


class CannotRead(ValidationError):
    """Why this file is not a list, as a message for the user."""

    def __init__(self, refused: NotReadable):
        super().__init__(why(refused.code, refused.params), code=refused.code)
        self.numbers = refused.params


@dataclass
class Sheet(parse.ParsedSheet):
    """The parsed file, with what is needed to store it."""

    def part(self, columns: Iterable[int]) -> Sheet:
        """The same lines with only these columns."""
        kept = set(columns)
        lines = [
            SheetLine(
                line.number,
                [cell if at in kept else "" for at, cell in enumerate(line.cells)],
                line.is_long,
                {at: fault for at, fault in line.faults.items() if at in kept},
            )
            for line in self.lines
        ]
        return Sheet(**vars(self) | {"lines": lines, "parts": sorted(kept)})

    def joined(self, other: Sheet) -> Sheet:
        """Merge two parts of one sheet."""
        lines = [
            SheetLine(
                one.number,
                [a or b for a, b in zip(one.cells, two.cells, strict=True)],
                one.is_long,
                one.faults | two.faults,
            )
            for one, two in zip(self.lines, other.lines, strict=True)
        ]
        parts = list(range(len(self.heads)))
        return Sheet(**vars(self) | {"lines": lines, "parts": parts})

    def to_json(self) -> str:
        said = vars(self) | {
            "lines": [[x.number, x.is_long, x.faults, *x.cells] for x in self.lines]
        }
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Sheet:
        said = json.loads(text)
        return cls(**said | {"lines": list(map(_line, said["lines"]))})

    @classmethod
    def from_child(cls, written: Iterable[bytes]) -> Sheet:
        """Parse the output of child.py: a header, then each line; or raise
        CannotRead."""
        said, *lines = map(json.loads, written)
        if "refused" in said:
            raise CannotRead(NotReadable(said["refused"], **said["params"]))
        if said["lines"] != len(lines):
            raise ValueError("not all of it arrived")
        return cls(**said | {"lines": list(map(_line, lines))})


def _line(said: list) -> SheetLine:
    number, is_long, faults, *cells = said
    return SheetLine(
        number, cells, is_long, {int(at): why for at, why in faults.items()}
    )


def read(raw: bytes) -> Sheet:
    """Parse one of our own files (sample, demo) in this process."""
    try:
        return Sheet(**vars(parse.read(raw)))
    except NotReadable as refused:
        raise CannotRead(refused) from None
