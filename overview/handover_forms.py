"""Forms that move sessions to another therapist, who may be busy then."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clients.care_forms import HandOverForm
from clients.models import CareRoleRequest
from overview import handover
from ui.forms import HouseForm, PickField

CLASHING = [
    ("cancel", _("Cancel them"), _("The new therapist books new ones")),
    ("move", _("Move them anyway"), _("Both stay booked until one is moved")),
]


class ClashesMixin:
    """Lists overlapping sessions and asks; `clashes` is (name, datetime) for each."""

    clashes = ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["clashing"] = PickField(
            label=_("Sessions that overlap"), choices=CLASHING, required=False
        )

    @property
    def clashing(self) -> str:
        return self.cleaned_data.get("clashing") or ""

    def name_of(self, client) -> str:
        """Their name as the form's page shows it."""
        return client.name

    def _take(self, error):
        if isinstance(error, handover.Clashes):
            self.clashes = [(self.name_of(client), at) for client, at in error.found]
            self.fields["clashing"].required = True  # it is now required
            return self.add_error("clashing", error)
        return super()._take(error)


class MovingForm(ClashesMixin, HandOverForm):
    def save(self, *, by: User) -> bool:
        said = self.cleaned_data
        return self.written(
            handover.hand_over,
            self.client,
            said["person"],
            by=by,
            since=self.starts_at,
            cancels=said["sessions"] == "cancel",
            clashing=self.clashing,
        )


class ConfirmForm(ClashesMixin, HouseForm):
    """The primary therapist confirms a role that an admin requested."""

    prefix = "confirm"

    def save(self, asked: CareRoleRequest, *, by: User) -> bool:
        return self.written(handover.confirm, asked, by=by, clashing=self.clashing)
