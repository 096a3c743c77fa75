"""Conflicting texts of one note: the reader chooses mine, theirs or both, then
saves."""

from __future__ import annotations

import re
from itertools import zip_longest

from django.http import QueryDict
from django.utils.safestring import SafeString

from notes.formats import PARTS
from notes.models import ProgressNote
from notes.models.note import MOST, PRESSED, TYPED
from notes.session_page import SessionPage
from ui.text_diff import only_here

MINE, THEIRS, BOTH = "use-mine", "use-theirs", "use-both"
CHOICES = (MINE, THEIRS, BOTH)
_GAP = re.compile(r"\n\s*\n")


def parts_of(saved: ProgressNote, mine: list[str]) -> list[tuple[str, SafeString]]:
    """Each part with text, with its label; what `mine` lacks is underlined."""
    rows = zip_longest(PARTS[saved.format], saved.parts[:MOST], mine, fillvalue="")
    return [
        (str(label), only_here(text, my_text))
        for label, text, my_text in rows
        if text.strip()
    ]


def together(mine: str, theirs: str) -> str:
    """`mine`, then each paragraph of `theirs` that it lacks."""
    mine, theirs = mine.replace("\r\n", "\n"), theirs.replace("\r\n", "\n")
    there = {paragraph.strip() for paragraph in _GAP.split(mine)}
    lacking = [p for p in _GAP.split(theirs) if p.strip() and p.strip() not in there]
    return "\n\n".join(filter(None, [mine.rstrip(), *lacking])) if lacking else mine


def within(text: str, other: str) -> bool:
    """Whether each paragraph of `text` occurs in `other`, as whole words."""
    return not _lacking(text, other)


def _lacking(text: str, other: str) -> list[str]:
    other = other.replace("\r\n", "\n")
    said = [p.strip() for p in _GAP.split(text.replace("\r\n", "\n"))]
    return [p for p in said if not re.search(rf"(?<!\w){re.escape(p)}(?!\w)", other)]


def joined(new: str, old: str, most: int) -> str:
    """`new`, then the paragraphs of `old` that it lacks, as far as there is room."""
    text = "\n\n".join(filter(None, [new.rstrip(), *_lacking(old, new)]))
    return text[: max(most, len(new))]


def chosen(sent: QueryDict, screen: SessionPage) -> QueryDict:
    """The form with the chosen text, based on the revision that is saved now.

    Nothing is saved yet.
    """
    data, saved = sent.copy(), screen.initial()
    if sent["act"] == BOTH:
        for name in TYPED[1:]:
            data[name] = together(data.get(name, ""), str(saved.get(name) or ""))
        for name in filter(PRESSED.fullmatch, saved):
            data[name] = data.get(name) or str(saved[name])
    if sent["act"] == THEIRS:
        pressed = {name for name in (*data, *saved) if PRESSED.fullmatch(name)}
        for name in (*TYPED, *pressed):
            data[name] = saved.get(name, "")
    data["revision"] = saved.get("revision", 0)
    return data
