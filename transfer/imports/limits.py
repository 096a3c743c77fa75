"""How large an uploaded list may be, and what is said where it is larger."""

from __future__ import annotations

MOST_BYTES = 5 * 1024 * 1024
MOST_LINES = 5_000
MOST_COLUMNS = 60
MOST_LETTERS = 10_000  # characters in one cell
MOST_TEXT = 6 * 1024 * 1024  # bytes of UTF-8 in all cells together
MOST_ROWS = 1_100_000  # empty ones too; a spreadsheet has 1,048,576
MOST_CELLS = 600_000  # that are not empty; 5,000 lines of 60 are 300,000
HEAD_WITHIN = 10  # lines; some exports begin with a title

# The number of a line, its cells, and what is wrong with one, by its column.
Row = tuple[int, list[str], dict[int, str]]


class NotReadable(Exception):
    """Why this file is no list: a code, and numbers for the sentence about it."""

    def __init__(self, code: str, **params: int):
        super().__init__(code)
        self.code, self.params = code, params
