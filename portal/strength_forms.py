"""Forms for strengths from the client's side, and for celebrating progress."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clients.models import ContactPreferences
from goals.strengths.forms import StrengthForm
from ui.forms import HouseForm, PickField
from ui.stale_forms import NoOverwrite

WAYS = [
    ("quiet", _("Quietly"), _("A short note, no fuss")),
    ("talk", _("Talk about it"), _("It comes up at the next session")),
    (
        "nobody",
        _("Don’t bring it up"),
        _("Saved with the goal, where you both see it. No one mentions it"),
    ),
    ("ritual", _("A small ritual"), _("One sentence from you, and the final stone")),
]


class OwnStrengthForm(StrengthForm):
    """The same from the client's side."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["moment"].help_text = _(
            "What you said or did that day, as you would tell a friend"
        )
        self.fields["name"].label = _("What it shows about you")
        self.fields["setting"].label = _("Where it was, and with whom")


class CelebrationForm(NoOverwrite, HouseForm):
    celebrates = PickField(label=_("When you reach something"), choices=WAYS)

    def __init__(self, *args, preferences: ContactPreferences, **kwargs):
        super().__init__(
            *args, initial={"celebrates": preferences.celebrates}, **kwargs
        )
        self.preferences = preferences

    def save(self, *, by: User) -> bool:
        return self.written(
            self.preferences.set, by=by, celebrates=self.cleaned_data["celebrates"]
        )
