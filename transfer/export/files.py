"""A record as files: a JSON with everything, a CSV per table and the PDF, in one
ZIP."""

from __future__ import annotations

import csv
import io
import json
import zipfile

from transfer.export.pdf import draw
from transfer.export.read import Record, plain
from ui.csv_cells import harmless

FORMAT = 1
READ_ME = """\
A copy of one record from {practice}, made on {day} by {who}.

record.pdf    to read and to print
record.json   everything, for a program to read: one object for each table's row
*.csv         the same tables for a spreadsheet.  Where a spreadsheet could take words
              for a formula there is an apostrophe before them here, and only here.

Times are in UTC.  A fingerprint belongs to the exact words that somebody agreed to.
Not in this copy: {left_out}.
What was added to a signed note is in note_additions.csv.
This file is not locked.  Keep it where nobody reads it whom it does not concern.
"""


def as_json(record: Record) -> str:
    said = {
        "format": FORMAT,
        "made_at": record.made_at,
        "made_by": record.made_by,
        "not_in_it": record.not_in_it,
        "practice": record.practice,
        "person": record.person,
        "contact": record.preferences,
        **record.tables,
    }
    return json.dumps(said, default=plain, ensure_ascii=False, indent=1)


def as_csv(rows: list[dict]) -> str:
    """With a BOM, without which Excel misreads UTF-8."""
    written = io.StringIO()
    written.write("\ufeff")
    if rows:
        table = csv.writer(written)
        table.writerow(rows[0])
        table.writerows([_cell(value) for value in row.values()] for row in rows)
    return written.getvalue()


def _cell(value):
    said = plain(value)
    if isinstance(said, str):
        return harmless(said)
    return "" if said is None else said


def packed(record: Record) -> bytes:
    """The ZIP. Its entries have the time it was made, and no names."""
    whole = io.BytesIO()
    moment = record.made_at.timetuple()[:6]
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:

        def put(name: str, data: str | bytes):
            entry = zipfile.ZipInfo(name, moment)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, data)

        day = record.made_at.date().isoformat()
        who = {"practice": record.practice, "day": day, "who": record.made_by}
        who["left_out"] = "; ".join(record.not_in_it)
        put("READ ME.txt", READ_ME.format(**who))
        put("record.pdf", draw(record))
        put("record.json", as_json(record))
        put("person.csv", as_csv([record.person]))
        for name, rows in record.tables.items():
            if rows:
                put(f"{name}.csv", as_csv(rows))
    return whole.getvalue()


def paper_in(archive: bytes) -> bytes:
    """The PDF in the ZIP."""
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        return files.read("record.pdf")
