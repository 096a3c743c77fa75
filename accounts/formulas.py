"""What a spreadsheet would take for a formula.

Plain Python: uploaded files are read in a process without Django.
"""

from __future__ import annotations

import unicodedata

# Whatever looks like one of these, full-width and small forms among them (OWASP: CSV
# injection), and the minus of typesetters.
FORMULA = "=+-@\u2212"
QUOTES = "'\"`\u2018\u2019\u201c\u201d\u2032\u2033"
BREAKS = "\t\r\n\v\f\0"


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


def harmless(cell: str) -> str:
    return f"'{cell}" if is_formula(cell) else cell
