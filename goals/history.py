"""History lines of a goal: versions, agreements, comments and decisions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from goals.models import (
    Agreement,
    Goal,
    GoalMove,
    GoalRating,
    GoalVersion,
    ReviewAnswer,
)
from goals.models.content import Side
from goals.voices import BOTH
from ui.screen_privacy import called
from ui.templatetags.ui import day_words

DECIDED = {
    "keep": gettext_lazy("Reviewed: no change"),
    "change": gettext_lazy("Reviewed: to be changed"),
    "aside": gettext_lazy("Set aside"),
    "reached": gettext_lazy("Reached"),
}
SAID = {
    "key_withdrawn": gettext_lazy("Version %(number)s: agreement withdrawn by %(who)s"),
    "declined": gettext_lazy("Version %(number)s: declined by %(who)s"),
    "differs": gettext_lazy("%(who)s disagreed with the wording"),
    "taken_up": gettext_lazy("Resumed by %(who)s"),
    "line": gettext_lazy("A note for a harder day, from %(who)s"),
}
NEXT = {
    "talk": gettext_lazy("%(who)s suggested talking about it"),
    "try": gettext_lazy("%(who)s suggested trying both for two weeks"),
    "third": gettext_lazy("%(who)s suggested a combined wording"),
    "leave": gettext_lazy("%(who)s suggested keeping both"),
}


class Answered(NamedTuple):
    """One side's review answers, and what it would have chosen."""

    whose: str
    questions: list[tuple[str, str, str]]  # question, answer, comment
    choice: str


@dataclass
class Entry:
    """One line of the history; the page shows the newest first."""

    at: datetime
    title: str
    line: str = ""
    words: str = ""  # a person's own words
    keys: list[Agreement] = field(default_factory=list)
    version: GoalVersion | None = None
    left_turned: bool = False
    right_turned: bool = False
    answers: list[Answered] = field(default_factory=list)  # each side's, for a review


def held_keys(version: GoalVersion) -> dict[str, Agreement]:
    """The agreements in effect on a version, by side; loaded with it (GoalPage)."""
    keys = [key for key in version.turned if not hasattr(key, "taken_back")]
    return {key.side: key for key in keys}


def entries(
    goal: Goal,
    versions: Iterable[GoalVersion],
    moves: Iterable[GoalMove],
    taken_back: Iterable[GoalRating],
    answers: Answers,
) -> list[Entry]:
    lines = [_of_version(goal, version) for version in versions]
    lines += [_of_move(move, answers) for move in moves]
    lines += [_of_rating(rating) for rating in taken_back]
    lines += answers.undecided()
    return sorted(lines, key=lambda entry: entry.at, reverse=True)


def _day(at: datetime, *, begin: bool = False) -> str:
    return day_words(timezone.localtime(at).date(), begin)


def _of_version(goal: Goal, version: GoalVersion) -> Entry:
    said = {"number": version.number, "who": called(version.proposed_by)}
    said["day"] = _day(version.proposed_at)
    line = _("proposed by %(who)s, %(day)s") % said
    if goal.from_list and version.number == 1:
        line = _("from an imported list, %(day)s") % said
    title = _("Version %(number)s") % said
    if version.pk == goal.in_force_id and goal.is_open:
        title = _("Version %(number)s, in effect") % said
    elif version.pk == goal.in_force_id:
        said["end"] = _day(goal.closed_at)
        title = _("Version %(number)s, in effect until %(end)s") % said
    turned = held_keys(version)
    return Entry(
        version.proposed_at,
        title,
        line,
        version.own_words,
        sorted(version.turned, key=lambda key: key.at),
        version,
        Side.CLIENT in turned,
        Side.THERAPIST in turned,
    )


class Answers:
    """The answers of finished reviews, by the history line of each review."""

    def __init__(self, rows: Iterable[ReviewAnswer], user):
        self.user = user
        self.by_end: dict[datetime, list[ReviewAnswer]] = {}
        for row in rows:
            self.by_end.setdefault(row.review.closed_at, []).append(row)

    def of(self, end: datetime) -> list[Answered]:
        return [self._said(row) for row in self.by_end.get(end, [])]

    def _said(self, row: ReviewAnswer) -> Answered:
        whose = _("Your answers")
        if row.by_id != self.user.pk:
            whose = _("%(name)s’s answers") % {"name": called(row.by)}
        asked = [
            (str(text), row.fits(name), getattr(row, f"{name}_words"))
            for name, text in ReviewAnswer.QUESTIONS.items()
        ]
        return Answered(whose, [one for one in asked if any(one[1:])], row.choice_words)

    def undecided(self) -> list[Entry]:
        """A line for each review that ended before both had chosen."""
        title = _("A review ended without a decision")
        return [
            Entry(end, title, _day(end, begin=True), answers=self.of(end))
            for end, [row, *_more] in self.by_end.items()
            if not row.review.decision
        ]


def _of_move(move: GoalMove, answers: Answers) -> Entry:
    number = move.version.number if move.version else ""
    said = {"who": called(move.by), "number": number}
    if move.kind == GoalMove.Kind.DECIDED:
        title = str(DECIDED[move.choice])
    elif move.kind == GoalMove.Kind.NEXT:
        title = NEXT[move.choice] % said
    else:
        title = SAID[move.kind] % said
    line, said_then = _day(move.at, begin=True), []
    if move.kind == GoalMove.Kind.DECIDED:
        said["day"], said_then = _day(move.at), answers.of(move.at)
        line = _("Decided by %(who)s alone, %(day)s") % said
        if len(said_then) == len(BOTH):
            line = _("Decided with %(who)s’s answer, %(day)s") % said
    return Entry(move.at, title, line, move.words, answers=said_then)


def _of_rating(rating: GoalRating) -> Entry:
    title = removed_rating(called(rating.by), rating.value, rating.from_list)
    return Entry(rating.withdrawn_by.at, title, _day(rating.at, begin=True))


def removed_rating(who: str, value: int, from_list: bool) -> str:
    """Who removed it; and who gave it, unless it came with an import."""
    if from_list:
        said = _("%(who)s removed %(value)s, which came from an imported list")
    else:
        said = _("%(who)s rated %(value)s, then removed it")
    return said % {"who": who, "value": value}
