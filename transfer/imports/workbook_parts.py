"""The parts of an Excel workbook, parsed as streams with limits."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from xml.parsers import expat

from transfer.imports.limits import (
    HEAD_WITHIN,
    MOST_COLUMNS,
    MOST_LETTERS,
    MOST_LINES,
    MOST_TEXT,
    NotReadable,
)

UNPACKED = 32 * 1024 * 1024  # bytes of all parts that are read
# In all parts together. 5,000 lines of 60 words are 1,200,000, and a sheet with all
# rows present, though empty, 1,050,000.
ELEMENTS = 1_250_000
DEPTH = 40
CHUNK = 64 * 1024
PENDING = 1024 * 1024  # bytes of one unfinished tag

DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
BESIDE_DATES = re.compile(r'"[^"]*"|\[(?!(?:h+|m+|s+)\])[^\][]*\]|\\.|_.|\*.', re.I)
NUMBER = re.compile(r"[+-]?\d{1,400}(?:\.\d{0,400})?(?:[eE][+-]?\d{1,3})?")
REFERENCE = re.compile(r"([A-Z]{1,4})\d{1,8}")
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
LONGEST_FORMAT = 255  # characters, as in Excel
LAST_DAY = 2_958_466  # Dec 31, 9999 as an Excel serial number


class CountedReader:
    """Counts what was read of all parts together."""

    def __init__(self):
        self.bytes = self.elements = 0

    def add_bytes(self, many: int) -> None:
        self.bytes += many
        if self.bytes > UNPACKED:
            raise NotReadable("too_much")


class WorkbookPart:
    """One XML part, passed to the reader's `start`, `end` and `text`."""

    def __init__(self, counted: CountedReader):
        self.counted, self.depth, self.is_over = counted, 0, False

    def parse(self, file) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self.text
        parser.StartDoctypeDeclHandler = self._doctype
        fed = 0
        while chunk := file.read(CHUNK):
            fed += len(chunk)
            self.counted.add_bytes(len(chunk))
            parser.Parse(chunk, False)
            if self.is_over:
                return
            if fed - max(parser.CurrentByteIndex, 0) > PENDING:
                raise NotReadable("too_much")
        parser.Parse(b"", True)

    def _doctype(self, *said) -> None:
        raise NotReadable("broken")  # no workbook has a DTD; entities need one

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        # Called a million times and more: plain code without extra calls.
        counted = self.counted
        counted.elements += 1
        if counted.elements > ELEMENTS:
            raise NotReadable("too_much")
        self.depth += 1
        if self.depth > DEPTH:
            raise NotReadable("broken")
        self.start(name if ":" not in name else _local(name), attributes)

    def _end(self, name: str) -> None:
        self.depth -= 1
        self.end(name if ":" not in name else _local(name))

    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def text(self, text: str) -> None: ...


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class Relations(WorkbookPart):
    def __init__(self, counted):
        super().__init__(counted)
        self.found: list[tuple[str, str, str]] = []  # id, kind, target

    def start(self, name, attributes):
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            kind = attributes.get("Type", "").rpartition("/")[2]
            said = attributes.get("Id", ""), kind, attributes.get("Target", "")
            self.found.append(said)


class Book(WorkbookPart):
    def __init__(self, counted):
        super().__init__(counted)
        self.sheets: list[str] = []  # relationship ids of visible sheets
        self.from_1904 = False

    def start(self, name, attributes):
        if name == "workbookPr":
            self.from_1904 = attributes.get("date1904", "0") in ("1", "true", "on")
        elif name == "sheet" and attributes.get("state", "visible") == "visible":
            ids = [v for key, v in attributes.items() if key.endswith(":id")]
            self.sheets += ids[:1]


class Styles(WorkbookPart):
    """Which cell styles format a number as a date."""

    def __init__(self, counted):
        super().__init__(counted)
        self.codes: dict[int, str] = {}
        self.formats: list[int] = []  # of each style
        self._known: dict[int, bool] = {}
        self._within = False

    def start(self, name, attributes):
        if name == "numFmt":
            code = attributes.get("formatCode", "")[:LONGEST_FORMAT]
            self.codes[int(attributes["numFmtId"])] = code
        elif name == "cellXfs":
            self._within = True
        elif name == "xf" and self._within:
            self.formats.append(int(attributes.get("numFmtId", "0")))

    def shows_days(self, style: int) -> bool:
        if style >= len(self.formats):
            return False
        number = self.formats[style]
        if number not in self._known:
            self._known[number] = self._is_date(number)
        return self._known[number]

    def _is_date(self, number: int) -> bool:
        if number not in self.codes:
            return number in DATE_FORMATS
        code = BESIDE_DATES.sub("", self.codes[number])
        return code != "General" and bool(re.search("[ymdhs]", code, re.I))

    def end(self, name):
        if name == "cellXfs":
            self._within, self.is_over = False, True


class Words(WorkbookPart):
    """The shared strings that the sheet needs, cut at the cell limit. Phonetic readings
    (`rPh`) are not part of a string."""

    def __init__(self, counted, needed: set[int]):
        super().__init__(counted)
        self.needed, self.found, self.number = needed, {}, -1
        self._last = max(needed, default=-1)
        self._letters: list[str] | None = None
        self._beside, self._size = 0, 0

    def start(self, name, attributes):
        if name == "si":
            self.number += 1
            self.found_now, self._size = [], 0
        elif name == "rPh":
            self._beside += 1
        elif name == "t" and not self._beside and self.number in self.needed:
            self._letters = self.found_now

    def end(self, name):
        if name == "t":
            self._letters = None
        elif name == "rPh":
            self._beside -= 1
        elif name == "si" and self.number in self.needed:
            self.found[self.number] = _unescaped("".join(self.found_now))
            self.is_over = self.number >= self._last

    def text(self, text):
        if self._letters is not None and self._size <= MOST_LETTERS:
            self._letters.append(text[: MOST_LETTERS + 1])
            self._size += len(text)


class Cells(WorkbookPart):
    def __init__(self, counted, styles: Styles, from_1904: bool):
        super().__init__(counted)
        self.styles, self.from_1904 = styles, from_1904
        # Row number, cells by column (an int is a shared string's index), faults.
        self.rows: list[tuple[int, dict[int, str | int], dict[int, str]]] = []
        self.number = self.column = self._size = self._all = self._beside = 0
        self._letters: list[str] = []
        self._takes = False

    def start(self, name, attributes):
        if name == "c":
            self._begin_cell(attributes)
        elif name in ("v", "t"):
            self._takes = not self._beside
        elif name == "f":
            self.has_formula = True
        elif name == "rPh":
            self._beside += 1
        elif name == "row":
            self.number = int(attributes.get("r", self.number + 1))
            self.column, self.cells, self.faults = 0, {}, {}

    def _begin_cell(self, attributes):
        place = attributes.get("r")
        found = REFERENCE.fullmatch(place) if place else None
        self.column = _column(found[1]) if found else self.column + 1
        self.kind = attributes.get("t", "n")
        self.style = attributes.get("s", "0")
        self.has_formula, self._letters, self._size = False, [], 0

    def text(self, text):
        if self._takes and self._size <= MOST_LETTERS:
            self._letters.append(text[: MOST_LETTERS + 1])
            self._size += len(text)

    def end(self, name):
        if name == "c":
            self._end_cell()
        elif name in ("v", "t"):
            self._takes = False
        elif name == "rPh":
            self._beside -= 1
        elif name == "row" and (self.cells or self.faults):
            self.rows.append((self.number, self.cells, self.faults))
            if len(self.rows) > MOST_LINES + HEAD_WITHIN:
                raise NotReadable("too_many")
        elif name == "sheetData":
            self.is_over = True

    def _end_cell(self):
        if not self._letters and not self.has_formula and self.kind != "e":
            return  # styled, but empty
        at, text = min(self.column, MOST_COLUMNS + 1) - 1, "".join(self._letters)
        if self.has_formula and not text and self.kind != "str":
            self.faults[at] = "formula"
        elif self.kind == "e":
            self.faults[at] = "error"
        value = self._value(text)
        if value != "":
            self.cells[at] = value
            self._all += len(value) if isinstance(value, str) else 0
            if self._all > MOST_TEXT:
                raise NotReadable("too_much")

    def _value(self, text: str) -> str | int:
        match self.kind:
            case "s":
                return int(text) if text else ""
            case "str" | "inlineStr":
                return _unescaped(text)
            case "b":
                return {"1": "True", "0": "False"}.get(text, text)
            case "d":
                return _iso(text)
            case "n":
                return self._number(text.strip())
        return text

    def _number(self, text: str) -> str:
        if not NUMBER.fullmatch(text):
            return text
        value = float(text)
        if self.styles.shows_days(int(self.style)):
            return _moment(value, self.from_1904) or text
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        return repr(value)


def _column(letters: str) -> int:
    """A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _unescaped(text: str) -> str:
    """Excel escapes control characters as _x000D_, and an underscore before such a
    sequence as _x005F_."""
    if "_x" not in text:
        return text

    def sign(found):
        code = int(found[1], 16)
        return chr(code) if code < 0x20 or code == 0x5F else found[0]

    return ESCAPED.sub(sign, text)


def _iso(text: str) -> str:
    try:
        return _said(datetime.fromisoformat(text[:40].replace("Z", "")))
    except ValueError:
        return text


def _moment(value: float, from_1904: bool) -> str:
    """A date, time or both from an Excel serial number; '' if it is none."""
    if not 0 <= value < LAST_DAY:
        return ""
    begin = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30)
    if not from_1904 and 1 <= value < 60:
        value += 1  # Excel counts a Feb 29, 1900
    moment = begin + timedelta(seconds=round(value * 86_400))
    return f"{moment:%H:%M}" if value < 1 else _said(moment)


def _said(moment: datetime) -> str:
    if (moment.hour, moment.minute) == (0, 0):
        return date.isoformat(moment)
    return f"{date.isoformat(moment)} {moment:%H:%M}"
