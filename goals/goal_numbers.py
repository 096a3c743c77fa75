"""Ratings by side, importance and confidence, and attainment, for a goal's page."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.models import User
from clients.access import side_of
from clients.sides import SidePages
from goals import page_queries as queries
from goals.goal_history import GoalHistory
from goals.models import Goal, GoalRating, GoalScore
from goals.models.content import LEVELS, Side
from goals.page_queries import SHOWN_IN_CHART, ChartRating
from goals.voices import BOTH, voice
from ui.charts.axis import SessionMark
from ui.charts.chart import Chart
from ui.charts.ratings import rating_chart
from ui.charts.words import ENOUGH, Point, day_of, last_of_each_day


class RatingSeries(NamedTuple):
    """One side's ratings, oldest first, and that side's label on the page."""

    name: str
    ratings: list[ChartRating]

    @property
    def daily(self) -> list[ChartRating]:
        """The last rating of each day, as the chart shows it."""
        return last_of_each_day(self.ratings, lambda rating: day_of(rating.at))

    @property
    def first(self) -> ChartRating:
        return self.daily[0]

    @property
    def last(self) -> ChartRating:
        return self.ratings[-1]

    @property
    def is_early(self) -> bool:
        return len(self.daily) < ENOUGH

    @property
    def listed(self) -> int:
        """How many came with an import, if there are others too."""
        many = sum(rating.from_list for rating in self.ratings)
        return many if many < len(self.ratings) else 0


class GoalNumbers:
    """Read in two queries, however many ratings there are."""

    def __init__(self, goal: Goal, user: User, names: SidePages, past: GoalHistory):
        self.goal, self.user, self.names, self.past = goal, user, names, past
        self.side = side_of(user)
        # Hundreds for the chart, as plain values.
        bare = list(queries.bare_ratings(user, goal=goal.pk))
        self.chart_is_cut = len(bare) > SHOWN_IN_CHART
        self.ratings = list(map(ChartRating._make, reversed(bare[:SHOWN_IN_CHART])))
        self.scores = queries.scores_of(user, goal=goal.pk)

    @property
    def chart_left_out(self) -> str:
        """What the chart and its table leave out, stated below them."""
        if not self.chart_is_cut:
            return ""
        return _(
            "Only the newest %(most)s ratings are shown. A copy of the record has them"
            " all."
        ) % {"most": number_format(SHOWN_IN_CHART, force_grouping=True)}

    def ratings_of(self, side: str) -> list[ChartRating]:
        return [rating for rating in self.ratings if rating.side == side]

    def voice(self, side: str) -> str:
        rows = self.ratings_of(side)
        mine = [row.by_id == self.user.pk and not row.from_list for row in rows]
        said = {
            "own": bool(mine) and all(mine),
            "listed": bool(rows) and all(row.from_list for row in rows),
        }
        return voice(side, self.goal.client, portal=self.names.portal, **said)

    @property
    def series(self) -> list[RatingSeries]:
        """Each side that rated, the client first."""
        found = [RatingSeries(self.voice(side), self.ratings_of(side)) for side in BOTH]
        return [series for series in found if series.ratings]

    @property
    def my_last(self) -> int | None:
        """The last rating of the reader's own side that was not imported."""
        mine = self.ratings_of(self.side)
        return mine[-1].value if mine and not mine[-1].from_list else None

    @property
    def withdrawable(self) -> ChartRating | None:
        """The rating entered last, if the reader's own and they can write: it may be a
        typo.

        Ids are in the order of entry; a session that is logged late has an older date.
        """
        last = max(self.ratings_of(self.side), key=lambda one: one.pk, default=None)
        return last if last and last.by_id == self.user.pk else None

    @property
    def said_with_ratings(self) -> list[GoalRating]:
        """The latest ratings that have a comment."""
        return [r for r in reversed(self.past.last_ratings) if r.word or r.context][:3]

    @property
    def listed(self) -> str:
        """Imported ratings that the sentence below the chart counts as a side's own."""
        many = sum(series.listed for series in self.series)
        return _("From an imported list: %(many)s.") % {"many": many} if many else ""

    def _last_of(self, kind: str) -> list[GoalScore]:
        """The last rating of each side, the client's first."""
        by_side = {score.side: score for score in self.scores if score.kind == kind}
        return [by_side[side] for side in BOTH if side in by_side]

    @property
    def rulers(self) -> list[GoalScore]:
        kinds = (GoalScore.Kind.IMPORTANCE, GoalScore.Kind.CONFIDENCE)
        return [score for kind in kinds for score in self._last_of(kind)]

    @property
    def attainment(self) -> list[tuple[int, str, list[GoalScore]]]:
        """The attainment scale from +2 down: level, description, and who chose it."""
        last = self._last_of(GoalScore.Kind.ATTAINMENT)
        words = self.goal.shown.levels
        return [
            (level, words[level], [score for score in last if score.value == level])
            for level in reversed(LEVELS)
            if words
        ]

    def chart(self) -> Chart:
        zone = timezone.get_current_timezone()
        mine, theirs = (self._points(side, zone) for side in BOTH)
        return rating_chart(
            mine,
            second=theirs,
            names=tuple(self.voice(side) for side in BOTH),
            today=timezone.localdate(),
            versions=self._agreed_on(zone),
            sessions=[
                SessionMark(r.at.astimezone(zone).date())
                for r in self.ratings
                if r.session_id
            ],
            low=self.goal.shown.low_end,
            high=self.goal.shown.high_end,
            portal=self.names.portal,
        )

    def _points(self, side: str, zone) -> list[Point]:
        return [
            Point(
                rating.at.astimezone(zone).date(),
                rating.value,
                by=_given_by(rating) if side == Side.THERAPIST else "",
            )
            for rating in self.ratings_of(side)
        ]

    def _agreed_on(self, zone) -> list[tuple[int, date]]:
        agreed = []
        for version in reversed(self.past.versions):
            first = {key.side: key.at for key in reversed(version.turned)}
            if len(first) == 2:
                when = max(first.values())
                agreed.append((version.number, when.astimezone(zone).date()))
        return sorted(agreed)


def _given_by(rating: ChartRating) -> str:
    """Who gave it, whether both chose it together, or that it came with an import."""
    if rating.from_list:
        return _("from an imported list")
    if rating.together:
        return _("%(name)s, chosen together") % {"name": rating.by__name}
    return rating.by__name
