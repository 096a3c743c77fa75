"""Size limits of an uploaded list, and the error messages."""

from __future__ import annotations

MOST_BYTES = 5 * 1024 * 1024
MOST_LINES = 5_000
MOST_COLUMNS = 60
MOST_LETTERS = 10_000  # characters in one cell
MOST_TEXT = 6 * 1024 * 1024  # bytes of UTF-8 in all cells together
MOST_ROWS = 1_100_000  # including empty ones; a spreadsheet has 1,048,576
MOST_CELLS = 600_000  # nonempty; 5,000 lines of 60 are 300,000
HEAD_WITHIN = 10  # lines; some exports start with a title

# Line number, cells, and faults by column.
Row = tuple[int, list[str], dict[int, str]]


class NotReadable(Exception):
    """Why this file is not a list: a code, and numbers for its message."""

    def __init__(self, code: str, **params: int):
        super().__init__(code)
        self.code, self.params = code, params
