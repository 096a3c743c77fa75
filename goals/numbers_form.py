"""Form for importance and confidence, and attainment."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from goals.forms import KeptForm, few_words, of_goal
from goals.models import Goal, GoalScore
from goals.models.content import LEVELS, Side
from ui import screen_privacy
from ui.forms import PickField, StonesField


@of_goal
class NumbersForm(KeptForm):
    """Importance and confidence, each with two questions; and attainment."""

    kind = "numbers"

    importance = StonesField(
        label=_("How important is it to you?"),
        required=False,
        low=_("not at all"),
        high=_("extremely important"),
    )
    importance_why = few_words(_("Why not lower?"), rows=1, own=True)
    importance_raise = few_words(_("What would make it one higher?"), rows=1, own=True)
    confidence = StonesField(
        label=_("How confident are you that it can be done?"),
        required=False,
        low=_("not at all"),
        high=_("extremely confident"),
    )
    confidence_why = few_words(_("Why not lower?"), rows=1, own=True)
    confidence_raise = few_words(_("What would make it one higher?"), rows=1, own=True)

    def __init__(
        self, *args, goal: Goal, last: dict | None = None, side: str = "", **kwargs
    ):
        """`last`: the scores that the same `side` gave before, by kind."""
        super().__init__(*args, goal=goal, **kwargs)
        if side == Side.THERAPIST:
            name = {"name": screen_privacy.called(goal.client.preferred_name)}
            asks = _("How important is it to %(name)s, as you see it?")
            self.fields["importance"].label = asks % name
        for kind in ("importance", "confidence"):
            before = (last or {}).get(kind)
            self.fields[kind].widget.last = before and before.value
        scale = goal.shown.levels
        if scale:
            self.fields["attainment"] = PickField(
                label=_("Where is it now on the scale?"),
                required=False,
                choices=[(str(n), scale[n], _sign(n)) for n in LEVELS],
            )

    def clean(self):
        said = super().clean()
        for kind in ("importance", "confidence"):
            more = said.get(f"{kind}_why") or said.get(f"{kind}_raise")
            if more and said.get(kind) is None:
                self.add_error(kind, _("Choose a number."))
        if not self.errors and not any(
            said.get(kind) not in (None, "") for kind in GoalScore.Kind.values
        ):
            raise ValidationError(_("Choose at least one."))
        return said

    def save(self, *, by: User) -> bool:
        return self.done(self._save, by=by)

    def _save(self, *, by):
        said = self.cleaned_data
        for kind in ("importance", "confidence"):
            if said[kind] is not None:
                more = {
                    "why_not_lower": said[f"{kind}_why"],
                    "what_would_raise": said[f"{kind}_raise"],
                }
                GoalScore.give(self.goal, kind, said[kind], by=by, **more)
        if said.get("attainment"):
            level = int(said["attainment"])
            GoalScore.give(self.goal, "attainment", level, by=by)


def _sign(level: int) -> str:
    return f"+{level}" if level > 0 else f"\u2212{-level}" if level else "0"
