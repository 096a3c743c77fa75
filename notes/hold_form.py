"""Why a note is held back from its client."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from ui.forms import HouseForm


class HoldForm(HouseForm):
    no_draft = "a few words, sent at once; given back if they cannot be saved"
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy(
            "For the record. The client sees that the note is not shared, but not why."
        ),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )
