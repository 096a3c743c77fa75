"""The preview shown on pages: made by the worker, stored encrypted.

Contains only what the importing user may see.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from transfer.imports.cells import name_key
from transfer.imports.review import Column, ImportFinding, ImportReview

FINDINGS = 200  # kinds; the others are in the file of lines with errors


@dataclass
class Here:
    """A person in the file who is already a client."""

    name: str  # in the file
    known_as: str  # here
    by_email: bool
    hint: str = ""  # which one, if two clients have the name

    @property
    def is_called_otherwise(self) -> bool:
        return self.name.casefold() != self.known_as.casefold()


@dataclass
class Summary:
    columns: list[Column]
    reads: list[str]  # the field of each column
    order: str  # the date order used
    asks_order: bool
    lines: int
    written: str
    to_mend: int  # lines
    findings: list[ImportFinding]
    repeated: list[int]
    new: list[str]
    here: list[Here]
    sessions: int
    goals: int
    is_too_much: bool

    @classmethod
    def of(cls, review: ImportReview) -> Summary:
        return cls(
            columns=list(review.columns()),
            reads=review.imported.columns,
            order=review.order,
            asks_order=review.asks_order,
            lines=len(review.sheet.lines),
            written=review.sheet.written,
            to_mend=len(review.reading.lines_to_mend),
            findings=review.findings()[:FINDINGS],
            repeated=review.reading.repeated,
            new=[person.name for person in review.new],
            here=[
                Here(found.person.name, found.name, found.by_email, found.hint)
                for found in review.here
            ],
            sessions=review.sessions,
            goals=review.goals,
            is_too_much=review.reading.is_too_much,
        )

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Summary:
        said = json.loads(text)
        kinds = (("columns", Column), ("findings", ImportFinding), ("here", Here))
        lists = {name: [kind(**one) for one in said[name]] for name, kind in kinds}
        return cls(**said | lists)

    def matching(self, words: str) -> list[Here]:
        """Everyone in the file by name, new ones first; filtered by these words."""
        key = name_key(words)
        new = [Here(name, "", False) for name in self.new]
        everybody = [*new, *self.here]
        return [who for who in everybody if not key or key in name_key(who.name)]

    @property
    def shown(self) -> set[int]:
        """The columns whose cells the importing user may see."""
        return {column.at for column in self.columns if column.is_shown}
