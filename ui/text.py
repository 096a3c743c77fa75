"""What is typed, in one spelling before it is measured or compared."""

from __future__ import annotations

import unicodedata

from ui import names

# Python's normalization takes quadratic time over a pile of accents: 2,000 characters
# take 2 ms, 100,000 take 5 s.  What is longer than this is no line and no password.
MOST = 2_000


def line_breaks(text: str) -> str:
    """Browsers send each line break as two characters and count it as one."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def one_line(text: str) -> str:
    """A single line as `names.clean` leaves it; what is too long for one, as typed."""
    return names.clean(text) if len(text) <= MOST else text


def password(text: str) -> str:
    """NFKC, so that every keyboard types the same password (NIST SP 800-63B-4).

    Composed and decomposed accents are one, a no-break space is a space.
    """
    return unicodedata.normalize("NFKC", text) if len(text) <= MOST else text
