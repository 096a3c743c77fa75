"""The form that assigns clients of a leaving therapist."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clients.care_forms import TherapistField, colleagues
from overview.handover import Leaving, ask_leaver, close_account
from overview.handover_forms import ClashesMixin
from ui.forms import HouseForm, PickField, tell_apart

ALL_TO = "all-to"
EACH = 100  # clients, up to which each can be assigned separately

SESSIONS = [
    ("move", _("Move to the new therapist"), _("Same day and hour")),
    ("cancel", _("Cancel them"), _("The new therapist books new ones")),
]


def heir_name(client) -> str:
    return f"to-{client.pk}"


WHEN = [
    (
        "later",
        _("In 24 hours"),
        _(
            "The account closes now. Clients see who their new therapist is before "
            "their record opens"
        ),
    ),
    (
        "confirm",
        _("As soon as the departing therapist confirms"),
        _("The account stays open until then. Come back to close it"),
    ),
]


class LeavingForm(ClashesMixin, HouseForm):
    sessions = PickField(label=_("Booked sessions"), choices=SESSIONS)
    when = PickField(label=_("When the clients move"), choices=WHEN)
    outcome = ""

    def __init__(self, *args, page: Leaving, by: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.page = page
        self.heirs = tell_apart(colleagues(by).exclude(pk=page.leaver.pk))
        choices = [("", _("Choose someone")), *self._choices()]
        self.fields[ALL_TO] = self._field(_("All clients go to"), choices)
        self.fields[ALL_TO].required = self.is_too_long
        self.fields["when"].initial = "later"
        if self.is_bound and "when" not in self.data:  # then in 24 hours
            del self.fields["when"]
        for row in self._chosen_each():
            field = self._field(row.name, choices, initial=row.next_id)
            self.fields[heir_name(row.client)] = field
            field.required = not self._all_to
        if not page.sessions:
            del self.fields["sessions"]
        if not page.rows:
            self.fields.pop("when", None)
            del self.fields[ALL_TO]

    def _field(self, label, choices, **kwargs):
        return forms.TypedChoiceField(
            label=label,
            choices=choices,
            coerce=self._heir,
            empty_value=None,
            error_messages={"required": _("Choose someone.")},
            **kwargs,
        )

    def name_of(self, client) -> str:
        names = {row.client.pk: row.name for row in self.page.rows}
        return names.get(client.pk, client.name)

    @property
    def all_to(self):
        return self[ALL_TO]

    @property
    def _all_to(self) -> str:
        return self.data.get(ALL_TO, "")

    def _choices(self):
        field = TherapistField(queryset=User.objects.none())
        return [(str(one.pk), field.label_from_instance(one)) for one in self.heirs]

    def _heir(self, said: str) -> User:
        return next(one for one in self.heirs if str(one.pk) == said)

    @property
    def is_too_long(self) -> bool:
        """Above this number all clients go to one person."""
        return len(self.page.rows) > EACH

    def _chosen_each(self):
        return [] if self.is_too_long else self.page.rows

    def rows(self):
        for row in self._chosen_each():
            yield row, self[heir_name(row.client)]

    @property
    def missing(self) -> int:
        if self._all_to:
            return 0
        if self.is_too_long:
            return len(self.page.rows)
        return sum(1 for row, field in self.rows() if not field.value())

    def save(self, *, by: User) -> bool:
        said = self.cleaned_data
        heirs = {
            row.client.pk: said.get(heir_name(row.client)) or said[ALL_TO]
            for row in self.page.rows
        }
        cancels = said.get("sessions") == "cancel"
        move = {"by": by, "cancels": cancels}
        if said.get("when") == "confirm":
            done = self.written(ask_leaver, self.page.leaver, heirs, **move)
            self.outcome = self.result or ""
            return done
        self.outcome = "closed"
        move["clashing"] = self.clashing
        return self.written(close_account, self.page.leaver, heirs, **move)
