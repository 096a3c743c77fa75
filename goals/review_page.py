"""A review as one side sees it: the other's answers once both have answered."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts import encryption
from clients.access import side_of
from clients.sides import SidePages
from goals.models import Goal, ReviewAnswer
from goals.models.content import Side
from goals.voices import BOTH, voice
from goals.wordings import Wordings
from ui import screen_privacy
from ui.charts.words import day_of, last_of_each_day


@dataclass
class Question:
    text: str
    mine: tuple[str, str]  # answer and comment
    theirs: tuple[str, str]


class ReviewPage:
    def __init__(self, goal: Goal, user, names: SidePages):
        self.goal, self.user, self.names, self.side = goal, user, names, side_of(user)
        encryption.expect(goal.practice_id, [goal.client_id])
        self.review = goal.review
        self.review.goal = goal
        rows = ReviewAnswer.objects.visible_to(user).filter(review=self.review)
        self.answers = list(rows.select_related("by").order_by("-at", "-pk"))
        ratings = (
            goal.ratings.not_withdrawn()
            .order_by("at", "pk")
            .values_list("side", "value", "from_list", Q(by=user), "at")
        )
        self.ratings = list(ratings)
        self.then = Wordings.of_changed([goal], user)

    def _of(self, side: str) -> ReviewAnswer | None:
        return next((one for one in self.answers if one.side == side), None)

    @cached_property
    def mine(self) -> ReviewAnswer | None:
        return self._of(self.side)

    @cached_property
    def theirs(self) -> ReviewAnswer | None:
        return self._of(Side(self.side).other)

    @property
    def both(self) -> bool:
        return self.review.both_answered

    @property
    def is_alone(self) -> bool:
        """Whether nobody else ever agreed to it or could answer."""
        return self.goal.is_alone

    @property
    def is_colleagues(self) -> bool:
        """Whether a colleague of the reader's own side gave its answers."""
        return bool(self.mine and self.mine.by_id != self.user.pk)

    @property
    def my_name(self) -> str:
        return screen_privacy.called(self.mine.by) if self.is_colleagues else _("You")

    @property
    def their_name(self) -> str:
        if self.side == Side.THERAPIST:
            return screen_privacy.called(self.goal.client.preferred_name)
        return self.theirs.by.name if self.theirs else _("Your therapist")

    def questions(self) -> list[Question]:
        return [
            Question(str(text), _answer(self.mine, name), _answer(self.theirs, name))
            for name, text in ReviewAnswer.QUESTIONS.items()
        ]

    @property
    def my_choice(self) -> str:
        return self.mine.choice_words if self.mine else ""

    @property
    def their_choice(self) -> str:
        return self.theirs.choice_words if self.theirs else ""

    @property
    def numbers(self) -> list[tuple[str, int, int | None, bool]]:
        """For each side that rated: its name, the latest rating, and its first one if
        it rated on several days, as in charts.

        Imported ratings are mentioned if nobody has rated since. Ratings for another
        wording than the latest rating's are left out; so is said whether the latest was
        for an earlier wording.
        """
        found = []
        for side in BOTH:
            rows = [row for row in self.ratings if row[0] == side]
            listed = bool(rows) and rows[-1][2]
            words = rows and self._words_of(rows[-1])
            rows = [r for r in rows if (r[2], self._words_of(r)) == (listed, words)]
            daily = last_of_each_day(rows, lambda row: day_of(row[4]))
            if rows:
                said = {"own": all(row[3] for row in rows), "listed": listed}
                portal = self.names.portal
                name = voice(side, self.goal.client, portal=portal, **said)
                first = daily[0][1] if len(daily) > 1 else None
                earlier = self.then.is_earlier(self.goal, rows[-1][4], side)
                found.append((name, rows[-1][1], first, earlier))
        return found

    def _words_of(self, row: tuple) -> str:
        """The side's wording of the goal at the time of a rating."""
        return self.then.at(self.goal.pk, row[4], row[0])


def _answer(answer: ReviewAnswer | None, name: str) -> tuple[str, str]:
    if answer is None:
        return "", ""
    return answer.fits(name), getattr(answer, f"{name}_words")
