"""What the two of the demo say about goals: comments, differences, scales, a review."""

from __future__ import annotations

from datetime import timedelta

from clients.autosave import PART
from database.identity import acting_as
from goals.models import (
    Comment,
    Goal,
    GoalLink,
    GoalMove,
    GoalRating,
    GoalScore,
    Review,
    ReviewAnswer,
    Step,
)
from goals.models.goal import KEPT

HANDS = (
    "My hands shook and I stayed on. Got off at the library, sat on the wall, felt "
    "ridiculous and proud."
)
TEN = "Ten is too far away to mean anything. Could ten just be “boring”?"
SCALE = PART.join(
    [
        "I turn round at the door",
        "I go in, and leave the basket",
        "I pay for one thing, at the self-checkout",
        "I pay for a whole list, at the till",
        "I shop on a Saturday and think of lunch",
    ]
)
WEEK = timedelta(weeks=1)


class Together:
    """Called once a client's goals, ratings and sessions are there."""

    def __init__(self, demo):
        self.demo, self.now, self.goals = demo, demo.now, demo.goals
        self.client, self.therapist = demo.client, demo.therapist
        self.user = demo.client.user
        self.common = {"practice": demo.practice, "client": demo.client}

    def make(self) -> None:
        name = self.demo.person.first
        made = {"Cleo": self.cleo, "Marcus": self.marcus, "Mina": self.mina}
        if name in made:
            made[name]()

    def by(self, user) -> dict:
        side = "client" if user == self.user else "therapist"
        return {**self.common, "by": user, "side": side}

    def keep(self, row, user) -> None:
        with acting_as(user.pk):
            row.save(force_insert=True)

    # -- Cleo: comments, rulers, a link, a review that is due, a goal reached --------

    def cleo(self) -> None:
        bus, no, sleep = self.goals
        self.comment(bus, HANDS, 5)
        ten = self.comment(bus, TEN, 43)
        with acting_as(self.therapist.pk):
            ten.talked_about(
                self.demo.today - timedelta(days=37), "10 is now “it’s just a bus”",
                by=self.therapist,
            )  # fmt: skip
        read = self.now - timedelta(days=40)
        look = (read, self.therapist, self.client, "goal", "primary", bus)
        self.demo.looks.append(look)
        self.score(bus, "importance", 9, "It is my town, and I pay for taxis", "", 40)
        self.score(
            bus, "confidence", 6, "Four buses went and I let them",
            "One ride into town on a Saturday, with Jo on the phone", 12,
        )  # fmt: skip
        link = GoalLink(**self.by(self.user), goal=no, other=sleep, kind="helps")
        self.keep(link, self.user)
        self.spoken(bus)
        self.reached()

    def comment(self, goal, words, days) -> Comment:
        at = self.now - timedelta(days=days)
        row = Comment(**self.by(self.user), goal=goal, words=words, at=at)
        self.keep(row, self.user)
        return row

    def score(self, goal, kind, value, lower, up, days) -> None:
        by = self.user or self.therapist
        row = GoalScore(
            **self.by(by), goal=goal, kind=kind, value=value, why_not_lower=lower,
            what_would_raise=up, at=self.now - timedelta(days=days),
        )  # fmt: skip
        self.keep(row, by)

    def spoken(self, goal) -> None:
        row = GoalRating(
            **self.by(self.user), goal=goal, value=5, word="wobbly, and on",
            context="Rain, a full bus, and the driver braked hard",
            at=self.now - timedelta(days=5),
        )  # fmt: skip
        self.keep(row, self.user)

    def reached(self) -> None:
        """Cooking on a Sunday: agreed in summer, reached two weeks ago."""
        begun, done = self.now - 22 * WEEK, self.now - 2 * WEEK
        with acting_as(self.user.pk):
            goal = Goal(**self.common, created_at=begun)
            goal.save(force_insert=True)
        self.demo.proposed.version(goal, 1, self.user, begun, {
            "own_words": "Cook on a Sunday, and ask somebody to stay for it",
            "why": "The table is for four and I sit at it alone",
            "low_end": "toast, standing up", "high_end": "somebody asks when again",
        })  # fmt: skip
        with acting_as(self.user.pk):
            for number, value in enumerate([2, 3, 3, 5, 6, 7]):
                GoalRating(
                    **self.by(self.user), goal=goal, value=value,
                    at=begun + (number + 1) * 3 * WEEK,
                ).save(force_insert=True)  # fmt: skip
            steps = ["A list of five things", "Soup, for one", "Ask Jo to stay"]
            for number, words in enumerate(steps):
                Step(
                    **self.common, goal=goal, words=words, position=number + 1,
                    added_by=self.user, reached_by=self.user,
                    reached_at=begun + (number + 1) * 5 * WEEK,
                ).save(force_insert=True)  # fmt: skip
            decided = {"goal": goal, "at": done}
            GoalMove(
                **self.by(self.user), **decided, kind="decided", choice="reached"
            ).save(force_insert=True)
            GoalMove(
                **self.by(self.user), **decided, kind="line",
                words="It was only soup, and they stayed until nine. You can ask.",
            ).save(force_insert=True)  # fmt: skip
            goal.closed_at, goal.ended_as = done, Goal.Ended.REACHED
            goal.save(update_fields=KEPT)

    # -- Marcus: a goal with a scale; Mina: two wordings --------------------------

    def marcus(self) -> None:
        goal = self.goals[0]
        content = goal.latest.content | {
            "attainment": SCALE,
            "weight_importance": 3,
            "weight_difficulty": 2,
        }
        self.demo.proposed.version(
            goal, 2, self.therapist, self.now - 12 * WEEK, content
        )
        for level, days in ((-1, 83), (-1, 45), (0, 9)):
            self.score(goal, "attainment", level, "", "", days)

    def mina(self) -> None:
        goal = self.goals[0]
        words = "Say in one sentence what I need, within an hour"
        content = goal.latest.content | {"own_words": words}
        at = self.now - timedelta(days=6)
        self.demo.proposed.version(goal, 2, self.therapist, at, content, agreed=False)
        said = [
            (
                self.user,
                "An hour is his clock. I want it to be before.",
            ),
            (self.therapist, "A time makes it visible whether it happened."),
        ]
        for number, (by, matters) in enumerate(said):
            row = GoalMove(
                **self.by(by), goal=goal, version=goal.latest, kind="differs",
                words=matters, at=at + (number + 1) * timedelta(days=1),
            )  # fmt: skip
            self.keep(row, by)
        with acting_as(self.user.pk):
            goal.differs_since, goal.waits_for = at + timedelta(days=1), ""
            goal.save(update_fields=["differs_since", "waits_for"])
        self.review(self.goals[1])

    def review(self, goal) -> None:
        """Mina has answered; her therapist has not."""
        with acting_as(self.user.pk):
            row = Review(
                **self.common, goal=goal, opened_by=self.user,
                opened_at=self.now - timedelta(days=2),
            )  # fmt: skip
            row.save(force_insert=True)
            ReviewAnswer(
                **self.by(self.user), review=row, goal_fits="yes", size_fits="partly",
                size_words="With his mother it is a different sport.", way_fits="yes",
                choice="change", at=self.now - timedelta(days=2),
            ).save(force_insert=True)  # fmt: skip
            goal.review = row
            goal.save(update_fields=["review"])
