from types import SimpleNamespace

import pytest
from crispy_forms.utils import render_crispy_form
from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models

from accounts.models import User
from tests.cast import tight
from ui import forms as house
from ui.forms import HouseForm, HouseModelForm, PickField, StonesField, WeekField


class RatingForm(HouseForm):
    rating = StonesField(label="Where is it today?", low="never", high="it's easy")
    why = forms.CharField(label="Reason", required=False, help_text="In your words")
    way = PickField(
        label="Portal",
        choices=[("invite", "Invite", "A link"), ("none", "No portal", "Nothing")],
    )


def test_ten_is_a_number_and_an_empty_value_is_none():
    form = RatingForm({"rating": "10", "way": "none"})
    assert form.is_valid()
    assert form.cleaned_data == {"rating": 10, "why": "", "way": "none"}


@pytest.mark.parametrize("typed", ["11", "-1", "5.5", "five"])
def test_an_invalid_number_is_refused(typed):
    assert "rating" in RatingForm({"rating": typed, "way": "none"}).errors


def test_nothing_is_preselected():
    assert "checked" not in render_crispy_form(RatingForm())


def test_the_dot_marks_the_last_rating_and_the_ends_have_labels():
    form = RatingForm()
    form.fields["rating"].say(low="never", high="<easy>", last=4)
    html = tight(render_crispy_form(form))
    assert '<label class="n4 last" for="id_rating_4">4' in html
    assert "<span>10 &lt;easy&gt;</span>" in html


def test_two_forms_of_one_page_do_not_share_a_dot():
    first, second = RatingForm(), RatingForm()
    first.fields["rating"].say(low="a", high="b", last=4)
    assert second.fields["rating"].widget.last is None


def test_a_field_reads_label_help_field_error():
    html = tight(render_crispy_form(RatingForm({"why": "x" * 3, "rating": ""})))
    places = [
        html.index(">Reason"),
        html.index("(optional)"),
        html.index("In your words"),
        html.index('name="why"'),
    ]
    assert places == sorted(places)
    assert "Choose one." in html


def test_the_once_key_is_returned_as_it_was_sent():
    class Once(HouseForm):
        has_once = True

    fresh = Once()
    key = str(fresh["once"].value())
    assert key in str(Once({"once": key})["once"])


class BookingForm(HouseForm):
    day = WeekField(label="Day")

    def __init__(self, *args):
        super().__init__(*args)
        self.fields["day"].show(
            [
                ("2026-11-30", "Mon", "30 Nov", "full", True),
                ("2026-12-01", "Tue", "1 Dec", "2 free", False),
            ]
        )


def test_a_full_day_is_seen_but_cannot_be_booked():
    html = tight(render_crispy_form(BookingForm()))
    assert html.count(" disabled") == 1
    assert "<b>Tue</b>1 Dec<br><small>2 free</small>" in html
    assert BookingForm({"day": "2026-12-01"}).is_valid()
    assert "day" in BookingForm({"day": "2026-11-30"}).errors


class PersonForm(HouseModelForm):
    class Meta:
        model = User
        fields = ["email"]


@pytest.fixture
def person(monkeypatch):
    """A valid form with a savepoint that needs no database."""
    monkeypatch.setattr(house.transaction, "atomic", Nothing)
    form = PersonForm({"email": "thea@example.test"})
    assert form.is_valid()  # no query: the database is not available
    return form


class Cause(Exception):
    """What PostgreSQL's driver attaches to an error."""

    def __init__(self, name):
        self.diag = SimpleNamespace(constraint_name=name, table_name="accounts_user")


def refused_by(name):
    error = IntegrityError("refused")
    error.__cause__ = Cause(name)
    return error


class Nothing:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


def test_the_methods_return_value_is_stored(person):
    assert person.written(lambda word: word, "kept")
    assert person.result == "kept"


def refuse(error):
    raise error


def test_a_taken_address_is_reported_at_its_field(person):
    error = refused_by("accounts_user_email_key")
    assert not person.written(refuse, error)
    assert "email" in person.errors


def test_a_constraint_has_its_own_message(person, monkeypatch):
    rule = models.CheckConstraint(
        condition=models.Q(email__contains="@"),
        name="email_has_an_at",
        violation_error_message="An address has an @.",
        violation_error_code="email",
    )
    monkeypatch.setattr(User._meta, "constraints", [rule])
    error = refused_by("email_has_an_at")
    assert not person.written(refuse, error)
    assert person.errors == {"email": ["An address has an @."]}


def test_an_unknown_error_is_raised(person):
    error = refused_by("nobody_knows")
    with pytest.raises(IntegrityError):
        person.written(refuse, error)


def test_a_method_may_raise_a_validation_error(person):
    assert not person.written(refuse, ValidationError("Decide later."))
    assert person.non_field_errors() == ["Decide later."]
