"""What both sides say about a goal that is there: numbers, steps, comments, keys."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clients import drafts
from goals.models import Comment, Goal, GoalLink, Overtaken, Step
from goals.models.move import GoalMove
from ui.forms import HouseForm, PickField, SegmentsField, StonesField, day_field

LONGEST = 500
NEWER_WORDS = _(
    "Other words were proposed while you were reading. Have a look at them first."
)
NO_REVIEW = _("No review is open for this goal.")
OVERTAKEN = _("Something else was done while you were reading. Have a look first.")


def few_words(label, *, rows=2, required=False, own=False, most=LONGEST, **more):
    """A few words of a person; `own` is shown in the voice of who said it."""
    attrs = {"rows": rows, "autocomplete": "off", "class": "own" if own else ""}
    area = forms.Textarea(attrs=attrs)
    return forms.CharField(
        label=label, required=required, max_length=most, widget=area, **more
    )


def line(label, *, required=False, own=False, most=200, **more):
    """The same in one line."""
    attrs = {"autocomplete": "off", "class": "own" if own else ""}
    one = forms.TextInput(attrs=attrs)
    return forms.CharField(
        label=label, required=required, max_length=most, widget=one, **more
    )


class GoalForm(HouseForm):
    """Something done with a goal that somebody else may be doing something with."""

    def done(self, verb, *args, **kwargs) -> bool:
        def unless_overtaken():
            try:
                return verb(*args, **kwargs)
            except Overtaken:
                raise ValidationError(self.overtaken()) from None

        return self.written(unless_overtaken)

    def overtaken(self):
        """What was done meanwhile."""
        return OVERTAKEN


class KeptForm(GoalForm):
    """One whose texts are kept while they are typed, until the save that uses them."""

    kind: str  # of its draft

    def __init__(self, *args, goal: Goal, **kwargs):
        self.goal = goal
        super().__init__(*args, **kwargs)

    @property
    def client(self):
        return self.goal.client

    @property
    def target(self):
        return self.goal.pk

    def done(self, verb, *args, by: User, **kwargs) -> bool:
        def and_forget_the_draft():
            drafts.used(self, by)
            return verb(*args, by=by, **kwargs)

        return super().done(and_forget_the_draft)


of_goal = drafts.drafted(lambda user: Goal.objects.editable_by(user))
NO_STONE = _("Choose a stone first.")


@of_goal
class RatingForm(KeptForm):
    kind = "rating"

    value = StonesField(
        label=_("Where it is today, 0 to 10"),
        error_messages={"required": NO_STONE, "invalid_choice": NO_STONE},
    )
    word = line(_("A word for it"), own=True, most=40)
    context = few_words(_("What was going on"), rows=1, own=True, most=300)
    together = forms.BooleanField(
        label=_("We chose it together"),
        required=False,
        help_text=_("It stays your rating, marked as chosen together."),
    )

    def __init__(self, *args, goal: Goal, last=None, **kwargs):
        super().__init__(*args, goal=goal, **kwargs)
        shown = goal.shown
        self.fields["value"].say(low=shown.low_end, high=shown.high_end, last=last)

    def has_more(self) -> bool:
        return any(self[name].value() for name in ("word", "context", "together"))

    def save(self, *, by: User) -> bool:
        said = {name: self.cleaned_data[name] for name in ("word", "context")}
        together = self.cleaned_data["together"] and by.is_therapist
        value = self.cleaned_data["value"]
        return self.done(self.goal.rate, value, by=by, together=together, **said)


STEP_WORDS = _("A step needs a few words, at most 200 letters.")


@of_goal
class StepForm(KeptForm):
    kind = "step"

    words = line(
        _("A next step"),
        required=True,
        own=True,
        error_messages={"required": STEP_WORDS, "max_length": STEP_WORDS},
    )
    cue = line(_("If"), own=True)
    plan = line(_("then"), own=True)

    def clean(self):
        said = super().clean()
        if bool(said.get("cue")) != bool(said.get("plan")):
            raise ValidationError(_("A plan needs both: if this, then that."))
        return said

    def save(self, *, by: User) -> bool:
        said = self.cleaned_data
        plan = {"cue": said["cue"], "plan": said["plan"]}
        return self.done(Step.add, self.goal, said["words"], by=by, **plan)


@of_goal
class CommentForm(KeptForm):
    kind = "comment"
    has_once = True
    words = few_words(
        _("Something to say about this goal"), required=True, own=True, most=1000
    )

    def save(self, *, by: User) -> bool:
        return self.done(self._say, by=by)

    def _say(self, *, by: User):
        words, once = self.cleaned_data["words"], self.cleaned_data["once"]
        rows = Comment.objects.visible_to(by)
        twice = self.kept_before(rows, lambda row: row.words == words)
        return twice or Comment.say(self.goal, words, by=by, key=once)


@drafts.drafted(lambda user: Comment.objects.editable_by(user))
class TalkedForm(KeptForm):
    """The rest of a comment's receipt."""

    kind = "talked"

    discussed_on = day_field(_("Talked about on"), required=True)
    changed = few_words(_("What changed"), rows=1, own=True)

    def __init__(self, *args, comment: Comment, by: User, **kwargs):
        self.comment, self.by = comment, by
        kwargs["initial"] = {"discussed_on": by.today()}
        super().__init__(*args, goal=comment.goal, **kwargs)

    @property
    def target(self):
        return self.comment.pk

    def clean_discussed_on(self):
        said = self.cleaned_data["discussed_on"]
        began = self.comment.at.astimezone(self.by.zone).date()
        if not began <= said <= self.by.today():
            raise ValidationError(_("A day between when it was said and today."))
        return said

    def save(self) -> bool:
        said = self.cleaned_data
        verb = self.comment.talked_about
        return self.done(verb, said["discussed_on"], said["changed"], by=self.by)


@of_goal
class KeyBackForm(KeptForm):
    kind = "key-back"

    reason = few_words(
        _("Why not any more"),
        required=True,
        own=True,
        help_text=_("It is read by the other side, and stays in the history."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.goal.is_shared:  # nobody of the other side may answer, or look
            self.fields["reason"].help_text = _("It stays in the history.")

    def save(self, version, *, by: User) -> bool:
        return self.done(version.withdraw_key, self.cleaned_data["reason"], by=by)


@of_goal
class DifferForm(KeptForm):
    """What matters to oneself in it, and how one would say it."""

    kind = "differ"

    words = few_words(_("What matters to you in it"), rows=3, required=True, own=True)
    wording = few_words(
        _("How you would say it"),
        own=True,
        help_text=_("It stands beside the other wording, and neither is the real one."),
    )

    def save(self, version, *, by: User) -> bool:
        said = self.cleaned_data
        return self.done(version.differ, said["words"], said["wording"], by=by)


NO_REVIEW_SET = _("No review is set. You look again when you like.")


class NextForm(GoalForm):
    choice = PickField(
        label=_("What now?"),
        choices=[
            (
                GoalMove.Next.TALK,
                _("Talk about it at the next session"),
                _("It stands on top of what is prepared, for both of you"),
            ),
            (
                GoalMove.Next.TRY,
                _("Try both for two weeks"),
                _("What is done counts for either wording; then you look"),
            ),
            (
                GoalMove.Next.THIRD,
                _("Find words that hold both"),
                _("Starts a new proposal from the two texts"),
            ),
            (
                GoalMove.Next.LEAVE,
                _("Let both stand"),
                _("You look again on the day of the review, or when you like"),
            ),
        ],
    )

    def __init__(self, *args, goal: Goal, **kwargs):
        super().__init__(*args, **kwargs)
        if not goal.review_day:
            pick = self.fields["choice"].widget
            pick.reasons = pick.reasons | {GoalMove.Next.LEAVE: NO_REVIEW_SET}

    def save(self, version, *, by: User) -> bool:
        return self.done(version.suggest_next, self.cleaned_data["choice"], by=by)


class LinkForm(GoalForm):
    kind = SegmentsField(label=_("This goal"), choices=GoalLink.Kind.choices)
    other = forms.ChoiceField(label=_("another one"), choices=[])

    def __init__(self, *args, goal: Goal, others: list[Goal], **kwargs):
        super().__init__(*args, **kwargs)
        self.goal, self.others = goal, {str(other.pk): other for other in others}
        self.fields["other"].choices = [
            ("", "—"),
            *((pk, other.called) for pk, other in self.others.items()),
        ]

    def save(self, *, by: User) -> bool:
        said = self.cleaned_data
        other = self.others[said["other"]]
        return self.done(GoalLink.make, self.goal, other, said["kind"], by=by)


@of_goal
class LineForm(KeptForm):
    kind = "line"
    line = few_words(_("A line for a harder day"), rows=3, required=True, own=True)

    def save(self, *, by: User) -> bool:
        return self.done(self.goal.keep_line, self.cleaned_data["line"], by=by)
