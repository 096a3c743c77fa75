"""Our wording for the error messages of Django's and allauth's forms."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

CHOICE = _("Choose one of the options.")
TOO_OLD = _("Part of this form was lost. Reload the page.")
NO_FILE = _("The file did not arrive. Choose it again.")
NUMBER = _("Enter a number, such as 5.")
DAY = _("Enter a date, such as 2026-11-24.")
TIME = _("Enter a time, such as 14:30.")
DAY_AND_TIME = _("Enter a date and a time, such as 2026-11-24 14:30.")
CHECK = _("Check this field.")
EMAIL = _("Enter an email address, such as name@example.org.")
LINK = _("Enter a full web address, starting with https://.")

# By error code, for every kind of field; validators use it too.
EVERYWHERE = {
    "max_length": _("Keep this to %(limit_value)d characters; it has %(show_value)d."),
    "min_length": _(
        "Enter at least %(limit_value)d characters; it has %(show_value)d."
    ),
    "max_value": _("Enter %(limit_value)s or less."),
    "min_value": _("Enter %(limit_value)s or more."),
    "step_size": _("Enter a multiple of %(limit_value)s."),
    "max_digits": _("Enter fewer digits."),
    "max_decimal_places": _("Enter fewer decimal places."),
    "max_whole_digits": _("Enter a smaller number."),
    "null_characters_not_allowed": _(
        "This contains a character that cannot be saved. Type it again."
    ),
    "unique": _("This is already in use."),
    "null": _("Fill this in."),
    "blank": _("Fill this in."),
}
# By field class, the most specific first.
OF_KIND: list[tuple[type[forms.Field], dict]] = [
    (forms.EmailField, {"invalid": EMAIL}),
    (forms.URLField, {"invalid": LINK}),
    (forms.SlugField, {"invalid": CHECK}),
    (forms.GenericIPAddressField, {"invalid": CHECK}),
    (forms.UUIDField, {"invalid": TOO_OLD}),
    (forms.JSONField, {"invalid": TOO_OLD}),
    (forms.FloatField, {"invalid": NUMBER}),
    (forms.DecimalField, {"invalid": NUMBER}),
    (forms.IntegerField, {"invalid": _("Enter a whole number, such as 5.")}),
    (forms.DateTimeField, {"invalid": DAY_AND_TIME}),
    (
        forms.SplitDateTimeField,
        {"invalid": DAY_AND_TIME, "invalid_date": DAY, "invalid_time": TIME},
    ),
    (forms.DateField, {"invalid": DAY}),
    (forms.TimeField, {"invalid": TIME}),
    (forms.DurationField, {"invalid": CHECK, "overflow": CHECK}),
    (
        forms.FileField,
        {
            "invalid": NO_FILE,
            "missing": NO_FILE,
            "empty": _("This file is empty."),
            "max_length": _("This file’s name is too long."),
            "contradiction": _(
                "Choose a new file or remove the current one, not both."
            ),
            "invalid_image": _("This file is not an image, or it is damaged."),
        },
    ),
]
# Django's other messages, for any field.
OTHERS = {
    "invalid": CHECK,
    "incomplete": _("Fill in every part."),
    "invalid_choice": CHOICE,
    "invalid_list": CHOICE,
    "list": CHOICE,
    "invalid_pk_value": CHOICE,
}
OF_MODELS = [
    words
    for kind in vars(models).values()
    if isinstance(kind, type) and issubclass(kind, models.Field)
    for words in getattr(kind, "default_error_messages", {}).values()
]
# allauth's, by their keys: sign-in and two-step verification.
SIGNING_IN = {
    "email_password_mismatch": _("That email and password don’t match."),
    "account_inactive": _("This account is closed. Contact your practice."),
    "incorrect_password": _("That password is not correct."),
    "enter_current_password": _("Enter your password."),
    "too_many_login_attempts": _("Too many tries. Wait a while, then try again."),
    "rate_limited": _("Too many tries. Wait a while, then try again."),
}
SECOND_STEP = {
    "incorrect_code": _("That code is not correct. Codes change every 30 seconds."),
    "cannot_delete_authenticator": _("This method cannot be removed."),
    "cannot_generate_recovery_codes": _("Set up two-step verification first."),
}
NOT_POSSIBLE = _("That is not possible here.")


def all_ours(theirs: dict, ours: dict) -> dict:
    """All messages of a library in our wording, including those we know no page for."""
    return dict.fromkeys(theirs, NOT_POSSIBLE) | ours


def speak(field: forms.Field) -> None:
    """Replace Django's messages at this field; the field's own stay."""
    usual = _usual(type(field))
    for code, words in {**EVERYWHERE, **_of_kind(field, usual)}.items():
        said = field.error_messages.get(code)
        if said is None or said == usual.get(code):
            field.error_messages[code] = words


def retold(error, field: forms.Field | None):
    """A model field's error, in our wording."""
    if not isinstance(error, ValidationError):
        return error
    by_field = getattr(error, "error_dict", {})
    some = [one for said in by_field.values() for one in said] or error.error_list
    for one in some:
        if any(one.message == words for words in OF_MODELS):
            one.message, one.params = _instead(one.code, field), None
    return error


def _instead(code: str, field: forms.Field | None):
    if isinstance(field, forms.ChoiceField | forms.ModelChoiceField):
        return CHOICE
    return {"unique": EVERYWHERE["unique"], "invalid_choice": CHOICE}.get(code, CHECK)


def _usual(kind: type[forms.Field]) -> dict:
    found: dict = {}
    for one in reversed(kind.__mro__):
        if one.__module__.startswith("django."):
            found |= getattr(one, "default_error_messages", {})
    return found


def _of_kind(field: forms.Field, usual: dict) -> dict:
    """The messages of the field's class; none that only our own validators use."""
    ours = next((said for kind, said in OF_KIND if isinstance(field, kind)), {})
    return {code: said for code, said in OTHERS.items() if code in usual} | ours
