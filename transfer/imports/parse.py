"""Parse an uploaded file into lines and cells, whatever program wrote it.

Plain Python without Django: `child.py` runs it in a process with memory and time
limits. Everything here takes time linear in the file size.

CSV in UTF-8, UTF-16, UTF-32 or Windows-1252, separated by commas, semicolons, tabs or
bars; or an Excel workbook. Cells become text: a workbook's dates are written as
YYYY-MM-DD.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from transfer.imports import workbook
from transfer.imports.column_names import count_known
from transfer.imports.limits import (
    HEAD_WITHIN,
    MOST_BYTES,
    MOST_CELLS,
    MOST_COLUMNS,
    MOST_LETTERS,
    MOST_LINES,
    MOST_ROWS,
    MOST_TEXT,
    NotReadable,
    Row,
)
from ui.csv_cells import is_formula, unmarked_inside

SEPARATORS = (",", ";", "\t", "|")
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
MARKUP = re.compile(r"\s*<[!?a-zA-Z]")
SEPARATOR_LINE = re.compile(r'("?)sep=([^\r\n])\1[,;\t ]{0,100}(?:\r\n|\n|\r|\Z)', re.I)
OLE = b"\xd0\xcf\x11\xe0"
PASSWORD = "EncryptedPackage".encode("utf-16-le")
WORKBOOK = "Workbook".encode("utf-16-le"), "Book".encode("utf-16-le")
MARKS_IN_A_ROW = 30  # the Unicode stream-safe limit; sorting more takes quadratic time


@dataclass
class SheetLine:
    number: int  # as a spreadsheet counts, including the header line
    cells: list[str]
    is_long: bool = False  # more cells than columns
    # Faults of cells already in the file, by column: "error", "formula".
    faults: dict[int, str] = field(default_factory=dict)


@dataclass
class ParsedSheet:
    heads: list[str]
    lines: list[SheetLine]
    separator: str = ","
    written: str = "utf-8"  # an encoding, or "xlsx"
    counts_from_1904: bool = False
    head_at: int = 1
    parts: list[int] = field(default_factory=list)  # columns with content


def read(raw: bytes) -> ParsedSheet:
    """Parse; raise NotReadable for anything that is not a list within the limits."""
    first_look(raw)
    if raw.startswith(b"PK\x03\x04"):
        rows, from_1904 = workbook.read(raw)
        return sheet_of(rows, written="xlsx", counts_from_1904=from_1904)
    text, written = decoded(raw)
    if MARKUP.match(text):
        raise NotReadable("markup")
    separator, text, skipped = separated(text)
    rows = lines_of(text.rstrip("\r\n"), separator, skipped)
    return sheet_of(rows, written=written, separator=separator)


def first_look(raw: bytes) -> None:
    """Errors that can be reported at once, in the upload request."""
    if len(raw) > MOST_BYTES:
        raise NotReadable("too_large")
    if not raw.strip(b"\0 \r\n\t"):
        raise NotReadable("empty")
    if raw.startswith(OLE):
        if PASSWORD in raw:
            raise NotReadable("password")
        raise NotReadable("old_excel" if any(w in raw for w in WORKBOOK) else "no_list")
    if raw.startswith((b"%PDF", b"{\\rtf")):
        raise NotReadable("no_list")
    if MARKUP.match(raw[:1000].lstrip(codecs.BOM_UTF8).decode("latin-1")):
        raise NotReadable("markup")
    if re.match(rb"(?:MIME-Version|Message-ID|From):", raw[:100], re.I):
        raise NotReadable("markup")


# -- text files -----------------------------------------------------------------------


def decoded(raw: bytes) -> tuple[str, str]:
    for mark, name in MARKS:
        if raw.startswith(mark):
            return _text(raw, name), name
    if b"\0" in raw:
        name = _without_a_mark(raw)
        return _text(raw, name), name
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _text(raw, "cp1252"), "cp1252"


def _without_a_mark(raw: bytes) -> str:
    """UTF-16 without a BOM: every other byte of plain text is zero."""
    sample = raw[:2000]
    even, odd = sample[::2], sample[1::2]
    for name, zeros, letters in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros.count(0) > 0.7 * len(zeros) and letters.count(0) < 0.1 * len(letters):
            return name
    raise NotReadable("no_list")


def _text(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise NotReadable("encoding") from None


def separated(text: str) -> tuple[str, str, int]:
    """The separator, the remaining text, and how many lines were skipped."""
    said = SEPARATOR_LINE.match(text)
    skipped = 0
    if said:
        text, skipped = text[said.end() :], 1
        sign = said[2]
        if sign in SEPARATORS or (sign.isprintable() and sign in "^~:#!$%&*/\\"):
            return sign, text, skipped
    sample = text[:60_000]
    return max(SEPARATORS, key=lambda sign: _fit(sample, sign)), text, skipped


def _fit(sample: str, separator: str) -> tuple[int, int, int]:
    """Known names, lines as long as the first, number of cells: larger is better."""
    rows = []
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
    try:
        for row in reader:
            rows.append(row[: 2 * MOST_COLUMNS])
            if len(rows) == HEAD_WITHIN:
                break
    except csv.Error:
        return 0, 0, 0
    if not rows:
        return 0, 0, 0
    head = max(rows, key=count_known)
    alike = sum(len(row) == len(head) for row in rows) if len(head) > 1 else 0
    return count_known(head), alike, len(head)


def lines_of(text: str, separator: str, skipped: int) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = skipped
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # A cell over 131,072 characters, nearly always an unclosed quote.
            code = "long_cell" if "field larger" in str(error) else "open_quote"
            raise NotReadable(code, number=number) from None
        if len(row) > 10 * MOST_COLUMNS:  # not a list, so not worth cleaning
            raise NotReadable("too_wide")
        yield number, row, {}


# -- text and workbooks ---------------------------------------------------------------


def sheet_of(rows: Iterable[Row], **said) -> ParsedSheet:
    """The header line, and the nonempty lines after it."""
    found, size, filled = [], 0, 0
    for read_so_far, (number, row, faults) in enumerate(rows):
        filled += len(row) - row.count("")
        if read_so_far > MOST_ROWS:
            raise NotReadable("too_many")
        if filled > MOST_CELLS:
            raise NotReadable("too_much")
        cells = _cleaned(row)
        while cells and not cells[-1] and len(cells) - 1 not in faults:
            cells.pop()
        if not cells:
            continue
        found.append((number, cells, faults))
        size += sum(len(c) if c.isascii() else len(c.encode()) for c in cells)
        if size > MOST_TEXT:
            raise NotReadable("too_much")
        if len(found) > MOST_LINES + HEAD_WITHIN:
            raise NotReadable("too_many")
    if not found:
        raise NotReadable("empty")
    first = range(min(HEAD_WITHIN, len(found)))
    at = max(first, key=lambda n: count_known(found[n][1]))
    (head_at, heads, _faults), rest = found[at], found[at + 1 :]
    if not rest:
        raise NotReadable("empty")
    if len(rest) > MOST_LINES:
        raise NotReadable("too_many")
    if len(heads) > MOST_COLUMNS:
        raise NotReadable("too_wide")
    wide = len(heads)
    lines = [
        SheetLine(
            number,
            [*cells[:wide], *[""] * (wide - len(cells))],
            len(cells) > wide,
            {at: fault for at, fault in faults.items() if at < wide},
        )
        for number, cells, faults in rest
    ]
    heads = [head[:80] for head in heads]
    return ParsedSheet(heads, lines, head_at=head_at, parts=list(range(wide)), **said)


def _cleaned(row: list[str]) -> list[str]:
    """Truncate a row that is longer than any list."""
    cells = [clean(cell) for cell in row[:MOST_COLUMNS]]
    if any(cell and not cell.isspace() for cell in row[MOST_COLUMNS:]):
        cells.append("…")
    return cells


def clean(cell: str) -> str:
    """Remove what nobody typed: control characters, and the marks that our exports put
    before formula-like cells. NFC."""
    if not cell:
        return cell
    cell = unmarked_inside(cell)
    cell = CONTROL.sub("", cell.replace("\xa0", " ").replace("\r\n", "\n")).strip()
    cell = cell[: MOST_LETTERS + 1]  # one more than allowed, which is rejected later
    if not cell.isascii():
        cell = composed(cell)
    if cell[:1] == "'" and is_formula(cell[1:]):
        return cell[1:]
    return cell


def composed(text: str) -> str:
    """NFC; unchanged if a letter has so many marks that sorting them is slow."""
    run = 0
    for sign in text:
        run = run + 1 if unicodedata.combining(sign) else 0
        if run > MARKS_IN_A_ROW:
            return text
    return unicodedata.normalize("NFC", text)
