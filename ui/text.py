"""Normalization of input before it is measured or compared."""

from __future__ import annotations

import unicodedata

from ui import names

# Python's normalization takes quadratic time for a pile of accents: 2,000 characters
# take 2 ms, 100,000 take 5 s. Anything longer is neither a line nor a password.
MOST = 2_000


def line_breaks(text: str) -> str:
    """Browsers send each line break as two characters and count it as one."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def one_line(text: str) -> str:
    """A single line as `names.clean` returns it; unchanged if it is too long for
    one."""
    return names.clean(text) if len(text) <= MOST else text


def password(text: str) -> str:
    """NFKC, so that every keyboard produces the same password (NIST SP 800-63B-4).

    Composed and decomposed accents are equal, a no-break space is a space.
    """
    return unicodedata.normalize("NFKC", text) if len(text) <= MOST else text
