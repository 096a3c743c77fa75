"""Base forms: labels before fields, and constraints checked by the database."""

from collections import Counter
from uuid import uuid4

from crispy_forms.helper import FormHelper
from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from ui import email_addresses, form_messages, names, text
from ui.widgets import Pick, Segments, Stones, Times, WeekInput

TYPED = (forms.Textarea, forms.TextInput)
TOO_LONG = _("Too long by {n}. Shorten it to save.")
SENT_BEFORE = _(
    "This was already sent with different text, and that text is saved. To save this "
    "text too, send it again."
)
NUMBERS = [(number, str(number)) for number in range(11)]


def day_field(label, *, required=False, help_text=""):
    """A date field with the browser's date picker."""
    return forms.DateField(
        label=label,
        required=required,
        help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class StonesField(forms.TypedChoiceField):
    """A whole number from 0 to 10, or None; `low` and `high` label its ends."""

    def __init__(self, *, low="", high="", last=None, **kwargs):
        kwargs.setdefault("widget", Stones(low=low, high=high, last=last))
        super().__init__(choices=NUMBERS, coerce=int, empty_value=None, **kwargs)

    def say(self, *, low, high, last=None):
        """Set the labels of the ends and the last rating, known only with the goal."""
        self.widget.low, self.widget.high, self.widget.last = low, high, last


class _Colleagues(forms.models.ModelChoiceIterator):
    """Reads all rows first, to know which names are not unique."""

    def __iter__(self):
        if self.field.empty_label is not None:
            yield "", self.field.empty_label
        for person in tell_apart(self.queryset):
            yield self.choice(person)


def tell_apart(people) -> list:
    """Set `shown_name` of each: with the email address if the name is not unique."""
    people = list(people)
    many = Counter(person.name_key for person in people)
    for person in people:
        person.shown_name = names.isolated(person.name)
        if many[person.name_key] > 1:
            person.shown_name += f" ({email_addresses.readable(person.email)})"
    return people


class ColleagueField(forms.ModelChoiceField):
    """A member of staff; two people of one name are told apart."""

    iterator = _Colleagues

    def label_from_instance(self, person):
        return getattr(person, "shown_name", person.name)


class PickField(forms.ChoiceField):
    """One of a few options with reasons: choices are (value, label, reason)."""

    def __init__(self, *, choices, **kwargs):
        reasons = {value: reason for value, _label, reason in choices}
        kwargs.setdefault("widget", Pick(reasons=reasons))
        pairs = [(value, label) for value, label, _reason in choices]
        super().__init__(choices=pairs, **kwargs)


class SegmentsField(forms.ChoiceField):
    """One of a few short options in a row."""

    def __init__(self, **kwargs):
        kwargs.setdefault("widget", Segments)
        super().__init__(**kwargs)


class WeekField(forms.ChoiceField):
    """A choice among a few days, shown side by side."""

    def __init__(self, **kwargs):
        kwargs.setdefault("widget", WeekInput)
        super().__init__(**kwargs)

    def show(self, days):
        """`days` are (value, weekday, date, text of free times, whether it is full)."""
        self.widget.days = {value: rest for value, *rest in days}
        self.choices = [(value, day) for value, _weekday, day, *_rest in days]

    def valid_value(self, value):
        return super().valid_value(value) and not self.widget.days[str(value)][3]


class TimesField(forms.ChoiceField):
    """A time on that day."""

    def __init__(self, **kwargs):
        kwargs.setdefault("widget", Times)
        super().__init__(**kwargs)


def _table(name):
    return next((m for m in apps.get_models() if m._meta.db_table == name), None)


def _unique_field(model, name):
    """The field whose `unique=True` created the constraint of this name."""
    for field in model._meta.local_fields:
        start = f"{model._meta.db_table}_{field.column}_"
        if field.unique and name.startswith(start) and name.endswith(("key", "uniq")):
            return field
    return None


def violated(error):
    """The constraint or field that rejected a row, or None if unknown."""
    diag = getattr(error.__cause__, "diag", None)
    model = diag and _table(diag.table_name)
    if not (model and diag.constraint_name):
        return None
    for constraint in model._meta.constraints:
        if constraint.name == diag.constraint_name:
            return constraint
    return _unique_field(model, diag.constraint_name)


def _is_key(error):
    """Whether a row with this id already exists."""
    diag = getattr(error.__cause__, "diag", None)
    return bool(diag and (diag.constraint_name or "").endswith("_pkey"))


class House:
    """Base of all our forms: crispy helper, double-submit key, saving."""

    # we show error messages instead of the browser's popups
    use_required_attribute = False
    has_once = False  # a hidden key, so that a double click saves once
    sent_before = SENT_BEFORE
    result = None

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        if self.has_once:
            self.fields["once"] = forms.UUIDField(
                widget=forms.HiddenInput, required=False, initial=uuid4
            )
        for field in self.fields.values():
            self._ask(field)
            self._count(field)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True  # the page's <form> has its own

    def _widget_data_value(self, widget, html_name):
        """Normalize the input before it is measured, compared or shown again."""
        said = super()._widget_data_value(widget, html_name)
        if not isinstance(said, str) or isinstance(widget, forms.PasswordInput):
            return said
        if isinstance(widget, forms.TextInput):
            return text.one_line(said)
        return text.line_breaks(said)

    def _ask(self, field):
        """Our messages for missing or invalid values, unless the field has its own."""
        form_messages.speak(field)
        usual = forms.Field.default_error_messages["required"]
        if field.error_messages["required"] == usual:
            choose = isinstance(field.widget, forms.RadioSelect | forms.Select)
            field.error_messages["required"] = (
                _("Choose one.") if choose else _("Fill this in.")
            )

    def _count(self, field):
        """A browser silently cuts pasted text at `maxlength`: instead the page
        (static/js/cairn.js) and the error message say how much is too long."""
        attrs = field.widget.attrs
        if isinstance(field.widget, TYPED) and "maxlength" in attrs:
            attrs["data-most"] = attrs.pop("maxlength")
            attrs["data-over"] = TOO_LONG

    def full_clean(self):
        for field in self.fields.values():  # some were added after __init__
            self._ask(field)
        super().full_clean()

    def add_error(self, field, error):
        super().add_error(field, form_messages.retold(error, self.fields.get(field)))

    def written(self, verb, *args, **kwargs):
        """Whether `verb(*args, **kwargs)` was saved; if not, the form has the errors.

        The method runs in a savepoint, so that the page can still be rendered after the
        database rejected it. Its return value is in `self.result`.
        """
        try:
            with transaction.atomic():
                self.result = verb(*args, **kwargs)
        except ValidationError as error:
            self._take(error)
        except IntegrityError as error:
            self._explain(error)
        return not self.errors

    def kept_before(self, rows, is_same):
        """The row of `rows` that this form already saved; call it within `written`.

        If the form was resubmitted with different text than `is_same(row)` accepts, it
        is returned with a new key, so that nothing typed is lost.
        """
        once = self.cleaned_data["once"]
        row = rows.filter(pk=once).first() if once else None
        if row is not None and not is_same(row):
            self.data = self.data.copy()
            self.data[self.add_prefix("once")] = str(uuid4())
            raise ValidationError(self.sent_before)
        return row

    def _take(self, error):
        """Add a ValidationError to the form; messages for fields not shown go on
        top."""
        if not hasattr(error, "error_dict"):
            return self.add_error(None, error)
        for name, errors in error.error_dict.items():
            self.add_error(name if name in self.fields else None, errors)

    def _explain(self, error):
        if self.has_once and _is_key(error):
            return self.add_error(None, _("This was already sent. Reload the page."))
        refused = violated(error)
        if refused is None:
            raise error
        if not hasattr(refused, "get_violation_error_message"):
            unique = form_messages.EVERYWHERE["unique"]
            return self.add_error(self._shown([refused.name]), unique)
        self.add_error(
            self._shown(self._names(refused)), refused.get_violation_error_message()
        )

    def _names(self, constraint):
        """The field in its `violation_error_code`; else the fields of the
        constraint."""
        code = constraint.violation_error_code
        return [code, *getattr(constraint, "fields", ())]

    def _shown(self, names):
        return next((name for name in names if name in self.fields), None)


class HouseForm(House, forms.Form):
    pass


class HouseModelForm(House, forms.ModelForm):
    """Leaves constraints to the database: checking first costs a query each, and misses
    rows that the user may not see."""

    def _post_clean(self):
        instance = self.instance
        try:
            self.instance = forms.models.construct_instance(
                self, instance, self._meta.fields, self._meta.exclude
            )
            self.instance.full_clean(
                exclude=self._get_validation_exclusions(),
                validate_unique=False,
                validate_constraints=False,
            )
        except ValidationError as error:
            self._update_errors(error)
