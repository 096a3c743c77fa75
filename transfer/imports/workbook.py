"""The first sheet of an Excel workbook, parsed as a stream with limits.

Plain Python without Django, like parse.py. Reads both kinds of Open XML: transitional
(which Excel writes) and Strict; the element names are the same. openpyxl, which writes
our sample, does not read Strict files, cannot tell a formula without a result from an
empty cell, and loads all strings of a workbook before they could be counted.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from xml.parsers import expat

from transfer.imports.limits import NotReadable, Row
from transfer.imports.workbook_parts import (
    UNPACKED,
    Book,
    Cells,
    CountedReader,
    Relations,
    Styles,
    Words,
    WorkbookPart,
)

PARTS = 500


def read(raw: bytes) -> tuple[Iterator[Row], bool]:
    """The rows of its first visible sheet, and whether its dates count from 1904."""
    try:
        return _Workbook(raw).rows()
    except (NotReadable, MemoryError):
        raise
    except Exception:  # whatever is wrong first
        raise NotReadable("broken") from None


class _Workbook:
    def __init__(self, raw: bytes):
        self.counted = CountedReader()
        try:
            self.packed = zipfile.ZipFile(io.BytesIO(raw))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            raise NotReadable("broken") from None
        parts = self.packed.infolist()
        self.names = {part.filename for part in parts}
        self._look(parts)

    def _look(self, parts) -> None:
        """Before unpacking: is it a workbook, and how large would it be?"""
        if "content.xml" in self.names and "META-INF/manifest.xml" in self.names:
            raise NotReadable("open_document")
        if "xl/workbook.bin" in self.names:
            raise NotReadable("binary")
        if any(name.startswith("/") or ".." in name.split("/") for name in self.names):
            raise NotReadable("broken")
        if any(part.flag_bits & 1 for part in parts):
            raise NotReadable("password")
        if len(parts) > PARTS or sum(part.file_size for part in parts) > UNPACKED:
            raise NotReadable("too_much")

    def rows(self) -> tuple[Iterator[Row], bool]:
        main = self._main()
        if main not in self.names:
            raise NotReadable("no_list")
        book = self._read(main, Book(self.counted))
        folder = posixpath.dirname(main)
        relations = self._read(_relations_of(main), Relations(self.counted)).found
        places = {pk: (kind, _place(folder, to)) for pk, kind, to in relations}
        shown = [places[pk] for pk in book.sheets if pk in places]
        sheet = next((to for kind, to in shown if kind == "worksheet"), None)
        if sheet is None:
            raise NotReadable("empty")
        parts = {kind: to for kind, to in places.values()}
        styles = Styles(self.counted)
        if parts.get("styles") in self.names:
            self._read(parts["styles"], styles)
        cells = self._read(sheet, Cells(self.counted, styles, book.from_1904))
        needed = {
            value
            for _number, row, _faults in cells.rows
            for value in row.values()
            if isinstance(value, int)
        }
        words: dict[int, str] = {}
        if needed:
            strings = Words(self.counted, needed)
            beside = posixpath.join(folder, "sharedStrings.xml")
            place = parts.get("sharedStrings", beside)
            words = self._read(place, strings).found
        return _resolved(cells.rows, words), book.from_1904

    def _main(self) -> str:
        if "_rels/.rels" in self.names:
            relations = self._read("_rels/.rels", Relations(self.counted)).found
            for _pk, kind, target in relations:
                if kind == "officeDocument":
                    return _place("", target)
        return "xl/workbook.xml"

    def _read(self, name: str, part: WorkbookPart) -> WorkbookPart:
        info = self.packed.getinfo(name)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise NotReadable("broken")
        try:
            with self.packed.open(info) as file:
                part.parse(file)
        except (expat.ExpatError, zipfile.BadZipFile, zlib.error):
            raise NotReadable("broken") from None
        return part


def _relations_of(name: str) -> str:
    folder, file = posixpath.split(name)
    return posixpath.join(folder, "_rels", f"{file}.rels")


def _place(folder: str, target: str) -> str:
    """The part that a relationship names, by its path in the zip."""
    return posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")


def _resolved(rows, words: dict[int, str]) -> Iterator[Row]:
    """Rows with shared strings resolved. A missing string is an empty cell."""
    for number, cells, faults in rows:
        wide = max([*cells, *faults]) + 1
        row = [""] * wide
        for at, value in cells.items():
            row[at] = words.get(value, "") if isinstance(value, int) else value
        yield number, row, faults
