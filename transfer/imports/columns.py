"""The field of each column, guessed from its name; the user can correct it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

from transfer.imports.column_names import FAMILY_TOO, KNOWN, plain


class Field(models.TextChoices):
    NAME = "preferred_name", _("Preferred name")
    FAMILY = "family_name", _("Family name")
    PRONOUNS = "pronouns", _("Pronouns")
    EMAIL = "email", _("Email")
    PHONE = "phone", _("Phone")
    CONCERN = "concern", _("Presenting concern")
    FIRST = "first_session", _("First session")
    SESSION = "session", _("Session dates")
    GOAL = "goal", _("Goal, in their own words")
    RATING = "rating", _("Goal rating, 0 to 10")
    RATED = "rated_on", _("Rating date")


LEFT_OUT = ""
# Names and contact data, which an admin can see too; all else is clinical.
DIRECTORY = (Field.NAME, Field.FAMILY, Field.PRONOUNS, Field.EMAIL, Field.PHONE)
CLINICAL = tuple(field for field in Field if field not in DIRECTORY)
ONCE = (*DIRECTORY, Field.CONCERN, Field.FIRST)
DAYS = (Field.FIRST, Field.SESSION, Field.RATED)


def matched(heads: list[str]) -> list[str]:
    """The field of each column, or LEFT_OUT; unique fields are used once."""
    names = [plain(head) for head in heads]
    found = [KNOWN[name][0] if name in KNOWN else LEFT_OUT for name in names]
    for field in ONCE:
        columns = [at for at, said in enumerate(found) if said == field]
        best = min(columns, key=lambda at: KNOWN[names[at]][1], default=None)
        for at in columns:
            if at != best:
                found[at] = LEFT_OUT
    if Field.FAMILY not in found and Field.NAME in found:
        spare = (at for at, name in enumerate(names) if name in FAMILY_TOO)
        at = next((at for at in spare if found[at] == LEFT_OUT), None)
        if at is not None:
            found[at] = Field.FAMILY.value
    return found


def doubled(fields: Iterable[str]) -> list[Field]:
    """Unique fields that are assigned to more than one column."""
    said = list(fields)
    return [field for field in ONCE if said.count(field) > 1]
