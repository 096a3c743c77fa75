"""Names of people and other single-line text in a normalized form.

`clean` is stored and shown; `name_key` is compared, searched and sorted. PostgreSQL and
Python compare the same key, so the order is the same on any server.
"""

from __future__ import annotations

import re
import unicodedata

MOST = 2_000  # characters; normalizing a pile of accents takes quadratic time
# ZERO WIDTH NON-JOINER and JOINER change how Persian, Hindi and others are written.
JOINERS = "\u200c\u200d"
# Letters, marks and symbols without a visible glyph.
FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Marks that a search ignores: Latin, Greek and Cyrillic accents, Hebrew and Arabic
# vowel points. Marks of other scripts distinguish names.
ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]"
)
# Letters with a stroke have no accent to remove, and keyboards have several apostrophes
# and hyphens.
ALIKE = str.maketrans(
    {
        **dict(zip("łøđðħıŧŀƚɨʉɫ", "loddhitlliul", strict=True)),
        **{"æ": "ae", "œ": "oe", "þ": "th", "ŋ": "n", "ə": "e", "ƒ": "f", "ĸ": "k"},
        **dict.fromkeys("\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02bd\u00b4\u0060", "'"),
        **dict.fromkeys("\u2032\ua78c\u05f3\u02c8", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\u00ad\u058a", "-"),
    }
)


def clean(text: str) -> str:
    """One line in NFC, without control, direction and invisible format characters.

    Cut to 2,000 characters, longer than any name. Runs of spaces become one. A joiner
    is kept between two letters. Text without anything visible becomes "". Idempotent.
    """
    text = unicodedata.normalize("NFC", text[:MOST])
    text = "".join(map(_kept_or_space, text))
    text = _without_stray_joiners(" ".join(text.split()))
    text = unicodedata.normalize("NFC", text).strip()
    return text if is_visible(text) else ""


def is_visible(text: str) -> bool:
    """Whether `text` has at least one visible character."""
    return any(map(_can_be_seen, text))


def turns_round(text: str) -> bool:
    """Whether `text` contains right-to-left letters.

    In a left-to-right sentence they would reorder adjacent punctuation and numbers.
    """
    return any(unicodedata.bidirectional(sign) in ("R", "AL", "AN") for sign in text)


def isolated(text: str) -> str:
    """For use in a sentence: with Unicode isolates around a name of the other
    direction."""
    return f"\u2068{text}\u2069" if turns_round(text) else text


def name_key(text: str) -> str:
    """The comparison key of a name: no case, no accents, no joiners, single spaces.

    "Ärmel" and "ARMEL" share a key, however they were typed. Keys sort by code point.
    """
    text = shown = clean(text)
    for sign in JOINERS:
        text = text.replace(sign, "")
    for _turn in range(2):  # some case foldings produce letters that fold again
        text = unicodedata.normalize("NFKD", text).casefold().translate(ALIKE)
        text = ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    text = clean(text)
    return text or shown  # a name that is only an accent keeps it


def _kept_or_space(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind in ("Zl", "Zp", "Zs") or sign in "\t\n\v\f\r\x85":
        return " "
    if kind in ("Cc", "Cs") or (kind == "Cf" and sign not in JOINERS):
        return ""
    return sign


def _without_stray_joiners(text: str) -> str:
    """A joiner is kept only after a letter, mark or emoji, and before one."""
    kept = []
    for at, sign in enumerate(text):
        if sign in JOINERS:
            before = kept[-1] if kept else " "
            after = text[at + 1 : at + 2] or " "
            if before in JOINERS or not (_joins(before) and _joins(after)):
                continue
        kept.append(sign)
    return "".join(kept)


def _joins(sign: str) -> bool:
    return sign not in FILLERS and unicodedata.category(sign)[0] in "LMS"


def _can_be_seen(sign: str) -> bool:
    return sign not in FILLERS and unicodedata.category(sign)[0] in "LNPS"
