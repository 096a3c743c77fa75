"""What is given out as a file: text that no spreadsheet takes for a formula."""

from __future__ import annotations

import unicodedata

from django.http import HttpResponse

# Whatever looks like one of these, full-width and small forms among them (OWASP: CSV
# injection), and the minus of typesetters.
FORMULA = "=+-@\u2212"
CSV = "text/csv; charset=utf-8"
QUOTES = "'\"`\u2018\u2019\u201c\u201d\u2032\u2033"
BREAKS = "\t\r\n\v\f\0"


def is_formula(cell: str) -> bool:
    """To the program that opens it, whatever blanks, quotes and signs nobody sees
    stand before it; a line break or tab in front would begin a cell of its own."""
    inner = cell
    while inner and _is_skipped(inner[0]):
        if inner[0] in BREAKS:
            return True
        inner = inner[1:]
    return bool(inner) and unicodedata.normalize("NFKC", inner[0])[0] in FORMULA


def _is_skipped(sign: str) -> bool:
    if sign.isspace() or unicodedata.category(sign) in ("Cc", "Cf", "Zs"):
        return True
    return (unicodedata.normalize("NFKC", sign)[:1] or sign) in QUOTES or sign in QUOTES


def harmless(cell: str) -> str:
    return f"'{cell}" if is_formula(cell) else cell


def download(content: str | bytes, name: str, content_type: str) -> HttpResponse:
    """Saved, never shown; accounts.middleware.PrivacyMiddleware locks what it is."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)
