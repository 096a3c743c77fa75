"""What changed between two texts, word by word."""

import re
from difflib import SequenceMatcher

from django.utils.html import conditional_escape, format_html_join
from django.utils.safestring import SafeString, mark_safe

_WORD = re.compile(r"\s+|[\w\u2019'-]+|[^\w\s]")
_PARAGRAPH = re.compile(r"\n\s*\n")


def _words(text: str) -> list[str]:
    return _WORD.findall(text.replace("\r\n", "\n"))


def _wrapped(tag: str, words: list[str]) -> str:
    """Words in <ins> or <del>, the space around them outside."""
    text = "".join(words)
    inner = text.strip()
    if not inner:
        return conditional_escape(text)
    before, after = text.split(inner, 1)
    return f"{before}<{tag}>{conditional_escape(inner)}</{tag}>{after}"


def _changes(old: list[str], new: list[str]):
    return SequenceMatcher(None, old, new, autojunk=False).get_opcodes()


def word_diff(old: str, new: str) -> SafeString:
    """The new text with what was taken out struck and what is new underlined."""
    before, after, parts = _words(old), _words(new), []
    for kind, i1, i2, j1, j2 in _changes(before, after):
        if kind == "equal":
            parts.append(conditional_escape("".join(after[j1:j2])))
            continue
        gone, come = before[i1:i2], after[j1:j2]
        if "".join(gone).strip():
            parts.append(_wrapped("del", gone))
        if come and parts and parts[-1].endswith("</del>"):
            parts.append(" ")
        parts.append(_wrapped("ins", come) if come else "")
    return mark_safe("".join(parts))


def only_here(text: str, other: str) -> SafeString:
    """A text in paragraphs, what the other one lacks underlined."""
    here, there, parts = _words(text), _words(other), []
    for kind, i1, i2, _j1, _j2 in _changes(here, there):
        words = here[i1:i2]
        if kind == "equal":
            parts.append(conditional_escape("".join(words)))
        else:  # a mark never spans two paragraphs
            pieces = _PARAGRAPH.split("".join(words))
            parts.append("\n\n".join(_wrapped("ins", [piece]) for piece in pieces))
    paragraphs = _PARAGRAPH.split("".join(parts))
    return format_html_join("", "<p>{}</p>", ((mark_safe(p),) for p in paragraphs))
