"""Preview of an import, computed by the worker.

The pages show what `summary.py` stores of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from database.identity import acting_as
from transfer.imports import days, people
from transfer.imports.columns import Field
from transfer.imports.known import Found, sorted_out
from transfer.imports.person import ImportedPerson, Problem, Reading
from transfer.imports.sheet import Sheet
from transfer.models import CaseloadImport, ImportSheet

FIRST_VALUES, SHOWN_LETTERS, FIRST_LINES = 3, 40, 8
NO_DATES = gettext_lazy(
    "None of the %(n)s values in this column is a date we can read. Choose what the "
    "column is, or leave it out."
)


class Gone(Exception):
    """The lines of this import are no longer stored."""


def whole(imported: CaseloadImport) -> tuple[Sheet, set[int]]:
    """The whole file, and which columns the importing user may see.

    Clinical columns are encrypted for the therapist: an admin's file is read as the
    therapist, and nothing made from it for the admin repeats a cell.
    """
    with acting_as(imported.therapist_id):
        rows = ImportSheet.objects.filter(caseload_import_id=imported.pk)
        parts = {row.part: row.body for row in rows}
    try:
        sealed = Sheet.from_json(parts[ImportSheet.Part.SEALED])
    except (KeyError, ValueError):
        raise Gone from None
    if imported.is_own:
        return sealed, set(sealed.parts)
    directory = Sheet.from_json(parts[ImportSheet.Part.DIRECTORY])
    return sealed.joined(directory), set(directory.parts)


@dataclass
class ImportFinding:
    """An error in one line, or the same one in many."""

    head: str
    said: str  # the first few cells, or "" if this reader may not see them
    reason: str
    many: int
    lines: list[int]  # the first few


@dataclass
class Column:
    """A column of the file, for the page."""

    at: int
    head: str
    first: str  # values, or "" if this reader may not see them
    filled: int
    is_shown: bool


class ImportReview:
    def __init__(self, imported: CaseloadImport, *, by: User):
        self.imported, self.by = imported, by
        self.therapist = by if imported.is_own else imported.therapist
        self.sheet, self.shown = whole(imported)

    @cached_property
    def found_order(self) -> str | None:
        """The date order; None if the user must choose."""
        texts = people.dates_in(self.sheet, self.imported.columns)
        return days.order_in(texts)

    @property
    def asks_order(self) -> bool:
        return self.found_order is None

    @cached_property
    def order(self) -> str:
        """From the file, else as chosen, else day first."""
        return self.found_order or self.imported.date_order or days.Order.DAY.value

    @cached_property
    def reading(self) -> Reading:
        here = timezone.localtime(timezone=self.therapist.zone)
        now = here.replace(tzinfo=None, second=0, microsecond=0)
        return people.read(self.sheet, self.imported.columns, self.order, now)

    @cached_property
    def _sorted(self) -> tuple[list[ImportedPerson], list[Found]]:
        people_ = self.reading.people
        return sorted_out(people_, by=self.by, therapist=self.therapist)

    @property
    def new(self) -> list[ImportedPerson]:
        return self._sorted[0]

    @property
    def here(self) -> list[Found]:
        return self._sorted[1]

    @property
    def sessions(self) -> int:
        return sum(len(person.sessions) for person in self.new)

    @property
    def goals(self) -> int:
        return sum(len(person.goals) for person in self.new)

    @property
    def lacks_name(self) -> bool:
        return Field.NAME not in self.imported.columns

    @cached_property
    def problems(self) -> list[Problem]:
        """As the reader may see them: a clinical column is named without its cells."""
        return [
            problem if problem.column in self.shown else replace(problem, said="")
            for problem in self.reading.problems
        ]

    def findings(self) -> list[ImportFinding]:
        """The errors grouped by kind, those of most lines first."""

        def kind(problem):
            return problem.column is None, problem.column or 0, problem.reason

        alike = groupby(sorted(self.problems, key=kind), kind)
        found = [self._finding(list(problems)) for _kind, problems in alike]
        return sorted(found, key=lambda one: (-one.many, one.lines[0]))

    def _finding(self, problems: list[Problem]) -> ImportFinding:
        first, at = problems[0], problems[0].column
        reason = first.reason
        if at is not None and self.imported.columns[at] in people.DAYS:
            filled = sum(1 for line in self.sheet.lines if line.cells[at])
            if reason == str(days.NOT_READ) and len(problems) == filled > 2:
                reason = str(NO_DATES) % {"n": filled}
        said = list(dict.fromkeys(problem.said for problem in problems if problem.said))
        return ImportFinding(
            head=self.head(at) if at is not None else "",
            said=", ".join(
                Truncator(text).chars(SHOWN_LETTERS) for text in said[:FIRST_VALUES]
            ),
            reason=reason,
            many=len(problems),
            lines=[problem.line for problem in problems[:FIRST_LINES]],
        )

    def head(self, at: int) -> str:
        """The name of a column; its position if it has none."""
        return self.sheet.heads[at] or _("Column %(number)s") % {"number": at + 1}

    def columns(self) -> Iterator[Column]:
        for at in range(len(self.sheet.heads)):
            cells = [line.cells[at] for line in self.sheet.lines if line.cells[at]]
            is_shown = at in self.shown
            values = list(dict.fromkeys(cells))[:FIRST_VALUES] if is_shown else []
            first = ", ".join(Truncator(text).chars(SHOWN_LETTERS) for text in values)
            yield Column(at, self.head(at), first, len(cells), is_shown)
