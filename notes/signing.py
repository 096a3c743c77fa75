"""Signing: what is asked first, when it is allowed, how long it can be undone."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.utils import timezone

from appointments.models import TherapySession
from notes.formats import PARTS
from notes.models import ProgressNote
from notes.session_form import SessionForm
from notes.session_page import rating_name

# "sign" asks about gaps; "sign-anyway" confirms.
SIGN, ANYWAY = "sign", "sign-anyway"


@dataclass(frozen=True)
class Gaps:
    """What is missing: empty parts of the note, goals without a rating."""

    parts: list[str]
    goals: list[str]

    def __bool__(self) -> bool:
        return bool(self.parts or self.goals)


def gaps(form: SessionForm) -> Gaps:
    """The empty parts of the chosen format and the open goals without a rating."""
    said = form.cleaned_data
    labels = PARTS[said["format"]]
    parts = [
        str(label)
        for number, label in enumerate(labels)
        if not said[f"part{number}"].strip()
    ]
    goals = [
        form.screen.words_of(goal)
        for goal in form.screen.goals
        if said[rating_name(goal.pk)] is None
    ]
    return Gaps(parts, goals)


def is_early(session: TherapySession) -> bool:
    """Whether the session has not begun, so that its note cannot be signed."""
    return session.starts_at > timezone.now()


def seconds_to_undo(note: ProgressNote | None) -> int:
    """Whole seconds left to undo the signature; needs `with_time_to_undo()`."""
    left = note and note.undo_left
    return max(0, math.ceil(left.total_seconds())) if left else 0
