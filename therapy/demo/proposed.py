"""The goals of one client of the demo: their versions, agreements and steps."""

from __future__ import annotations

from datetime import date, timedelta

from database.identity import acting_as
from goals.models import Goal, GoalVersion, Step
from goals.models.content import Side
from goals.models.goal import KEPT
from therapy.demo.words import PEOPLE, THEMES
from therapy.seeds import agree, write_version

IF_THEN = ("my heart races", "I look at the far houses and count stops")


class Proposed:
    """What `demo` proposes for the client whose life it writes."""

    def __init__(self, demo):
        self.practice, self.client = demo.practice, demo.client
        self.person, self.therapist = demo.person, demo.therapist
        self.now, self.today, self.held = demo.now, demo.today, demo.held

    def goal(self, key, number) -> Goal:
        theme = THEMES[key]
        same = [p for p in PEOPLE if key in p.themes].index(self.person)
        words = theme.wordings[same % len(theme.wordings)]
        at = (
            self.held[min(number * 3, len(self.held) - 1)].ends_at
            if self.held
            else (self.now - timedelta(days=2))
        )
        user = self.client.user
        proposer = user if user and number % 2 == 0 else self.therapist
        with acting_as(proposer.pk):
            goal = Goal(practice=self.practice, client=self.client, created_at=at)
            goal.theme = theme
            goal.save(force_insert=True)
        first = self.version(goal, 1, proposer, at, {
            "own_words": words, "clinical_words": theme.clinical,
            "low_end": theme.low, "high_end": theme.high,
            "review_on": self.review_on(number),
        })  # fmt: skip
        self.second_thoughts(goal, first, number, at)
        self.steps(goal)
        return goal

    def review_on(self, number) -> date:
        """Cleo's second goal is due today."""
        if self.person.first == "Cleo" and number == 1:
            return self.today
        return self.today + timedelta(days=21 + 7 * number)

    def version(self, goal, number, by, at, content, *, agreed=True) -> GoalVersion:
        """A version with the proposer's key, and the other one an hour later."""
        user = self.client.user
        with acting_as(by.pk):
            version = write_version(goal, number, by=by, at=at, **content)
        other = self.therapist if by == user else user
        both = agreed and other is not None
        if both:
            with acting_as(other.pk):
                agree(version, by=other, at=at + timedelta(hours=3))
        with acting_as(by.pk):
            goal.latest, goal.waits_for = version, Side(version.side).other
            if both:
                goal.in_force, goal.in_force_at = version, at + timedelta(hours=3)
                goal.waits_for, goal.review_on = "", version.review_on
            goal.save(update_fields=KEPT)
        return version

    def second_thoughts(self, goal, first, number, at) -> None:
        """Cleo's goals have a history; a few others wait for a key."""
        user, content = self.client.user, first.content
        name = self.person.first
        if name == "Cleo" and number == 0:
            content["high_end"] = "it’s just a bus, and I look out of the window"
            self.version(
                goal,
                2,
                self.therapist,
                self.now - timedelta(weeks=6),
                content,
            )
            newest = (
                "Take the bus into town on my own twice a week, and stay on when my "
                "heart races, without ringing Jo"
            )
            self.version(goal, 3, user, self.now - timedelta(days=3, hours=2), {
                **content, "own_words": newest,
            }, agreed=False)  # fmt: skip
        elif name == "Cleo" and number == 2:
            self.version(goal, 2, self.therapist, self.now - timedelta(days=1), {
                **content, "own_words": "Sleep without going over the whole day again",
            }, agreed=False)  # fmt: skip
        elif name in ("Beth", "Hana") and number == 0:
            words = content["own_words"] + ", also in winter"
            self.version(goal, 2, user, self.now - timedelta(days=2), {
                **content, "own_words": words,
            }, agreed=False)  # fmt: skip

    def steps(self, goal) -> None:
        held = [s for s in self.held if s.starts_at >= goal.created_at]
        reached = min(len(goal.theme.steps) - 2, len(held) // 5)
        owner = self.client.user or self.therapist
        cue, plan = IF_THEN if goal.theme is THEMES["travel"] else ("", "")
        with acting_as(owner.pk):
            for number, words in enumerate(goal.theme.steps):
                at = None
                if number < reached:
                    session = held[(number + 1) * len(held) // (reached + 1)]
                    at = min(session.starts_at + timedelta(days=3), self.now)
                Step(
                    practice=self.practice, client=self.client, goal=goal,
                    words=words, position=number + 1, added_by=owner,
                    cue=cue if number == reached else "",
                    plan=plan if number == reached else "",
                    reached_at=at, reached_by=owner if at else None,
                ).save(force_insert=True)  # fmt: skip
