"""What a spreadsheet would take for a formula.

Plain Python: uploaded files are read in a process without Django.
"""

from __future__ import annotations

import re
import unicodedata

# Whatever looks like one of these, full-width and small forms among them (OWASP: CSV
# injection), and the minus of typesetters.
FORMULA = "=+-@\u2212"
QUOTES = "'\"`\u2018\u2019\u201c\u201d\u2032\u2033"
BREAKS = "\t\r\n\v\f\0"
# Where a program may begin another cell, whatever separator the file was written with.
SPLITS = ",;|\t\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"
SPLIT = re.compile(f"[{SPLITS}]")


def is_formula(cell: str) -> bool:
    """To the program that opens it, whatever blanks, quotes and signs nobody sees
    stand before it; a line break or tab in front would begin a cell of its own."""
    for sign in cell:
        if sign in BREAKS:
            return True
        if not _is_skipped(sign):
            return unicodedata.normalize("NFKC", sign)[0] in FORMULA
    return False


def _is_skipped(sign: str) -> bool:
    if sign.isspace() or unicodedata.category(sign) in ("Cc", "Cf", "Zs"):
        return True
    return (unicodedata.normalize("NFKC", sign)[:1] or sign) in QUOTES or sign in QUOTES


def _sign_at(text: str, at: int) -> int | None:
    """Where the formula sign is that the piece from `at` begins with, if it does."""
    while at < len(text) and text[at] not in SPLITS:
        if not _is_skipped(text[at]):
            is_one = unicodedata.normalize("NFKC", text[at])[0] in FORMULA
            return at if is_one else None
        at += 1
    return None


def _signs_inside(text: str) -> list[int]:
    """Where a cell would begin a formula if the text were split at one of SPLITS."""
    found = (_sign_at(text, split.end()) for split in SPLIT.finditer(text))
    return [at for at in found if at is not None]


def harmless(cell: str) -> str:
    """With an apostrophe before each formula sign that a spreadsheet could run.

    At the cell's beginning it stands before the blanks and quotes as well.  Inside, a
    sign counts where a program that splits at another separator begins a cell.
    """
    pieces, done = [], 0
    for at in _signs_inside(cell):
        pieces += [cell[done:at], "'"]
        done = at
    marked = "".join([*pieces, cell[done:]])
    return f"'{marked}" if is_formula(cell) else marked


def unmarked_inside(cell: str) -> str:
    """Without the apostrophes that `harmless` set inside; one at the front stays."""
    if "'" not in cell:
        return cell
    pieces, done = [], 0
    for at in _signs_inside(cell):
        if cell[at - 1] == "'":
            pieces.append(cell[done : at - 1])
            done = at
    return "".join([*pieces, cell[done:]])
