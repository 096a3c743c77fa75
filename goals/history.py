"""How a goal came to be what it is: versions, keys, and what was said of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from goals.models import Agreement, Goal, GoalMove, GoalRating, GoalVersion
from goals.models.content import Side
from ui import dates
from ui.screen_privacy import called

DECIDED = {
    "keep": gettext_lazy("Looked at again, and kept"),
    "change": gettext_lazy("Looked at again: it changes"),
    "aside": gettext_lazy("Set aside"),
    "reached": gettext_lazy("Reached"),
}
SAID = {
    "key_withdrawn": gettext_lazy("Version %(number)s: not any more, says %(who)s"),
    "declined": gettext_lazy("Version %(number)s: declined by %(who)s"),
    "differs": gettext_lazy("%(who)s sees this differently"),
    "taken_up": gettext_lazy("Taken up again by %(who)s"),
    "line": gettext_lazy("A line for a harder day, from %(who)s"),
}
NEXT = {
    "talk": gettext_lazy("%(who)s would talk about it"),
    "try": gettext_lazy("%(who)s would try both for two weeks"),
    "third": gettext_lazy("%(who)s would look for words that hold both"),
    "leave": gettext_lazy("%(who)s would let both stand"),
}


@dataclass
class Entry:
    """One line of the history, newest first on the page."""

    at: datetime
    title: str
    line: str = ""
    words: str = ""  # somebody's own
    keys: list[Agreement] = field(default_factory=list)
    version: GoalVersion | None = None
    left_turned: bool = False
    right_turned: bool = False


def held_keys(version: GoalVersion) -> dict[str, Agreement]:
    """The keys in place on a version, by side; they came with it (GoalPage)."""
    keys = [key for key in version.turned if not hasattr(key, "taken_back")]
    return {key.side: key for key in keys}


def entries(
    goal: Goal,
    versions: Iterable[GoalVersion],
    moves: Iterable[GoalMove],
    taken_back: Iterable[GoalRating],
) -> list[Entry]:
    lines = [_of_version(goal, version) for version in versions]
    lines += [_of_move(move) for move in moves]
    lines += [_of_rating(rating) for rating in taken_back]
    return sorted(lines, key=lambda entry: entry.at, reverse=True)


def _day(at: datetime) -> str:
    return dates.with_year(timezone.localtime(at))


def _of_version(goal: Goal, version: GoalVersion) -> Entry:
    said = {"number": version.number, "who": called(version.proposed_by)}
    said["day"] = _day(version.proposed_at)
    title = _("Version %(number)s") % said
    if version.pk == goal.in_force_id and goal.is_open:
        title = _("Version %(number)s, in force") % said
    elif version.pk == goal.in_force_id:
        said["end"] = _day(goal.closed_at)
        title = _("Version %(number)s, in effect until %(end)s") % said
    turned = held_keys(version)
    return Entry(
        version.proposed_at,
        title,
        _("proposed by %(who)s, %(day)s") % said,
        version.own_words,
        sorted(version.turned, key=lambda key: key.at),
        version,
        Side.CLIENT in turned,
        Side.THERAPIST in turned,
    )


def _of_move(move: GoalMove) -> Entry:
    number = move.version.number if move.version else ""
    said = {"who": called(move.by), "number": number}
    if move.kind == GoalMove.Kind.DECIDED:
        title = str(DECIDED[move.choice])
    elif move.kind == GoalMove.Kind.NEXT:
        title = NEXT[move.choice] % said
    else:
        title = SAID[move.kind] % said
    line = _day(move.at)
    if move.kind == GoalMove.Kind.DECIDED:
        said["day"] = line
        line = _("Decided with %(who)s’s answer, %(day)s") % said
    return Entry(move.at, title, line, move.words)


def _of_rating(rating: GoalRating) -> Entry:
    said = {"who": called(rating.by), "value": rating.value, "day": _day(rating.at)}
    title = _("%(who)s rated %(value)s and took it back") % said
    return Entry(rating.withdrawn_by.at, title, said["day"])
