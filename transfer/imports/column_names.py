"""Names of columns found in practice. Plain Python: the file reader uses it in a
process without Django, to find the header line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Best names first.
CALLED = {
    "preferred_name": "preferred name|rufname|roepnaam|nom d usage|known as|called"
    "|nickname|first name|forename|given name|vorname|prenom|voornaam|nombre"
    "|client name|patient name|name|naam|nom|full name|client|klient|klientin|cliente"
    "|patient|patientin|paciente",
    "family_name": "family name|last name|surname|nachname|familienname|nom de famille"
    "|apellido|apellidos|achternaam",
    "pronouns": "pronouns|pronoun|pronomen|pronoms|pronombres|voornaamwoorden",
    "email": "e mail|email|e mail address|email address|mail|e mail adresse"
    "|emailadresse|mailadresse|courriel|adresse mail|correo|correo electronico"
    "|e mailadres|emailadres",
    "phone": "phone|phone number|mobile|mobile phone|mobile number|cell|cell phone"
    "|telephone|tel|telefon|telefonnummer|handy|handynummer|mobil|portable|telefono"
    "|movil|telefoon|telefoonnummer|mobiel",
    "concern": "presenting concern|presenting problem|concern|what brings them"
    "|what brought them|reason for referral|anliegen|vorstellungsgrund"
    "|motif de consultation|motif|motivo de consulta|motivo|hulpvraag|aanmeldklacht",
    "first_session": "first session|first appointment|first seen|intake|intake date"
    "|therapy since|start date|erste sitzung|erstgesprach|therapiebeginn"
    "|premiere seance|primera sesion|eerste sessie|eerste gesprek",
    "session": "session dates|session date|past session dates|past sessions"
    "|sessions|session|session on|date of session|sessions held|appointment"
    "|appointments|appointment date|date|dates|sitzungen|sitzung|sitzungsdatum"
    "|sitzungen am|sitzung am|termine|termin|datum|seances|seance|sesiones|sesion"
    "|fecha|fechas|sessies|sessie",
    "goal": "goal in own words|goals in own words|goal|goals|ziel|ziele"
    "|therapieziel|therapieziele|objectif|objectifs|objetivo|objetivos|doel|doelen",
    "rating": "goal rating|goal ratings|rating|ratings|score|scores|goal score"
    "|bewertung|bewertungen|einschatzung|valoracion|puntuacion|evaluation"
    "|beoordeling",
    "rated_on": "rating date|rating dates|date of rating|day of the rating|rated on"
    "|score date|bewertet am|bewertungsdatum|date de l evaluation"
    "|fecha de valoracion|beoordeeld op",
}
KNOWN = {
    name: (field, place)
    for field, names in CALLED.items()
    for place, name in enumerate(names.split("|"))
}
FAMILY_TOO = {"name", "naam", "nom"}  # family name if there is a first-name column
BESIDES = re.compile(r"\([^)]{0,60}\)|\b0 ?(?:to|bis|a|tot|-|–) ?10\b")
NUMBER_AT_END = re.compile(r" ?\d{1,2}$")


def plain(head: str) -> str:
    """ "E-Mail:" and "e mail" are equal; "Goal 2" and "Goal (own words)" are goals."""
    said = unicodedata.normalize("NFKD", BESIDES.sub(" ", head[:80].casefold()))
    said = "".join(sign for sign in said if not unicodedata.combining(sign))
    said = " ".join(re.split(r"[\W_]+", said)).strip()
    return NUMBER_AT_END.sub("", said)


def count_known(heads: Iterable[str]) -> int:
    return sum(plain(head) in KNOWN for head in heads)
