"""Discharge: the portal becomes read-only, then closes; booked sessions are kept or
canceled as chosen."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from appointments.models import TherapySession
from clients.models import Client, ContactPreferences
from clients.portal_state import is_active
from ui.forms import HouseForm, PickField


def booked(client: Client, user: User):
    rows = TherapySession.objects.editable_by(user).filter(client=client).upcoming()
    return rows.defer("take_away").order_by("starts_at", "pk")


def emails_that_stop(client: Client, user: User, sessions: list) -> dict[str, bool]:
    """The kinds of email the client gets now that will end."""
    rows = ContactPreferences.objects.visible_to(user).filter(client=client)
    preferences = rows.with_wishes().first()
    gets = preferences is not None and is_active(client)
    return {
        "weekly": gets and preferences.wishes["client-digest"].allowed,
        "reminders": bool(gets and preferences.wishes["reminder"].allowed and sessions),
    }


@transaction.atomic
def discharge(client: Client, *, by: User, cancels: bool) -> bool:
    """Discharge the client; False if already discharged."""
    if not client.discharge(by=by):
        return False
    for session in booked(client, by) if cancels else []:
        session.cancel(by=by)
    return True


class DischargeForm(HouseForm):
    sessions = PickField(
        label=_("Booked sessions"),
        choices=[
            ("cancel", _("Cancel them"), _("No more reminders are sent")),
            (
                "keep",
                _("Keep them booked"),
                _("For closing sessions, or to move one by one"),
            ),
        ],
    )

    def __init__(self, *args, client: Client, many: int, **kwargs):
        super().__init__(*args, **kwargs)
        self.client = client
        if not many:
            del self.fields["sessions"]

    def save(self, *, by: User) -> bool:
        cancels = self.cleaned_data.get("sessions") == "cancel"
        return self.written(discharge, self.client, by=by, cancels=cancels)
