"""Detection and escaping of spreadsheet formulas in CSV cells.

Plain Python: uploaded files are read in a process without Django.
"""

from __future__ import annotations

import re
import unicodedata

# Characters that look like one of these, including full-width and small forms (OWASP:
# CSV injection), and the typographic minus.
FORMULA = "=+-@\u2212"
QUOTES = "'\"`\u2018\u2019\u201c\u201d\u2032\u2033"
BREAKS = "\t\r\n\v\f\0"
# Where a program may start another cell, whatever separator the file has.
SPLITS = ",;|\t\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"
SPLIT = re.compile(f"[{SPLITS}]")


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would take it as a formula, ignoring leading spaces, quotes
    and invisible characters; a leading line break or tab would start a new cell."""
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
    """The position of the formula sign with which the text from `at` starts, or
    None."""
    while at < len(text) and text[at] not in SPLITS:
        if not _is_skipped(text[at]):
            is_one = unicodedata.normalize("NFKC", text[at])[0] in FORMULA
            return at if is_one else None
        at += 1
    return None


def _signs_inside(text: str) -> list[int]:
    """Positions at which a formula would start if the text were split at one of
    SPLITS."""
    found = (_sign_at(text, split.end()) for split in SPLIT.finditer(text))
    return [at for at in found if at is not None]


def harmless(cell: str) -> str:
    """Put an apostrophe before each formula sign that a spreadsheet could run.

    At the start of the cell it goes before spaces and quotes too. Inside, a sign counts
    where a program that splits at another separator starts a cell.
    """
    pieces, done = [], 0
    for at in _signs_inside(cell):
        pieces += [cell[done:at], "'"]
        done = at
    marked = "".join([*pieces, cell[done:]])
    return f"'{marked}" if is_formula(cell) else marked


def unmarked_inside(cell: str) -> str:
    """Remove the apostrophes that `harmless` added inside; one at the front stays."""
    if "'" not in cell:
        return cell
    pieces, done = [], 0
    for at in _signs_inside(cell):
        if cell[at - 1] == "'":
            pieces.append(cell[done : at - 1])
            done = at
    return "".join([*pieces, cell[done:]])
