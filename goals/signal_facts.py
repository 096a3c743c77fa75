"""Facts about each goal for the rules in `goals.signals`, read in one statement."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    Case,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    Subquery,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import JSONObject

from accounts.models import AuditEvent
from appointments.models import TherapySession
from clients.access import WRITES
from clients.models import Client, ContactPreferences
from database.prepared import many, prepared
from goals.models import (
    Agreement,
    Comment,
    Goal,
    GoalMove,
    GoalRating,
    ReviewAnswer,
    Step,
)
from goals.models.content import Side
from goals.voices import BOTH

UNTOUCHED, FLAT = 4, 5  # sessions, ratings


class Given(NamedTuple):
    """A move, a rating or an answer: by which side, what, when.

    For a withdrawn agreement, `what` is "agreed" if both had agreed.
    """

    side: str
    what: str | int
    at: datetime
    kind: str = ""  # of a move


class GoalFacts(NamedTuple):
    """All that the rule needs about one goal; times are None if missing."""

    in_force_at: datetime | None
    agreed_last_by: str  # the side whose agreement brought it into effect; "" if none
    is_agreed: bool
    is_open: bool
    closed_at: datetime | None
    ended_as: str
    differs_since: datetime | None
    waits_for: str  # the side that is asked to agree
    review_on: date | None
    created_at: datetime
    celebrates: str
    review_opened_at: datetime | None  # of the open review
    review_opened_by: str  # the side that started it
    answered_at: dict[str, datetime | None]  # each side's first answer in it
    answers: list[Given]  # each side's newest, once both have answered
    moves: list[Given]  # the newest of each kind and side
    last_rated_at: datetime | None  # including withdrawn ratings, and withdrawals
    ratings: dict[str, list[tuple[int, datetime]]]  # each side's last five
    last_step_at: datetime | None
    last_comment_at: datetime | None
    comments: list[Given]  # each side's newest
    unanswered_at: datetime | None  # the oldest comment not marked as discussed
    held: list[datetime]  # start times of the last held sessions, newest first
    opened_at: dict[str, datetime | None]  # when each side last opened it

    def sessions_since(self, moment: datetime) -> int:
        """Held sessions that began after it, counted up to UNTOUCHED."""
        return sum(1 for start in self.held if start > moment)

    @property
    def agreed(self) -> Given | None:
        """The second agreement to the version in effect."""
        if not (self.in_force_at and self.agreed_last_by):
            return None
        return Given(self.agreed_last_by, "", self.in_force_at, "agreed")

    def newest(self, *kinds: str) -> Given | None:
        """The newest move of these kinds; "agreed" is the agreement above."""
        done = [*self.moves, *filter(None, [self.agreed])]
        found = [move for move in done if move.kind in kinds]
        return max(found, key=lambda move: move.at, default=None)


def _last_ratings(side: str) -> ArraySubquery:
    rows = GoalRating.objects.filter(goal=OuterRef("pk"), side=side).not_withdrawn()
    rows = rows.order_by("-at", "-pk").values(each=JSONObject(value="value", at="at"))
    return ArraySubquery(rows[:FLAT])


def _last_of(rows, column: str = "at") -> Subquery:
    rows = rows.filter(goal=OuterRef("pk"), **{f"{column}__isnull": False})
    return Subquery(rows.order_by(f"-{column}", "-pk").values(column)[:1])


def _last_opened(since, **roles) -> Subquery:
    looks = AuditEvent.objects.filter(
        client_id=OuterRef("client_id"), at__gt=since, **roles
    )
    looks = looks.filter(object_id=OuterRef("pk"), verb="opened")
    return Subquery(looks.order_by("-at", "-pk").values("at")[:1])


@prepared(clients=many(UUIDField()), since=DateTimeField())
def goal_facts(clients, since):
    moves = GoalMove.objects.filter(goal=OuterRef("pk"))
    moves = moves.order_by("kind", "side", "-at", "-pk").distinct("kind", "side")
    answers = ReviewAnswer.objects.filter(review=OuterRef("review_id"))
    answers = answers.order_by("side", "-at", "-pk").distinct("side")
    held = TherapySession.objects.filter(client=OuterRef("client_id")).held()
    held = held.order_by("-starts_at", "-pk").values("starts_at")[:UNTOUCHED]
    comments = Comment.objects.filter(goal=OuterRef("pk"))
    comments = comments.order_by("side", "-at", "-pk").distinct("side")
    unanswered = Comment.objects.filter(goal=OuterRef("pk"), discussed_on=None)
    given = JSONObject(side="side", what="choice", at="at")
    keys = Agreement.objects.filter(version=OuterRef("version"))
    both = Q(*(Exists(keys.filter(side=side)) for side in BOTH))
    withdrew = Q(both, kind=GoalMove.Kind.KEY_WITHDRAWN)
    moves = moves.annotate(what=Case(When(withdrew, Value("agreed")), default="choice"))
    agreed = Agreement.objects.filter(version=OuterRef("in_force"))
    agreed = agreed.order_by("-at", "-pk").values("side")
    by_client = When(review__opened_by=F("client__user"), then=Value(Side.CLIENT))
    marked = ContactPreferences.objects.filter(client=OuterRef("client_id"))
    rows = Goal.objects.filter(client_id=clients)
    rows = rows.exclude(client__state=Client.State.DISCHARGED)
    return rows.annotate(
        celebrates=Subquery(marked.values("celebrates")[:1]),
        agreed_last_by=Subquery(agreed[:1]),
        review_opened_at=F("review__opened_at"),
        review_opened_by=Case(by_client, default=Value(Side.THERAPIST)),
        client_at=F("review__client_at"),
        therapist_at=F("review__therapist_at"),
        answers=ArraySubquery(answers.values(each=given)),
        newest_moves=ArraySubquery(
            moves.values(
                each=JSONObject(kind="kind", side="side", what="what", at="at")
            )
        ),
        last_rated_at=_last_of(GoalRating.objects.all()),
        by_client=_last_ratings(Side.CLIENT),
        by_therapist=_last_ratings(Side.THERAPIST),
        last_step_at=_last_of(Step.objects.order_by(), "reached_at"),
        last_comment_at=_last_of(Comment.objects.all()),
        newest_comments=ArraySubquery(
            comments.values(each=JSONObject(side="side", what=Value(""), at="at"))
        ),
        unanswered_at=Subquery(unanswered.order_by("at", "pk").values("at")[:1]),
        held=ArraySubquery(held),
        opened_by_client=_last_opened(since, role="client"),
        opened_by_therapist=_last_opened(since, role__in=sorted(WRITES)),
    ).order_by()


def facts_of(goal: Goal) -> GoalFacts:
    """The facts of one row found by `_facts`."""
    return GoalFacts(
        in_force_at=goal.in_force_at,
        agreed_last_by=goal.agreed_last_by or "",
        is_agreed=goal.is_agreed,
        is_open=goal.is_open,
        closed_at=goal.closed_at,
        ended_as=goal.ended_as,
        waits_for=goal.waits_for,
        differs_since=goal.differs_since,
        review_on=goal.review_on,
        created_at=goal.created_at,
        celebrates=goal.celebrates or "",
        review_opened_at=goal.review_opened_at,
        review_opened_by=goal.review_opened_by if goal.review_id else "",
        answered_at={"client": goal.client_at, "therapist": goal.therapist_at},
        answers=[_given(**each) for each in goal.answers],
        moves=[_given(**each) for each in goal.newest_moves],
        last_rated_at=goal.last_rated_at,
        ratings={
            "client": [_rating(**each) for each in goal.by_client],
            "therapist": [_rating(**each) for each in goal.by_therapist],
        },
        last_step_at=goal.last_step_at,
        last_comment_at=goal.last_comment_at,
        comments=[_given(**each) for each in goal.newest_comments],
        unanswered_at=goal.unanswered_at,
        held=goal.held,
        opened_at={
            "client": goal.opened_by_client,
            "therapist": goal.opened_by_therapist,
        },
    )


def _given(side: str, what: str, at: str, kind: str = "") -> Given:
    return Given(side, what, datetime.fromisoformat(at), kind)


def _rating(value: int, at: str) -> tuple[int, datetime]:
    return value, datetime.fromisoformat(at)
