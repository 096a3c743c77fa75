"""The form with one side's answers in a goal review."""

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from goals import status
from goals.forms import LONGEST, OVERTAKEN, KeptForm, few_words, of_goal
from goals.models import Review
from goals.models.move import GoalMove
from goals.models.review import ReviewAnswer
from ui.forms import PickField, SegmentsField


@of_goal
class ReviewForm(KeptForm):
    """One's own three answers, and what should happen with the goal."""

    kind = "review"
    more_limits = {f"{name}_words": LONGEST for name in ReviewAnswer.QUESTIONS}

    choice = PickField(
        label=_("What happens next?"),
        required=False,
        choices=[
            (
                Review.Choice.KEEP,
                _("Keep it as it is"),
                _("You review it again in three months"),
            ),
            (
                Review.Choice.CHANGE,
                _("Change it"),
                _(
                    "Starts a proposal. You review it again in two weeks, unless the "
                    "new wording sets another date"
                ),
            ),
            (
                Review.Choice.ASIDE,
                _("Set it aside"),
                _("Paused, with its history. Resume it at any time"),
            ),
            (
                Review.Choice.REACHED,
                _("Reached"),
                _("Good enough, whatever the number says"),
            ),
        ],
    )

    def __init__(self, *args, mine: ReviewAnswer | None = None, **kwargs):
        if mine:
            names = [
                f"{name}_{part}"
                for name in ReviewAnswer.QUESTIONS
                for part in ("fits", "words")
            ]
            before = {name: getattr(mine, name) for name in (*names, "choice")}
            kwargs["initial"] = before | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        for name, question in ReviewAnswer.QUESTIONS.items():
            self.fields[f"{name}_fits"] = SegmentsField(
                label=question, required=False, choices=ReviewAnswer.Fits.choices
            )
            self.fields[f"{name}_words"] = few_words(
                _("In a few words"), rows=2, own=True
            )

    def questions(self):
        return [
            (self[f"{name}_fits"], self[f"{name}_words"])
            for name in ReviewAnswer.QUESTIONS
        ]

    def save(self, review: Review, *, by: User) -> bool:
        return self.done(review.answer, self.cleaned_data, by=by)

    def overtaken(self):
        """It was decided while this was being typed: say how."""
        moves = self.goal.moves.filter(kind=GoalMove.Kind.DECIDED)
        decided = status.decided(moves.order_by("-at", "-pk").first())
        return decided or OVERTAKEN
