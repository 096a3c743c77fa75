"""Queries of a goal's page; each starts with the access rule."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, UUIDField

from clients import apart, signals
from clients.models import Draft
from clients.prepared import prepared_for_user
from clients.record_access import open_for
from goals.models import (
    Agreement,
    Comment,
    Goal,
    GoalLink,
    GoalMove,
    GoalRating,
    GoalScore,
    GoalVersion,
    ReviewAnswer,
    Step,
)

SHOWN_VERSIONS, SHOWN_MOVES, SHOWN_COMMENTS, SHOWN_RATINGS = 5, 12, 20, 8
# Upper limits of the page: for "all" of the history, and for the chart.
SHOWN_OF_ALL, SHOWN_IN_CHART = 500, 2_000


class ChartRating(NamedTuple):
    """A rating as the chart needs it, with its side."""

    pk: UUID
    at: datetime
    value: int
    session_id: UUID | None
    side: str
    by_id: UUID
    by__name: str
    together: bool
    from_list: bool


WORDINGS = ("in_force", "latest")
GOAL = {"goal": UUIDField()}


@prepared_for_user(**GOAL)
def one_goal(user, goal):
    """The goal with what its page needs first."""
    rows = Goal.objects.visible_to(user).with_words().filter(pk=goal)
    rows = rows.select_related("client__user", "review__opened_by")
    rows = signals.with_told(with_rating_draft(rows, user), user)
    return apart.with_shares_name(rows)


def goal_to_change(request, goal_id) -> Goal:
    """A goal that the reader can edit, recorded as opened; else 404."""
    rows = Goal.objects.editable_by(request.user).with_words()
    rows = rows.select_related("client__user", "review")
    return open_for(request, rows, pk=goal_id)


def with_rating_draft(rows, user):
    """Annotate `has_rating_draft`: a rating that this user began and did not save."""
    mine = Draft.objects.visible_to(user).filter(kind="rating", target=OuterRef("pk"))
    return rows.annotate(has_rating_draft=Exists(mine))


def every_version(user, goal):
    rows = GoalVersion.objects.visible_to(user).filter(goal=goal)
    return rows.select_related("proposed_by").order_by("-number")


@prepared_for_user(**GOAL, agreed=UUIDField(), latest=UUIDField())
def keys_of_last_versions(user, goal, agreed, latest):
    """Agreements with their version; every version has at least its proposer's."""
    versions = GoalVersion.objects.visible_to(user).filter(goal=goal)
    newest = versions.order_by("-number").values("pk")[:SHOWN_VERSIONS]
    rows = Agreement.objects.visible_to(user).filter(version__goal=goal)
    rows = rows.filter(Q(version__in=newest) | Q(version=agreed) | Q(version=latest))
    rows = rows.select_related("by", "taken_back__by", "version__proposed_by")
    return rows.order_by("-version__number", "at", "pk")


def keys_of(user, versions):
    rows = Agreement.objects.visible_to(user).filter(version__in=versions)
    return rows.select_related("by", "taken_back__by").order_by("at", "pk")


def moves_of(user, goal):
    rows = GoalMove.objects.visible_to(user).filter(goal=goal)
    return rows.select_related("by", "version").order_by("-at", "-pk")


@prepared_for_user(**GOAL)
def last_moves(user, goal):
    return moves_of(user, goal)[:SHOWN_MOVES]


def answers_of(user, goal):
    """Each side's last answers in each finished review, newest first."""
    rows = ReviewAnswer.objects.visible_to(user)
    rows = rows.filter(review__goal=goal).exclude(review__closed_at=None)
    newest = rows.order_by("review", "side", "-at", "-pk").distinct("review", "side")
    rows = ReviewAnswer.objects.visible_to(user).filter(pk__in=newest.values("pk"))
    rows = rows.select_related("by", "review")
    return rows.order_by("-review__closed_at", "side")


@prepared_for_user(**GOAL)
def last_answers(user, goal):
    return answers_of(user, goal)[: 2 * SHOWN_MOVES]


def _ratings_that_count(user, goal):
    rows = GoalRating.objects.visible_to(user).filter(goal=goal).not_withdrawn()
    return rows.order_by("at", "pk")


@prepared_for_user(**GOAL)
def bare_ratings(user, goal):
    """Newest first; one more than shown, to tell whether there are more."""
    rows = (
        _ratings_that_count(user, goal)
        .order_by("-at", "-pk")
        .values_list(*ChartRating._fields)
    )
    return rows[: SHOWN_IN_CHART + 1]


def _told_ratings(user, goal, most):
    """The latest ratings to list, and the newest withdrawn ones."""
    last = _ratings_that_count(user, goal).order_by("-at", "-pk").values("pk")
    rows = GoalRating.objects.visible_to(user).filter(goal=goal, withdraws=None)
    back = rows.exclude(withdrawn_by=None).order_by("-at", "-pk").values("pk")
    rows = rows.filter(Q(pk__in=last[:SHOWN_RATINGS]) | Q(pk__in=back[:most]))
    return rows.select_related("by", "withdrawn_by").order_by("at", "pk")


@prepared_for_user(**GOAL)
def told_ratings(user, goal):
    return _told_ratings(user, goal, SHOWN_MOVES)


def all_told_ratings(user, goal):
    return _told_ratings(user, goal, SHOWN_OF_ALL + 1)


@prepared_for_user(**GOAL)
def steps_of(user, goal):
    return Step.objects.visible_to(user).filter(goal=goal).not_dropped()


def comments_of(user, goal):
    rows = Comment.objects.visible_to(user).filter(goal=goal)
    return rows.select_related("by").with_seen().order_by("-at", "-pk")


@prepared_for_user(**GOAL)
def last_comments(user, goal):
    return comments_of(user, goal)[: SHOWN_COMMENTS + 1]


@prepared_for_user(**GOAL)
def links_of(user, goal):
    rows = GoalLink.objects.visible_to(user).current()
    rows = rows.filter(Q(goal=goal) | Q(other=goal))
    words = [f"{end}__{which}" for end in ("goal", "other") for which in WORDINGS]
    return rows.select_related(*words).order_by("at", "pk")


@prepared_for_user(**GOAL)
def scores_of(user, goal):
    """The newest score of each kind and side."""
    rows = GoalScore.objects.visible_to(user).filter(goal=goal)
    rows = rows.order_by("kind", "side", "-at", "-pk").distinct("kind", "side")
    return rows.select_related("by")


@prepared_for_user(client=UUIDField())
def open_goals(user, client):
    mine = Goal.objects.visible_to(user).filter(client_id=client)
    return mine.open().with_words().order_by("created_at", "pk")
