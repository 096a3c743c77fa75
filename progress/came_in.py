"""What came in between two sessions: ratings, steps reached, exercises answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from goals.models import Goal, Step
from toolkit.models import Assignment


@dataclass(frozen=True)
class News:
    """One line: `kind` is "rating", "step" or "exercise"."""

    kind: str
    at: datetime
    words: str
    value: int | None = None  # of a rating
    answer: str = ""  # of an exercise, in words
    goal: Goal | None = None  # whose page tells more


def of_rating(rating, goal: Goal) -> News:
    words = goal.shown.own_words
    return News("rating", rating.at, words, value=rating.value, goal=goal)


def of_step(step: Step, goal: Goal | None = None) -> News:
    return News("step", step.reached_at, step.words, goal=goal)


def of_exercise(assignment: Assignment) -> News:
    answer = str(assignment.get_answer_display())
    return News("exercise", assignment.answered_at, assignment.words, answer=answer)


def answered_by(practice, client) -> list[Assignment]:
    """Those that the client answered; what a therapist wrote down is no news to one."""
    return [
        one
        for one in practice
        if one.answer and client.user_id and one.answered_by_id == client.user_id
    ]


def between(news: list[News], since: datetime | None, until: datetime) -> list[News]:
    """The oldest first, of those after the session before."""
    found = [one for one in news if (since is None or one.at > since)]
    return sorted((one for one in found if one.at <= until), key=lambda one: one.at)
