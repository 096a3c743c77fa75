"""Cells without a value: spreadsheet errors, placeholders, totals.

Only detects them; people.py decides what happens.
"""

from __future__ import annotations

import re

from ui import names

LONGEST_NAME = 400  # characters; more than first and family name may have


def name_key(name: str) -> str:
    """The key by which two spellings of a name are equal."""
    # sorting combining marks takes quadratic time
    return names.name_key(name[:LONGEST_NAME])


# -- errors ---------------------------------------------------------------------------

# Spreadsheets localize error values: #WERT!, #¡VALOR!, #RIF!. Nearly all are capitals
# between a # and a ! or ?.
ERROR = re.compile(r"#[¡¿]?[^\W\d_][\w/ ]{1,30}[!?]")
ERRORS_WITHOUT_A_SIGN = {
    "#n/a", "#nv", "#n/d", "#n/b", "#n/v", "#i/t", "#yok", "#н/д", "#hiányzik",
    "#puuttuu", "#saknas", "#není_k_dispozici", "#nedostupný", "#δ/υ", "#nd",
    "#getting_data", "#daten_abrufen", "#daten abrufen", "#error", "#fehler",
    "#n/a n/a",
}  # fmt: skip
CALC_ERROR = re.compile(r"(?:err|fehler|erreur|errore|erro):\s?\d{3}", re.I)
TOO_NARROW = re.compile(r"#{3,}")
TEXT_FORMULA = re.compile(r'="([^"]*)"')  # ="0163", used to keep a leading zero
FORMULA_TEXT = re.compile(r"=\s*(?:[A-Za-z_.]{1,40}\(.*|[$A-Z]{1,5}\d.*)", re.S)


def is_error(text: str, *, own_words: bool = False) -> bool:
    """Whether the whole cell is an error value of Excel, LibreOffice, Numbers or
    Sheets.

    In free text #stressed! is none; a name, phone number or date never looks like that.
    """
    if text[:1] == "#":
        found = ERROR.fullmatch(text)
        is_sure = not own_words or text == text.upper() or "/" in text
        return bool(
            (found and is_sure)
            or text.casefold() in ERRORS_WITHOUT_A_SIGN
            or TOO_NARROW.fullmatch(text)
        )
    return bool(CALC_ERROR.fullmatch(text))


def is_formula(text: str) -> bool:
    """Whether the cell is a formula as typed, instead of its result."""
    return text[:1] == "=" and bool(FORMULA_TEXT.fullmatch(text))


def unquoted(text: str) -> str:
    """0163 for ="0163"."""
    found = TEXT_FORMULA.fullmatch(text) if text[:1] == "=" else None
    return found[1] if found else text


# -- placeholders ---------------------------------------------------------------------

DASHES = {"-", "--", "---", "–", "—", "−", "/", ".", "?"}
NOTHING = {
    "n/a", "n.a.", "n. a.", "n/d", "n.d.", "k.a.", "k. a.", "k/a", "s/o", "n.v.t.",
    "nvt",
    "null", "(null)", "none", "nil", "nan", "undefined", "unknown", "unbekannt",
    "inconnu", "desconocido", "sconosciuto", "onbekend", "not applicable",
}  # fmt: skip
BOOLEANS = {"true", "false"}
# Only in capitals, as spreadsheets write them: some are names otherwise.
CAPITALS = {
    "WAHR", "FALSCH", "VRAI", "FAUX", "VERDADERO", "FALSO", "VERO", "WAAR", "ONWAAR",
    "PRAWDA", "FAŁSZ", "VERDADEIRO", "SANT", "FALSKT", "SANN", "USANN", "SAND", "FALSK",
}  # fmt: skip


def is_nothing(text: str) -> bool:
    """Whether the cell means "no value": -, n/a, NULL, 0."""
    folded = text.casefold()
    # Null is a family name, and Na a first name.
    said = folded in NOTHING and text != "Null"
    return said or folded in DASHES or text == "NA" or text.strip("0") == ""


def is_boolean(text: str) -> bool:
    return text.casefold() in BOOLEANS or text in CAPITALS


def is_dash(text: str) -> bool:
    """For free text, where "none" or 0 may be an answer."""
    folded = text.casefold()
    return folded in DASHES - {"?"} or folded in {"n/a", "null", "(null)"}


def has_letter(text: str) -> bool:
    return any(sign.isalpha() for sign in text)


# -- phones ---------------------------------------------------------------------------

ROUNDED = re.compile(r"[+-]?\d{1,3}(?:[.,]\d{1,20})?\s?e\s?[+-]?\d{1,3}", re.I)


def is_rounded(text: str) -> bool:
    """4.91512E+11: how a spreadsheet displays a long number."""
    return bool(ROUNDED.fullmatch(text))


def digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdecimal())


def phone_key(text: str) -> str:
    """The digits if they can identify a person; else ''.

    A phone number has 7 to 15 digits. One that ends in many zeros or repeats one digit
    was rounded or made up.
    """
    found = digits(text)
    if not 7 <= len(found) <= 15 or len(set(found)) == 1 or found.endswith("00000"):
        return ""
    return found


# -- totals ---------------------------------------------------------------------------

TOTALS = {
    "total", "totals", "sum", "summe", "gesamt", "gesamtsumme", "insgesamt",
    "zwischensumme", "endsumme", "subtotal", "sub total", "grand total", "grand totals",
    "total general", "sous total", "somme", "suma", "suma total", "totale",
    "totale generale", "somma", "subtotale", "totaal", "subtotaal", "eindtotaal",
    "razem", "lacznie", "ogolem", "total geral", "celkem", "i alt", "totalt",
    "summa", "osszesen", "toplam", "итого", "всего", "anzahl", "average",
    "durchschnitt", "mittelwert", "moyenne", "promedio", "gemiddelde", "srednia",
    "summe aller", "number of clients", "anzahl klienten", "count",
}  # fmt: skip
SIGNS = {"Ø", "ø", "Σ", "∑", "⌀"}
TOTAL_AND_MORE = re.compile(
    r"(?:grand |sub)?totals?(?: of| for| general| clients| patients| people| all)"
    r"(?: [\w.,]{1,20}){0,3}"
)


def is_total(text: str) -> bool:
    """Whether a name is a word for a totals line: Total, Summe, Razem."""
    if text.strip(" :=") in SIGNS:
        return True
    bare = re.sub(r"[\d\s:.,=()€$£#+-]+", " ", name_key(text[:80])).strip()
    return bare in TOTALS or bool(TOTAL_AND_MORE.fullmatch(bare))


NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,6})?")


def number(text: str) -> float | None:
    return float(text.replace(",", ".")) if NUMBER.fullmatch(text) else None
