"""Forms for an existing goal: ratings, steps, comments, agreements."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clients import drafts
from goals.models import Comment, Goal, GoalLink, Overtaken, Step
from goals.models.move import GoalMove
from ui.forms import HouseForm, PickField, SegmentsField, StonesField, day_field

LONGEST = 500
NEWER_WORDS = _("A new wording was proposed while you were reading. Read it first.")
NO_REVIEW = _("No review is open for this goal.")
OVERTAKEN = _("Something changed while you were reading. Check it first.")


def few_words(label, *, rows=2, required=False, own=False, most=LONGEST, **more):
    """Field for a short text; `own` shows it in the style of the person's own words."""
    attrs = {"rows": rows, "autocomplete": "off", "class": "own" if own else ""}
    area = forms.Textarea(attrs=attrs)
    return forms.CharField(
        label=label, required=required, max_length=most, widget=area, **more
    )


def line(label, *, required=False, own=False, most=200, **more):
    """The same on one line."""
    attrs = {"autocomplete": "off", "class": "own" if own else ""}
    one = forms.TextInput(attrs=attrs)
    return forms.CharField(
        label=label, required=required, max_length=most, widget=one, **more
    )


class GoalForm(HouseForm):
    """Form for an action on a goal that someone else may be changing meanwhile."""

    def done(self, verb, *args, **kwargs) -> bool:
        def unless_overtaken():
            try:
                return verb(*args, **kwargs)
            except Overtaken:
                raise ValidationError(self.overtaken()) from None

        return self.written(unless_overtaken)

    def overtaken(self):
        """What happened meanwhile."""
        return OVERTAKEN


class KeptForm(GoalForm):
    """Form with a draft that is saved while typing, until the form is saved."""

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
NO_STONE = _("Choose a number from 0 to 10.")


@of_goal
class RatingForm(KeptForm):
    kind = "rating"

    value = StonesField(
        label=_("Where it is today, 0 to 10"),
        error_messages={"required": NO_STONE, "invalid_choice": NO_STONE},
    )
    word = line(_("Comment"), own=True, most=40)
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


STEP_WORDS = _("Describe the step in up to 200 characters.")


@of_goal
class StepForm(KeptForm):
    kind = "step"

    words = line(
        _("Next step"),
        required=True,
        own=True,
        error_messages={"required": STEP_WORDS, "max_length": STEP_WORDS},
    )
    cue = line(_("If"), own=True)
    plan = line(_("then"), own=True)

    def clean(self):
        said = super().clean()
        if bool(said.get("cue")) != bool(said.get("plan")):
            raise ValidationError(_("A plan needs both parts: if and then."))
        return said

    def save(self, *, by: User) -> bool:
        said = self.cleaned_data
        plan = {"cue": said["cue"], "plan": said["plan"]}
        return self.done(Step.add, self.goal, said["words"], by=by, **plan)


@of_goal
class CommentForm(KeptForm):
    kind = "comment"
    has_once = True
    words = few_words(_("Comment on this goal"), required=True, own=True, most=1000)

    def save(self, *, by: User) -> bool:
        return self.done(self._say, by=by)

    def _say(self, *, by: User):
        words, once = self.cleaned_data["words"], self.cleaned_data["once"]
        rows = Comment.objects.visible_to(by)
        twice = self.kept_before(rows, lambda row: row.words == words)
        return twice or Comment.say(self.goal, words, by=by, key=once)


@drafts.drafted(lambda user: Comment.objects.editable_by(user))
class TalkedForm(KeptForm):
    """Marks a comment as discussed, and what came of it."""

    kind = "talked"

    discussed_on = day_field(_("Discussed on"), required=True)
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
            raise ValidationError(_("Enter a day between the comment and today."))
        return said

    def save(self) -> bool:
        said = self.cleaned_data
        verb = self.comment.talked_about
        return self.done(verb, said["discussed_on"], said["changed"], by=self.by)


@of_goal
class KeyBackForm(KeptForm):
    kind = "key-back"

    reason = few_words(
        _("Reason"),
        required=True,
        own=True,
        help_text=_("Both of you can read it. It stays in the history."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.goal.is_shared:  # nobody of the other side can answer or see it
            self.fields["reason"].help_text = _("It stays in the history.")

    def save(self, version, *, by: User) -> bool:
        return self.done(version.withdraw_key, self.cleaned_data["reason"], by=by)


@of_goal
class DifferForm(KeptForm):
    """What matters to oneself in the goal, and how one would word it."""

    kind = "differ"

    words = few_words(
        _("What matters to you about it"), rows=3, required=True, own=True
    )
    wording = few_words(
        _("How you would say it"),
        own=True,
        help_text=_(
            "It is shown beside the other wording. Neither replaces the other."
        ),
    )

    def save(self, version, *, by: User) -> bool:
        said = self.cleaned_data
        return self.done(version.differ, said["words"], said["wording"], by=by)


NO_REVIEW_SET = _("No review date is set. You can review it at any time.")


class NextForm(GoalForm):
    choice = PickField(
        label=_("What now?"),
        choices=[
            (
                GoalMove.Next.TALK,
                _("Talk about it at the next session"),
                _("Listed first for the next session, for both of you"),
            ),
            (
                GoalMove.Next.TRY,
                _("Try both for two weeks"),
                _("What you do counts for either wording; then you review"),
            ),
            (
                GoalMove.Next.THIRD,
                _("Find a wording that combines both"),
                _("Starts a new proposal from the two texts"),
            ),
            (
                GoalMove.Next.LEAVE,
                _("Keep both versions"),
                _("You review it on the review date, or at any time"),
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
    other = forms.ChoiceField(label=_("Another goal"), choices=[])

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
    line = few_words(_("A note for a harder day"), rows=3, required=True, own=True)

    def save(self, *, by: User) -> bool:
        return self.done(self.goal.keep_line, self.cleaned_data["line"], by=by)
