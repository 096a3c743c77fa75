"""Downloads: a sample to fill in, and the lines with errors."""

from __future__ import annotations

import csv
import io

from django.utils.translation import gettext as _

from transfer.imports.review import ImportReview
from ui.csv_cells import harmless

# Two people as a practice would list them, one of them on two lines.
SAMPLE = (
    ("Preferred name", "Family name", "Pronouns", "Email", "Phone",
     "Presenting concern", "First session", "Session dates", "Goal, in own words",
     "Rating (0-10)", "Rating date"),
    ("Robin", "Vale", "they/them", "robin@example.com", "01632 960 001",
     "Has not slept through since spring.", "2026-02-03",
     "2026-02-10; 2026-02-17; 2026-02-24", "Sleep through three nights a week",
     "2; 3; 5", "2026-02-10; 2026-02-17; 2026-02-24"),
    ("Alex", "Moor", "he/him", "alex@example.com", "01632 960 002",
     "Panic on the bus since an accident.", "2026-01-12", "2026-01-19",
     "Take the bus into town", "3", "2026-01-19"),
    ("Alex", "Moor", "", "alex@example.com", "", "", "", "2026-01-26",
     "Take the bus into town", "4", "2026-01-26"),
)  # fmt: skip
MARK = "\ufeff"  # the BOM, by which Excel recognizes UTF-8


def sample() -> bytes:
    """A workbook, since it opens the same in every spreadsheet and language."""
    from openpyxl import Workbook  # takes a third of a second, so only here

    book = Workbook(write_only=True)
    page = book.create_sheet("Caseload")
    for letter in "ABCDEFGHIJK":
        page.column_dimensions[letter].width = 22
    for row in SAMPLE:
        page.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def lines_to_mend(review: ImportReview) -> str:
    """The lines with errors and their reasons, with the separator of the original file.

    An admin's file leaves out the clinical columns entirely.
    """
    reasons: dict[int, list[str]] = {}
    for problem in review.problems:
        head = review.head(problem.column) if problem.column is not None else ""
        said = f"{head}: {problem.reason}" if head else problem.reason
        reasons.setdefault(problem.line, []).append(said)
    columns = [at for at in range(len(review.sheet.heads)) if at in review.shown]
    file = io.StringIO()
    writer = csv.writer(file, delimiter=review.sheet.separator)
    heads = [harmless(review.sheet.heads[at]) for at in columns]
    writer.writerow([_("Line"), *heads, _("To fix")])
    for line in review.sheet.lines:
        if line.number in reasons:
            cells = [harmless(line.cells[at]) for at in columns]
            why = harmless(" ".join(reasons[line.number]))
            writer.writerow([line.number, *cells, why])
    return MARK + file.getvalue()
