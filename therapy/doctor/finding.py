from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    state: str  # "ok", "WRONG" or "?"
    about: str
    words: str

    def __str__(self) -> str:
        return f"{self.state:<5}  {self.about:<9}  {self.words}"

    @property
    def is_wrong(self) -> bool:
        return self.state == "WRONG"


def ok(about: str, words: str) -> Finding:
    return Finding("ok", about, words)


def wrong(about: str, words: str) -> Finding:
    return Finding("WRONG", about, words)


def unseen(about: str, words: str) -> Finding:
    """Cannot be known from here; the words say how to find out."""
    return Finding("?", about, words)
