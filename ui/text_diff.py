"""Word-by-word difference of two texts, with a limit on the work.

Texts too different for that are compared by paragraph; if that is too much as well,
nothing is marked and both are shown as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from itertools import accumulate

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

# Comparisons of one word (or paragraph) with another: at most about 50 ms.
MOST_COMPARISONS = 500_000
_WORD = re.compile(r"\s+|[\w\u2019'-]+|[^\w\s]")
_PARAGRAPH = re.compile(r"\n\s*\n")

# Lengths kept, removed and added, in this order, repeated.
Change = tuple[str, str, str]


class _TooMuch(Exception):
    """Comparing further would exceed the limit."""


class _Matcher(SequenceMatcher):
    """difflib's matcher, with a count of the comparisons made in advance."""

    def __init__(self, old: list[str], new: list[str]):
        super().__init__(None, old, new, autojunk=False)
        alike = (1 + len(self.b2j.get(word, ())) for word in old)
        self._up_to = [0, *accumulate(alike)]
        self.comparisons = 0

    def find_longest_match(self, alo=0, ahi=None, blo=0, bhi=None):
        ahi = len(self.a) if ahi is None else ahi
        self.comparisons += self._up_to[ahi] - self._up_to[alo]
        if self.comparisons > MOST_COMPARISONS:
            raise _TooMuch
        return super().find_longest_match(alo, ahi, blo, bhi)


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _paragraphs(text: str) -> list[str]:
    pieces = _PARAGRAPH.split(text)
    gaps = [*_PARAGRAPH.findall(text), ""]
    pairs = zip(pieces, gaps, strict=True)
    return [piece for pair in pairs for piece in pair if piece]


def _lines_of(text: str) -> str:
    return text.replace("\r\n", "\n")


def compared(old: str, new: str) -> list[Change] | None:
    """The runs of both texts; None if they are too different to compare."""
    before, after = _words(_lines_of(old)), _words(_lines_of(new))
    same_start = _same(before, after)
    start = "".join(before[:same_start])
    before, after = before[same_start:], after[same_start:]
    same_end = _same(reversed(before), reversed(after))
    end = "".join(before[len(before) - same_end :])
    before, after = before[: len(before) - same_end], after[: len(after) - same_end]
    middle = _middle(before, after)
    if middle is None:
        return None
    runs = [(start, "", ""), *middle, (end, "", "")]
    return [run for run in runs if any(run)]


def _same(one: Iterable[str], other: Iterable[str]) -> int:
    """How many leading words are equal."""
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _middle(before: list[str], after: list[str]) -> list[Change] | None:
    splits: tuple[Callable, ...] = (list, lambda w: _paragraphs("".join(w)))
    for split in splits:
        old, new = split(before), split(after)
        try:
            return [
                ("".join(new[j1:j2]), "", "")
                if kind == "equal"
                else ("", "".join(old[i1:i2]), "".join(new[j1:j2]))
                for kind, i1, i2, j1, j2 in _Matcher(old, new).get_opcodes()
            ]
        except _TooMuch:
            continue
    return None


# -- stored comparisons ----------------------------------------------------------------


def stored(old: str, new: str) -> str:
    """The comparison as the lengths of its runs, for `word_diff` later."""
    runs = compared(old, new)
    return json.dumps(runs and [[len(text) for text in run] for run in runs])


def _restored(old: str, new: str, lengths: str) -> list[Change] | None:
    """The runs again; ValueError if these are not the texts that were compared."""
    said = json.loads(lengths)
    if said is None:
        return None
    old, new, runs = _lines_of(old), _lines_of(new), []
    i = j = 0
    for same, gone, come in said:
        runs.append((new[j : j + same], old[i + same : i + same + gone],
                     new[j + same : j + same + come]))  # fmt: skip
        i, j = i + same + gone, j + same + come
    if (i, j) != (len(old), len(new)):
        raise ValueError("compared with other texts")
    return runs


# -- rendering -------------------------------------------------------------------------


def _wrapped(tag: str, text: str) -> str:
    """Words in <ins> or <del>, with the surrounding space outside."""
    inner = text.strip()
    if not inner:
        return conditional_escape(text)
    before, after = text.split(inner, 1)
    return f"{before}<{tag}>{conditional_escape(inner)}</{tag}>{after}"


def word_diff(old: str, new: str, lengths: str = "") -> SafeString:
    """The new text with removed words struck through and new ones underlined.

    `lengths` is the result of `stored()` for the same two texts.
    """
    try:
        runs = _restored(old, new, lengths) if lengths else compared(old, new)
    except ValueError:
        runs = compared(old, new)
    if runs is None:
        return conditional_escape(new)
    parts = []
    for same, gone, come in runs:
        parts.append(conditional_escape(same))
        if gone.strip():
            parts.append(_wrapped("del", gone))
            parts.append(" " if come else "")
        parts.append(_wrapped("ins", come) if come else "")
    return mark_safe("".join(parts))


def only_here(text: str, other: str) -> SafeString:
    """A text in paragraphs, with what the other one lacks underlined."""
    runs = compared(text, other)
    if runs is None:
        runs = [(_lines_of(text), "", "")]
    parts = []
    for same, here, _there in runs:
        parts.append(conditional_escape(same))
        # A mark never spans two paragraphs.
        pieces = _PARAGRAPH.split(here)
        parts.append("\n\n".join(_wrapped("ins", piece) for piece in pieces))
    paragraphs = _PARAGRAPH.split("".join(parts))
    return mark_safe("".join(f"<p>{paragraph}</p>" for paragraph in paragraphs))
