"""The data read about a person, and why a line cannot be imported."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from transfer.imports.columns import Field


@dataclass(frozen=True)
class Problem:
    """Why a line cannot be imported. The reason never repeats the cell's content."""

    line: int
    reason: str
    column: int | None = None
    said: str = ""


@dataclass(slots=True)
class ImportedGoal:
    words: str
    ratings: dict[tuple[datetime, int], None] = field(default_factory=dict)


@dataclass(slots=True)
class ImportedPerson:
    """Datetimes are naive, in the therapist's time zone."""

    line: int
    said: dict[str, str] = field(default_factory=dict)
    sessions: set[datetime] = field(default_factory=set)
    goals: dict[str, ImportedGoal] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)
    above: dict[int, str] = field(default_factory=dict)  # the goal of each slot

    @property
    def name(self) -> str:
        both = self.said.get(Field.NAME, ""), self.said.get(Field.FAMILY, "")
        return " ".join(filter(None, both))

    @property
    def email(self) -> str:
        return self.said.get(Field.EMAIL, "")


@dataclass
class Reading:
    people: list[ImportedPerson]
    problems: list[Problem]  # in line order
    # lines that repeat an earlier one
    repeated: list[int] = field(default_factory=list)
    is_too_much: bool = False  # anything over MOST_MOMENTS was not read

    @property
    def lines_to_mend(self) -> list[int]:
        return list(dict.fromkeys(problem.line for problem in self.problems))

    @property
    def sessions(self) -> int:
        return sum(len(person.sessions) for person in self.people)

    @property
    def goals(self) -> int:
        return sum(len(person.goals) for person in self.people)
