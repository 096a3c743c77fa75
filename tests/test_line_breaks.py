"""A line break is one character, as the browser counts it, in every form."""

import pytest
from django import forms
from django.http import QueryDict

from clients.models import Correction, SupervisionComment
from conftest import in_care
from ui.forms import HouseForm

LINES = "\r\n".join(["x" * 99] * 20) + "\r\n"  # 2,000 as a browser counts
ALLOWED = LINES.replace("\r\n", "\n")


def test_two_thousand_characters_with_their_line_breaks_are_taken(
    sign_in, thea, theo, cleo
):
    assert len(ALLOWED) == 2000
    in_care(cleo, theo, "supervisor")
    sign_in(theo).post(f"/clients/{cleo.pk}/comments/", {"words": LINES})
    said = {"about": "A name", "words": LINES}
    sign_in(cleo.user).post("/portal/corrections/", said)
    assert Correction.objects.get().words == ALLOWED.strip()
    assert SupervisionComment.objects.get().words == ALLOWED.strip()


class Typed(HouseForm):
    line = forms.CharField(max_length=20)
    words = forms.CharField(max_length=20, widget=forms.Textarea)
    hidden = forms.CharField(max_length=20, widget=forms.HiddenInput)
    secret = forms.CharField(strip=False, widget=forms.PasswordInput)


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_each_kind_of_field_reads_a_line_break_as_one(end):
    said = QueryDict(mutable=True)
    said.update({"line": f"a{end}b\u202e", "words": end.join("aaaaaaaaaa"),
                 "hidden": f"a{end}b", "secret": f"a{end}b"})  # fmt: skip
    form = Typed(said)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["line"] == "a b"
    assert form.cleaned_data["words"] == "\n".join("aaaaaaaaaa")
    assert form.cleaned_data["hidden"] == "a\nb"
    assert form.cleaned_data["secret"] == f"a{end}b"  # as it was typed
    assert "\r" not in form["words"].value()


def test_a_pile_of_accents_costs_nothing():
    said = QueryDict(mutable=True)
    said["line"] = "a" + "\u0301\u0316" * 50_000
    assert "line" in Typed(said).errors
