"""A file of lines and cells, whichever program wrote it; never more than we can hold.

CSV in UTF-8 (with a mark or without), UTF-16 or Windows-1252, with commas, semicolons,
tabs or bars; or a workbook of Excel's kind.  Whatever it was, cells are text
afterwards: a day that the workbook knows to be one is written YYYY-MM-DD.
"""

from __future__ import annotations

import csv
import io
import json
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.downloads import is_formula
from progress.imports.columns import count_known

MOST_BYTES = 5 * 1024 * 1024
MOST_LINES = 5_000
MOST_ROWS = 20_000  # with the empty ones between
MOST_COLUMNS = 60
MOST_LETTERS = 10_000  # in one cell
UNPACKED = 32 * 1024 * 1024  # of a workbook, which is a zip
PARTS = 500
SEPARATORS = (",", ";", "\t", "|")
HEAD_WITHIN = 10  # lines; some exports begin with a title
MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

TOO_LARGE = _("A file of up to 5 MB can be read. This one is larger.")
NOT_READ = _("This cannot be read as a list. Save it as CSV or as .xlsx.")
OLD_EXCEL = _("This is an old Excel file (.xls). Save it as .xlsx or as CSV.")
BROKEN = _("This workbook cannot be read. Open it, save it anew, and try again.")
EMPTY = _("There is no line in this file besides the names of its columns.")
TOO_MANY = _("Up to 5,000 lines can be read at a time. Cut the file in two.")
TOO_WIDE = _("Up to 60 columns can be read. Take out those that are not needed.")


class CannotRead(ValidationError):
    """Why this file is no list, in words for who chose it."""


@dataclass
class Line:
    number: int  # as a spreadsheet counts, the names of the columns included
    cells: list[str]
    is_long: bool = False  # more cells than columns: it would not fit under them


@dataclass
class Sheet:
    heads: list[str]
    lines: list[Line]
    separator: str = ","
    written: str = "utf-8"  # how: an encoding, or "xlsx"
    counts_from_1904: bool = False
    head_at: int = 1
    parts: list[int] = field(default_factory=list)  # the columns that are in it

    def part(self, columns: Iterable[int]) -> Sheet:
        """The same lines with the cells of these columns alone."""
        kept = sorted(columns)
        lines = [
            Line(
                line.number,
                [cell if at in kept else "" for at, cell in enumerate(line.cells)],
                line.is_long,
            )
            for line in self.lines
        ]
        return Sheet(
            self.heads,
            lines,
            self.separator,
            self.written,
            self.counts_from_1904,
            self.head_at,
            kept,
        )

    def joined(self, other: Sheet) -> Sheet:
        """Two parts of one sheet, laid over each other."""
        lines = [
            Line(
                one.number,
                [a or b for a, b in zip(one.cells, two.cells, strict=True)],
                one.is_long,
            )
            for one, two in zip(self.lines, other.lines, strict=True)
        ]
        whole = self.part(range(len(self.heads)))
        whole.lines = lines
        return whole

    def to_json(self) -> str:
        said = vars(self) | {
            "lines": [[x.number, x.is_long, *x.cells] for x in self.lines]
        }
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Sheet:
        said = json.loads(text)
        said["lines"] = [
            Line(number, cells, is_long)
            for number, is_long, *cells in said.pop("lines")
        ]
        return cls(**said)


def read(raw: bytes) -> Sheet:
    """Raise CannotRead for whatever is not a list that we can hold."""
    if len(raw) > MOST_BYTES:
        raise CannotRead(TOO_LARGE)
    if raw.startswith(b"PK\x03\x04"):
        rows, from_1904 = _workbook(raw)
        return _sheet(rows, written="xlsx", counts_from_1904=from_1904)
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise CannotRead(OLD_EXCEL)
    text, written = _decoded(raw)
    separator, text, skipped = _separator(text)
    return _sheet(_rows(text, separator, skipped), written=written, separator=separator)


# -- text -----------------------------------------------------------------------------


def _decoded(raw: bytes) -> tuple[str, str]:
    for mark, name in MARKS:
        if raw.startswith(mark):
            return _text(raw, name), name
    if b"\0" in raw:
        raise CannotRead(NOT_READ)
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _text(raw, "cp1252"), "cp1252"


def _text(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise CannotRead(NOT_READ) from None


def _separator(text: str) -> tuple[str, str, int]:
    """What stands between cells: as Excel's first line says, or as fits best."""
    said = re.match(r"sep=(.)\r?\n", text)
    if said:
        return said[1], text[said.end() :], 1
    sample = text[:60_000]
    return max(SEPARATORS, key=lambda sign: _fit(sample, sign)), text, 0


def _fit(sample: str, separator: str) -> tuple[int, int, int]:
    """Known names, lines as long as the first, cells in it: the larger the better."""
    rows = []
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
    try:
        for row in reader:
            rows.append(row)
            if len(rows) == HEAD_WITHIN:
                break
    except csv.Error:
        return 0, 0, 0
    if not rows:
        return 0, 0, 0
    head = max(rows, key=count_known)
    alike = sum(len(row) == len(head) for row in rows) if len(head) > 1 else 0
    return count_known(head), alike, len(head)


def _rows(text: str, separator: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = skipped
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise CannotRead(
                _("Line %(number)s: a quotation mark is not closed, or out of place."),
                params={"number": number},
            ) from None
        if len(row) > 10 * MOST_COLUMNS:  # no list, so not worth cleaning
            raise CannotRead(TOO_WIDE)
        yield number, row


# -- workbooks ------------------------------------------------------------------------


def _workbook(raw: bytes) -> tuple[list[tuple[int, list[str]]], bool]:
    """The rows of its first sheet that is shown, and where its days count from."""
    _look_into(raw)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what it does not draw: not our matter
            return _unpack(raw)
    except CannotRead:
        raise
    except Exception:  # whatever it stumbles over first
        raise CannotRead(BROKEN) from None


def _look_into(raw: bytes) -> None:
    """Before anything is unpacked: is it a workbook, and how large would it be?"""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise CannotRead(BROKEN) from None
    names = {part.filename for part in parts}
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= names:
        raise CannotRead(NOT_READ)
    if any(name.startswith("/") or ".." in name.split("/") for name in names):
        raise CannotRead(BROKEN)
    if len(parts) > PARTS or sum(part.file_size for part in parts) > UNPACKED:
        raise CannotRead(_("This workbook is larger than can be read, unpacked."))


def _unpack(raw: bytes) -> tuple[list[tuple[int, list[str]]], bool]:
    from openpyxl import load_workbook  # a third of a second, so only where needed
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = load_workbook(
        io.BytesIO(raw), read_only=True, data_only=True, keep_links=False
    )
    try:
        shown = (s for s in book.worksheets if s.sheet_state == "visible")
        sheet = next(shown, None)
        if sheet is None:
            raise CannotRead(EMPTY)
        rows = sheet.iter_rows(
            max_row=MOST_ROWS, max_col=MOST_COLUMNS + 1, values_only=True
        )
        found = []
        for number, row in enumerate(rows, 1):
            cells = [_words(value) for value in row]
            if any(cells):
                found.append((number, cells))
            if len(found) > MOST_LINES + HEAD_WITHIN:
                raise CannotRead(TOO_MANY)
        return found, book.epoch == CALENDAR_MAC_1904
    finally:
        book.close()


def _words(value) -> str:
    match value:
        case None:
            return ""
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M")
        case date():
            return value.isoformat()
        case time():
            return value.strftime("%H:%M")
        case float() if value.is_integer():
            return str(int(value))
    return str(value)


# -- both -----------------------------------------------------------------------------


def _sheet(rows: Iterable[tuple[int, list[str]]], **said) -> Sheet:
    """The line that names the columns, and those after it that say something."""
    found = []
    for number, row in rows:
        cells = [_clean(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            found.append((number, cells))
        if len(found) > MOST_LINES + HEAD_WITHIN:
            raise CannotRead(TOO_MANY)
    if not found:
        raise CannotRead(EMPTY)
    at = max(
        range(min(HEAD_WITHIN, len(found))), key=lambda n: count_known(found[n][1])
    )
    (head_at, heads), rest = found[at], found[at + 1 :]
    if not rest:
        raise CannotRead(EMPTY)
    if len(rest) > MOST_LINES:
        raise CannotRead(TOO_MANY)
    if len(heads) > MOST_COLUMNS:
        raise CannotRead(TOO_WIDE)
    wide = len(heads)
    lines = [
        Line(number, [*cells[:wide], *[""] * (wide - len(cells))], len(cells) > wide)
        for number, cells in rest
    ]
    heads = [head[:80] for head in heads]
    return Sheet(heads, lines, head_at=head_at, parts=list(range(wide)), **said)


def _clean(cell: str) -> str:
    """Without what nobody typed: control characters, and the mark we set before what a
    spreadsheet would take for a formula."""
    cell = CONTROL.sub("", cell.replace("\xa0", " ").replace("\r\n", "\n")).strip()
    if cell[:1] == "'" and is_formula(cell[1:]):
        return cell[1:]
    return cell
