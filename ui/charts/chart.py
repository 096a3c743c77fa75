"""What a template shows of a chart: drawings, one sentence, the same as a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe


@dataclass(frozen=True)
class TableRow:
    day: str
    iso: str
    value: int | str
    note: str = ""
    by: str = ""


@dataclass(frozen=True)
class Chart:
    """What a template shows: the drawings, one sentence, and the same as a table."""

    svg: SafeString
    words: str
    rows: list[TableRow] = field(default_factory=list)
    cells: str = "<td>{2}</td><td>{3}</td>"  # of a row in the table: note, value
    early: bool = False
    low: str = ""
    high: str = ""
    key: str = ""  # which mark is whose, as mark-up

    @property
    def body(self) -> SafeString:
        """The table's rows in one piece: a template takes long over hundreds."""
        shape = (
            '<tr><th scope="row" class="nowrap"><time datetime="{0}">{1}</time></th>'
            f"{self.cells}</tr>"
        )
        escape = cache(conditional_escape)  # the same days and notes again and again
        return mark_safe(
            "".join(
                shape.format(
                    row.iso,
                    escape(row.day),
                    escape(row.note),
                    escape(row.value),
                    escape(row.by),
                )
                for row in self.rows
            )
        )
