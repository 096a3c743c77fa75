"""Email addresses in a normalized form, so that one mailbox is one account.

`normalize` returns the form that is stored and compared: no invisible characters, NFKC,
lowercase, domain in ASCII. `readable` returns the form for display. Domains follow UTS
46 without transitional mappings, as in browsers: `ß` stays `ß`, which Python's "idna"
codec (IDNA 2003) would change into another domain.
"""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from ui import names

MOST = 320  # characters examined; a valid address has at most 254
PREFIX = "xn--"
# Browsers read these, after NFKC, as the dot between labels too.
DOTS = str.maketrans({"\u3002": "."})
# Letters, marks and digits (and emoji, "So"); no spaces, no punctuation.
IN_LABEL = {"L", "M", "N"}
# Copied along with an address; a trailing dot is the DNS root.
AROUND = " \t\r\n\v\f<>"
# Variation selectors choose between two glyphs of one character.
SELECTORS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0x180B, 0x1810))))


def normalize(text: str) -> str:
    """The stored form of `text`; invalid input is cleaned, not rejected. Idempotent."""
    local, at, domain = _plain(text[:MOST]).rpartition("@")
    return local + at + (_domain(domain) if at else domain)


def validate(address: str) -> None:
    """Raise ValidationError if no email could reach this (normalized) address.

    `=?` starts an encoded word (RFC 2047): a mail program would decode it.
    """
    domain = address.rpartition("@")[2]
    last = domain.rpartition(".")[2]
    if "=?" in address:
        raise ValidationError(_("Enter a valid email address."), code="invalid")
    if "[" in domain or last.isdigit() or not all(map(_is_label, domain.split("."))):
        raise ValidationError(_("Enter a valid email address."), code="invalid")
    validate_email(address)


def readable(address: str) -> str:
    """The same address with its domain in Unicode."""
    local, at, domain = address.rpartition("@")
    return local + at + ".".join(_to_unicode(label) for label in domain.split("."))


def to_search(text: str) -> str:
    """Part of an address, normalized to be found in stored ones."""
    local, at, domain = _plain(text[:MOST]).rpartition("@")
    return local + at + _domain(domain)


def _plain(text: str) -> str:
    """NFKC in lowercase, without control, format and filler characters."""
    text = unicodedata.normalize("NFKC", text).translate(DOTS).lower()
    domain_at = text.rfind("@")
    kept = (
        sign
        for at, sign in enumerate(text)
        # A domain with a joiner differs from one without: it is rejected, not cleaned.
        if not _is_invisible(sign) or (sign in names.JOINERS and at > domain_at)
    )
    text = unicodedata.normalize("NFKC", "".join(kept))
    return text.lstrip(AROUND + names.JOINERS).rstrip(AROUND + names.JOINERS + ".")


def _is_invisible(sign: str) -> bool:
    if sign in " \t\r\n":
        return False
    unseen = sign in names.FILLERS or sign in SELECTORS
    return unseen or unicodedata.category(sign) in ("Cc", "Cf", "Cs")


def _domain(domain: str) -> str:
    return ".".join(_to_ascii(label) for label in domain.split("."))


def _to_ascii(label: str) -> str:
    if label.isascii() or not all(map(_fits, label)):
        return label
    return PREFIX + label.encode("punycode").decode()


def _to_unicode(label: str) -> str:
    """The Unicode form of an xn-- label; unchanged if it is invalid."""
    if not label.startswith(PREFIX):
        return label
    try:
        said = label[len(PREFIX) :].encode("ascii").decode("punycode")
    except UnicodeError:
        return label
    again = PREFIX + said.encode("punycode").decode()
    whole = not said.isascii() and all(map(_fits, said))
    return said if whole and again == label and _plain(said) == said else label


def _fits(sign: str) -> bool:
    kind = unicodedata.category(sign)
    return sign == "-" or kind == "So" or kind[0] in IN_LABEL


def _is_label(label: str) -> bool:
    """Whether a label of a normalized domain is valid."""
    if not re.fullmatch(r"[a-z0-9-]{1,63}", label):
        return False
    return not label.startswith(PREFIX) or _to_unicode(label) != label
