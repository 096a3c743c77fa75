"""The form to withhold a note from its client, with a reason."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.portal_state import reads
from ui import screen_privacy
from ui.forms import HouseForm


class HoldForm(HouseForm):
    no_draft = "a few words, sent at once; given back if they cannot be saved"
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )

    def __init__(self, *args, client, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = what_is_read(client)


def what_is_read(client) -> str:
    """Help text: who can read the reason, given what the client can read."""
    now = _("For the record. The client sees that the note is not shared, but not why.")
    later = _(
        "For the record. After joining the portal, %(name)s sees that the note is not "
        "shared, but not why."
    )
    said = {"now": now, "until": now, "later": later}
    said = said.get(reads(client), _("Only for the record."))
    return said % {"name": screen_privacy.called(client.preferred_name)}
