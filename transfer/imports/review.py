"""What a file would do, before it does anything, as the worker finds it.

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
    """The lines of this import are no longer kept."""


def whole(imported: CaseloadImport) -> tuple[Sheet, set[int]]:
    """The file again, and which of its columns whoever brought it may be shown.

    What is sealed only the therapist can read: of an admin's file it is read as the
    therapist, and nothing that is made of it for the admin repeats a cell.
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
    """What is wrong in one line, or the same in many."""

    head: str
    said: str  # the first few cells, or "" where they are not for this reader
    reason: str
    many: int
    lines: list[int]  # the first few


@dataclass
class Column:
    """One of the file's, for the page."""

    at: int
    head: str
    first: str  # values, or "" where they are not for this reader
    filled: int
    is_shown: bool


class ImportReview:
    def __init__(self, imported: CaseloadImport, *, by: User):
        self.imported, self.by = imported, by
        self.therapist = by if imported.is_own else imported.therapist
        self.sheet, self.shown = whole(imported)

    @cached_property
    def found_order(self) -> str | None:
        """Which way round the dates are; None where somebody has to say."""
        texts = people.dates_in(self.sheet, self.imported.columns)
        return days.order_in(texts)

    @property
    def asks_order(self) -> bool:
        return self.found_order is None

    @cached_property
    def order(self) -> str:
        """As the file says, else as somebody said, else as most of the world writes."""
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
        """As they may be read: of what is sealed the column is named, no cell."""
        return [
            problem if problem.column in self.shown else replace(problem, said="")
            for problem in self.reading.problems
        ]

    def findings(self) -> list[ImportFinding]:
        """The problems, those of a kind as one: first what concerns most lines."""

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
        """What a column is called; a nameless one by its place."""
        return self.sheet.heads[at] or _("Column %(number)s") % {"number": at + 1}

    def columns(self) -> Iterator[Column]:
        for at in range(len(self.sheet.heads)):
            cells = [line.cells[at] for line in self.sheet.lines if line.cells[at]]
            is_shown = at in self.shown
            values = list(dict.fromkeys(cells))[:FIRST_VALUES] if is_shown else []
            first = ", ".join(Truncator(text).chars(SHOWN_LETTERS) for text in values)
            yield Column(at, self.head(at), first, len(cells), is_shown)
