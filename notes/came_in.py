"""What happened between two sessions: ratings, steps reached, exercises answered, and
the client's comments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import DateTimeField, UUIDField

from accounts.models import User
from clients.prepared import prepared_for_user
from goals.models import Comment, Goal, GoalRating, Step
from goals.models.content import Side
from goals.wordings import Wordings
from toolkit.models import Assignment

COMMENTS = 12  # the newest


@dataclass(frozen=True)
class News:
    """One line: `kind` is "rating", "step", "exercise" or "comment"."""

    kind: str
    at: datetime
    words: str
    value: int | None = None  # of a rating
    answer: str = ""  # of an exercise, as text
    goal: Goal | None = None  # the goal to link to


def of_rating(rating, goal: Goal) -> News:
    words = goal.called
    return News("rating", rating.at, words, value=rating.value, goal=goal)


def of_step(step: Step, goal: Goal | None = None) -> News:
    return News("step", step.reached_at, step.words, goal=goal)


def of_exercise(assignment: Assignment) -> News:
    answer = str(assignment.get_answer_display())
    return News("exercise", assignment.answered_at, assignment.words, answer=answer)


def of_comment(comment: Comment) -> News:
    return News("comment", comment.at, comment.words)


@prepared_for_user(client=UUIDField())
def newest_comments(user, client):
    """The client's comments; a therapist's own are not news to a therapist."""
    rows = Comment.objects.visible_to(user).filter(client=client, side=Side.CLIENT)
    return rows.order_by("-at", "-pk")[:COMMENTS]


@prepared_for_user(client=UUIDField(), since=DateTimeField(), until=DateTimeField())
def last_of_closed(user, client, since, until):
    """The client's last rating before then of each goal closed since the previous
    session."""
    rows = GoalRating.objects.visible_to(user).not_withdrawn().filter(side=Side.CLIENT)
    rows = rows.filter(client_id=client, at__lte=until)
    rows = rows.filter(goal__closed_at__gt=since)
    rows = rows.order_by("goal_id", "-at", "-pk").distinct("goal_id")
    return rows.select_related("goal__in_force", "goal__latest")


def answered_by(practice, client) -> list[Assignment]:
    """Those that the client answered; not answers that a therapist entered."""
    return [
        one
        for one in practice
        if one.answer and client.user_id and one.answered_by_id == client.user_id
    ]


def reached(steps: Iterable[Step], user: User) -> list[Step]:
    """Steps reached, except those that the reader entered."""
    return [one for one in steps if one.reached_at and one.reached_by_id != user.pk]


def between(news: list[News], since: datetime | None, until: datetime) -> list[News]:
    """After the previous session and before this one, oldest first."""
    found = [one for one in news if (since is None or one.at > since)]
    return sorted((one for one in found if one.at <= until), key=lambda one: one.at)


def in_words_of_then(news: list[News], user: User) -> list[News]:
    """Each rating and comment under the goal's wording at that time, as the client had
    it.

    Two queries, or none if no such goal has had another wording since.
    """
    named = [one for one in news if one.goal and one.kind in ("rating", "comment")]
    if not named:
        return news
    goals, first = [one.goal for one in named], min(one.at for one in named)
    then = Wordings.before(goals, first, user)
    return [
        replace(one, words=then.words_then(one.goal, one.at, Side.CLIENT))
        if one in named
        else one
        for one in news
    ]
