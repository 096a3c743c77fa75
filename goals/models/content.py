"""The content of a goal version."""

from __future__ import annotations

from typing import TypedDict

from clients.autosave import PART
from clients.two_keys import Side

__all__ = ["Content", "Side", "joined", "levels_of"]


class Content(TypedDict, total=False):
    """What both sides agree to: every field of the wording."""

    own_words: str
    clinical_words: str
    why: str
    knowing: str
    low_end: str
    high_end: str
    review_on: object  # date or None
    attainment: str  # five lines, from -2 to +2
    weight_importance: int | None  # 0 to 3
    weight_difficulty: int | None


WORDS = ("own_words", "clinical_words", "why", "knowing", "low_end", "high_end")
CONTENT = (
    *WORDS,
    "review_on",
    "attainment",
    "weight_importance",
    "weight_difficulty",
)
# Left out of the fingerprint while empty, so that fingerprints from before these fields
# existed stay valid.
LATER = ("why", "knowing", "attainment", "weight_importance", "weight_difficulty")
LEVELS = (-2, -1, 0, 1, 2)


def joined(levels: list[str]) -> str:
    """The five lines of an attainment scale as one text; '' if all are empty."""
    return PART.join(levels) if any(levels) else ""


def levels_of(attainment: str) -> dict[int, str]:
    """Level (-2 to +2) to its description; empty without a scale."""
    lines = attainment.split(PART) if attainment else []
    return dict(zip(LEVELS, lines, strict=False))
