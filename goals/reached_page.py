"""The page of a reached goal: who said so, besides the goal page's data."""

from __future__ import annotations

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from goals.goal_numbers import RatingSeries
from goals.goal_page import GoalPage
from goals.models import GoalMove, Review, ReviewAnswer
from goals.page_queries import ChartRating
from goals.voices import BOTH
from goals.wordings import Wordings
from ui import screen_privacy


class ReachedPage(GoalPage):
    @property
    def has_carried(self) -> bool:
        """Whether there is anything to say about what helped."""
        return bool(self.carried_by or self.reached or self.rated_again)

    @property
    def rated_again(self) -> list[tuple[RatingSeries, int]]:
        """Of each side with enough days: how many ratings had an earlier wording."""
        return [
            (series, sum(map(self._is_earlier, series.ratings)))
            for series in self.numbers.series
            if not series.is_early
        ]

    @property
    def last_numbers(self) -> list[tuple[str, int, bool]]:
        """Of each side that rated: name, last rating, whether for an earlier
        wording."""
        return [
            (self._name(series), series.last.value, self._is_earlier(series.last))
            for series in self.numbers.series
        ]

    def _name(self, series: RatingSeries) -> str:
        """Whose last rating it is: an imported one is nobody's."""
        return _("Imported list") if series.last.from_list else series.name

    def _is_earlier(self, rating: ChartRating) -> bool:
        return self._then.is_earlier(self.goal, rating.at, rating.side)

    @cached_property
    def _then(self) -> Wordings:
        return Wordings.of_changed([self.goal], self.user)

    @cached_property
    def reached_by(self) -> str:
        """Who said that it is reached: both, if each chose so in its review."""
        reviews = self.goal.reviews.filter(decision=Review.Choice.REACHED)
        review = reviews.order_by("-closed_at", "-pk").first()
        if review is None:
            return _("Marked as reached.")
        answers = ReviewAnswer.objects.visible_to(self.user).filter(review=review)
        chosen = {a.side: a for a in answers.select_related("by").order_by("at", "pk")}
        said = [a for a in chosen.values() if a.choice == Review.Choice.REACHED]
        if len(said) == len(BOTH):
            return _("You both decided it.")
        decided = self.goal.moves.filter(kind=GoalMove.Kind.DECIDED)
        last = decided.select_related("by").order_by("-at", "-pk").first()
        if last.by_id == self.user.pk:
            return _("You marked it as reached.")
        return _("Marked as reached by %(name)s.") % {
            "name": screen_privacy.called(last.by)
        }
