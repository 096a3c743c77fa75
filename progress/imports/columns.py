"""What each column of a file becomes, by its name; who looks at it may correct it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _


class Field(models.TextChoices):
    NAME = "preferred_name", _("Preferred name")
    FAMILY = "family_name", _("Family name")
    PRONOUNS = "pronouns", _("Pronouns")
    EMAIL = "email", _("E-mail")
    PHONE = "phone", _("Phone")
    CONCERN = "concern", _("What brings them")
    FIRST = "first_session", _("First session")
    SESSION = "session", _("Session dates")
    GOAL = "goal", _("Goal, in own words")
    RATING = "rating", _("Goal rating, 0 to 10")
    RATED = "rated_on", _("Day of the rating")


LEFT_OUT = ""
# Names and contacts, which an admin sees as well; all else is clinical.
DIRECTORY = (Field.NAME, Field.FAMILY, Field.PRONOUNS, Field.EMAIL, Field.PHONE)
CLINICAL = tuple(field for field in Field if field not in DIRECTORY)
ONCE = (*DIRECTORY, Field.CONCERN, Field.FIRST)
DAYS = (Field.FIRST, Field.SESSION, Field.RATED)

# The better the name says it, the earlier it stands.
CALLED = {
    Field.NAME: "preferred name|rufname|roepnaam|nom d usage|known as|called|nickname"
    "|first name|forename|given name|vorname|prenom|voornaam|nombre|client name"
    "|patient name|name|naam|nom|full name|client|klient|klientin|cliente|patient"
    "|patientin|paciente",
    Field.FAMILY: "family name|last name|surname|nachname|familienname|nom de famille"
    "|apellido|apellidos|achternaam",
    Field.PRONOUNS: "pronouns|pronoun|pronomen|pronoms|pronombres|voornaamwoorden",
    Field.EMAIL: "e mail|email|e mail address|email address|mail|e mail adresse"
    "|emailadresse|mailadresse|courriel|adresse mail|correo|correo electronico"
    "|e mailadres|emailadres",
    Field.PHONE: "phone|phone number|mobile|mobile phone|mobile number|cell|cell phone"
    "|telephone|tel|telefon|telefonnummer|handy|handynummer|mobil|portable|telefono"
    "|movil|telefoon|telefoonnummer|mobiel",
    Field.CONCERN: "presenting concern|presenting problem|concern|what brings them"
    "|what brought them|reason for referral|anliegen|vorstellungsgrund"
    "|motif de consultation|motif|motivo de consulta|motivo|hulpvraag|aanmeldklacht",
    Field.FIRST: "first session|first appointment|first seen|intake|intake date"
    "|therapy since|start date|erste sitzung|erstgesprach|therapiebeginn"
    "|premiere seance|primera sesion|eerste sessie|eerste gesprek",
    Field.SESSION: "session dates|session date|past session dates|past sessions"
    "|sessions|session|session on|date of session|sessions held|appointment"
    "|appointments|appointment date|date|dates|sitzungen|sitzung|sitzungsdatum"
    "|sitzungen am|sitzung am|termine|termin|datum|seances|seance|sesiones|sesion"
    "|fecha|fechas|sessies|sessie",
    Field.GOAL: "goal in own words|goals in own words|goal|goals|ziel|ziele"
    "|therapieziel|therapieziele|objectif|objectifs|objetivo|objetivos|doel|doelen",
    Field.RATING: "goal rating|goal ratings|rating|ratings|score|scores|goal score"
    "|bewertung|bewertungen|einschatzung|valoracion|puntuacion|evaluation"
    "|beoordeling",
    Field.RATED: "rating date|rating dates|date of rating|day of the rating|rated on"
    "|score date|bewertet am|bewertungsdatum|date de l evaluation"
    "|fecha de valoracion|beoordeeld op",
}
KNOWN = {
    name: (field, place)
    for field, names in CALLED.items()
    for place, name in enumerate(names.split("|"))
}
FAMILY_TOO = {"name", "naam", "nom"}  # beside a first name
BESIDES = re.compile(r"\([^)]{0,60}\)|\b0 ?(?:to|bis|a|tot|-|–) ?10\b")
NUMBER_AT_END = re.compile(r" ?\d{1,2}$")


def plain(head: str) -> str:
    """ "E-Mail:" and "e mail" alike; "Goal 2" and "Goal (own words)" are goals."""
    said = unicodedata.normalize("NFKD", BESIDES.sub(" ", head[:80].casefold()))
    said = "".join(sign for sign in said if not unicodedata.combining(sign))
    said = " ".join(re.split(r"[\W_]+", said)).strip()
    return NUMBER_AT_END.sub("", said)


def count_known(heads: Iterable[str]) -> int:
    return sum(plain(head) in KNOWN for head in heads)


def matched(heads: list[str]) -> list[str]:
    """The field of each column, or LEFT_OUT; what there can be one of, is once."""
    names = [plain(head) for head in heads]
    found = [KNOWN[name][0].value if name in KNOWN else LEFT_OUT for name in names]
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
    """What two columns are said to be and only one can."""
    said = list(fields)
    return [field for field in ONCE if said.count(field) > 1]
