"""A chart as a template shows it: drawings, one sentence, and a data table."""

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
    """The drawings, one sentence, and the same data as a table."""

    svg: SafeString
    words: str
    rows: list[TableRow] = field(default_factory=list)
    cells: str = "<td>{2}</td><td>{3}</td>"  # of a table row: note, value
    early: bool = False
    low: str = ""
    high: str = ""
    key: str = ""  # legend, as markup

    @property
    def body(self) -> SafeString:
        """The table rows as one string: a template takes long for hundreds."""
        shape = (
            '<tr><th scope="row" class="nowrap"><time datetime="{0}">{1}</time></th>'
            f"{self.cells}</tr>"
        )
        # the same days and notes occur again and again
        escape = cache(conditional_escape)
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
