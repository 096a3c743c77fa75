"""Why a cell or line cannot be imported; texts never repeat its content."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from transfer.imports import cells
from transfer.imports.columns import Field
from transfer.imports.sheet import SheetLine

NO_NAME = gettext_lazy("A line needs a name, or the same email as another line.")
TOO_LONG = gettext_lazy("More cells than the file has columns.")
BAD_EMAIL = gettext_lazy("This is not an email address.")
TOO_WORDY = gettext_lazy("Longer than %(most)s characters.")
OTHERWISE = gettext_lazy("Line %(line)s has different details for the same person.")
SAME_NAME = gettext_lazy(
    "Line %(line)s has the same name. For one person, use the same email or phone in "
    "both. For two people, use different names."
)
TO_COME = gettext_lazy("This date is in the future. Book the session after the import.")
LONG_AGO = gettext_lazy("This date is too long ago for a session.")
NO_RATING = gettext_lazy("A rating is a whole number from 0 to 10.")
NO_GOAL = gettext_lazy("A rating needs a goal, on this line or above it.")
NO_DAY = gettext_lazy("A rating needs a date, or one session date on the same line.")
NO_PAIRS = gettext_lazy("There are %(ratings)s ratings but %(days)s dates.")
ERROR_CELL = gettext_lazy(
    "This is a spreadsheet’s error, not a value. Fix the cell in your spreadsheet."
)
FORMULA_CELL = gettext_lazy(
    "This cell has a formula without a result. Open the file in your spreadsheet and"
    " save it."
)
ROUNDED_PHONE = gettext_lazy(
    "The spreadsheet rounded this number. Type the whole phone number again, as text."
)
NO_PHONE = gettext_lazy("This is not a phone number.")
PLACEHOLDER = gettext_lazy("This is a placeholder, not a name.")
NO_LETTER = gettext_lazy("A name needs at least one letter.")
TOTALS = gettext_lazy("This looks like a totals line, not a person.")
SUMS = gettext_lazy("This line adds up the lines above it. It looks like a total.")
FAULTS = {"error": ERROR_CELL, "formula": FORMULA_CELL}
TOO_MANY_GOALS = gettext_lazy("More than %(most)s goals for one person.")
TOO_MANY_SESSIONS = gettext_lazy("More than %(most)s sessions for one person.")
WAITS = gettext_lazy("Waiting for line %(line)s, which is about the same person.")


def fault_of(field: str, text: str) -> object:
    """Why a cell is not a value; None if it may be one."""
    if cells.is_error(text, own_words=field in (Field.CONCERN, Field.GOAL)):
        return ERROR_CELL
    if cells.is_formula(text):
        return FORMULA_CELL
    if field in (Field.NAME, Field.FAMILY, Field.PRONOUNS) and cells.is_boolean(text):
        return PLACEHOLDER
    if field == Field.NAME and has_no_name(text):
        return PLACEHOLDER if cells.is_nothing(text) else NO_LETTER
    if field == Field.FAMILY and not cells.has_letter(text):
        return None if cells.is_nothing(text) else NO_LETTER
    if field == Field.PHONE and not cells.is_nothing(text):
        if cells.is_rounded(text):
            return ROUNDED_PHONE
        return None if cells.digits(text) else NO_PHONE
    return None


def has_no_name(text: str) -> bool:
    return cells.is_nothing(text) or not cells.has_letter(text)


def says_nothing(field: str, text: str) -> bool:
    if field in (Field.FAMILY, Field.EMAIL, Field.PHONE, Field.SESSION, Field.FIRST):
        return cells.is_nothing(text)
    return cells.is_dash(text)


def adds_up(above: list[SheetLine], last: SheetLine) -> bool:
    """Whether every number of the last line is the sum of its column, and larger than a
    rating could be."""
    sums = [_sum(above, at, text) for at, text in enumerate(last.cells) if text]
    said = [found for found in sums if found is not None]
    return bool(said) and all(said)


def _sum(above: list[SheetLine], at: int, text: str) -> bool | None:
    """Of one column; None if the last line has no number there."""
    value = cells.number(text)
    if value is None:
        return None
    numbers = [cells.number(line.cells[at]) for line in above]
    found = [one for one in numbers if one]
    return len(found) >= 3 and value > 10 and abs(sum(found) - value) < 0.005
