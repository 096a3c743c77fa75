"""The events of a client's timeline, one line each, worded for both sides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from goals.voices import BOTH
from ui import dates


@dataclass(frozen=True)
class Event:
    """One line of the timeline; `own` is a person's own words."""

    day: date
    what: str
    own: str = ""


def happened(way) -> Iterator[Event]:
    """All events of an overview.timeline_page.TimelinePage, unsorted.

    Events before its period may be left out, so that their text is not decrypted.
    """
    for part in (
        _sessions, _notes, _goals, _ratings, _steps, _wins, _strengths,
    ):  # fmt: skip
        yield from part(way)


def _sessions(way):
    held = [row for row in way.all_sessions if row.state == "held"]
    for number, row in enumerate(held):
        day = way.day_of(row.starts_at)
        if way.is_in(day) and (number == 0 or row.take_away):
            what = _("From the session") if number else _("First session")
            yield Event(day, what, own=row.take_away)


def _notes(way):
    """Their dates only, if a therapist asks for them; never any text."""
    for starts_at, signed_at in way.notes:
        day = way.day_of(starts_at)
        if way.is_in(day):
            signed = dates.short(way.day_of(signed_at))
            yield Event(day, _("Note signed %(day)s") % {"day": signed})


ENDED = {
    "reached": gettext_lazy("Goal reached"),
    "aside": gettext_lazy("Goal set aside"),
    "declined": gettext_lazy("Goal declined"),
    "taken back": gettext_lazy("Proposal withdrawn"),
    "": gettext_lazy("Goal closed"),
}


def _goals(way):
    """Each version that took effect, with its wording; each withdrawn agreement; and
    the end, if any."""
    for line in way.lines.values():
        before = None
        for at, is_agreed, version in _turns(way.wordings, line.goal):
            day = way.day_of(at)
            what = _("Agreement to a goal withdrawn")
            if is_agreed:
                what, before = _agreed(version, before), version
            if way.is_in(day):
                yield Event(day, what, own=version.own_words)
        if line.goal.closed_at and way.is_shown(line.goal):
            at = line.goal.closed_at
            own = way.words_at(line, at)
            yield Event(way.day_of(at), ENDED[line.goal.ended_as], own=own)


def _turns(wordings, goal) -> list[tuple]:
    """When a version was agreed to or withdrawn from, in the order of that day."""
    turns = [(at, True, one) for at, one in wordings.agreed.get(goal.pk, [])]
    turns += [(at, False, one) for at, one in wordings.withdrawn.get(goal.pk, [])]
    return sorted(turns, key=lambda turn: turn[0])


def _agreed(version, before) -> str:
    """What came with this agreement; `before` is the wording agreed to last."""
    if before is None:
        return _("Goal agreed by both")
    if version.pk == before.pk:
        return _("Goal agreed again by both")
    if version.own_words == before.own_words:
        return _("Goal details changed by both")
    return _("New goal wording agreed by both")


def _ratings(way):
    """One line a month for each goal and side, dated at its last rating; separate lines
    if the wording changed in between, and for imported ratings."""
    for line in way.lines.values():
        for side, name in zip(BOTH, line.names, strict=True):
            given = [
                (one, way.words_at(line, one.at, side))
                for one in line.rated.get(side, [])
                if way.is_in(one.day)
            ]
            for (_month, own, listed), some in groupby(given, _month_and_words):
                rated = [one for one, _words in some]
                who = _("From an imported list") if listed else name
                said = {"name": who, "words": in_words([one.value for one in rated])}
                yield Event(rated[-1].day, _("%(name)s: %(words)s") % said, own=own)


def _month_and_words(given) -> tuple[date, str, bool]:
    one, words = given
    return one.day.replace(day=1), words, one.from_list


def _steps(way):
    for step in way.steps:
        day = way.day_of(step.reached_at)
        if way.is_in(day):
            yield Event(day, _("Step reached"), own=step.words)


def _wins(way):
    for win in way.wins:
        day = way.place(win.happened_on, win.at)
        if way.is_in(day):
            yield Event(day, _("Win"), own=win.words)


def _strengths(way):
    for row in way.strengths:
        day = way.place(row.when, row.at)
        if way.is_in(day):
            what = _("Strength: %(name)s") % {"name": row.name}
            yield Event(day, what, own=row.moment)


def in_words(values: list[int]) -> str:
    """Ratings of one goal, 0 to 10 and oldest first, as one line of text."""
    first, last, low, high = values[0], values[-1], min(values), max(values)
    said = {"count": len(values), "first": first, "last": last}
    said |= {"low": low, "high": high}
    if len(values) == 1:
        return _("Rated %(last)s of 10") % said
    if low == high:
        words = ngettext(
            "Rated %(count)s time, %(last)s",
            "Rated %(count)s times, %(last)s each time",
            len(values),
        )
    elif {low, high} <= {first, last}:
        words = ngettext(
            "Rated %(count)s time, from %(first)s to %(last)s",
            "Rated %(count)s times, from %(first)s to %(last)s",
            len(values),
        )
    else:
        words = ngettext(
            "Rated %(count)s time, from %(first)s to %(last)s, between %(low)s and "
            "%(high)s",
            "Rated %(count)s times, from %(first)s to %(last)s, between %(low)s and "
            "%(high)s",
            len(values),
        )
    return words % said
