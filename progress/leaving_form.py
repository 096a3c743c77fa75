"""Who gets whom, when somebody leaves."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import HouseForm, PickField
from accounts.models import User
from clients.care_forms import ColleagueField, colleagues
from progress.transfer import Leaving, close_account

SESSIONS = [
    ("move", _("Move to the new therapist"), _("Same day and hour")),
    ("cancel", _("Are cancelled"), _("The new therapist books new ones")),
]


def heir_name(client) -> str:
    return f"to-{client.pk}"


class LeavingForm(HouseForm):
    sessions = PickField(label=_("Sessions that are booked"), choices=SESSIONS)

    def __init__(self, *args, page: Leaving, by: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.page = page
        self.heirs = list(colleagues(by).exclude(pk=page.leaver.pk))
        choices = [("", _("Choose someone")), *self._choices()]
        for row in page.rows:
            self.fields[heir_name(row.client)] = forms.TypedChoiceField(
                label=row.client.name,
                choices=choices,
                initial=row.next_id,
                coerce=self._heir,
                error_messages={"required": _("Choose somebody first.")},
            )
        if not page.sessions:
            del self.fields["sessions"]

    def _choices(self):
        field = ColleagueField(queryset=User.objects.none())
        return [(str(one.pk), field.label_from_instance(one)) for one in self.heirs]

    def _heir(self, said: str) -> User:
        return next(one for one in self.heirs if str(one.pk) == said)

    def rows(self):
        for row in self.page.rows:
            yield row, self[heir_name(row.client)]

    @property
    def missing(self) -> int:
        return sum(1 for row, field in self.rows() if not field.value())

    def save(self, *, by: User) -> bool:
        said = self.cleaned_data
        heirs = {row.client.pk: said[heir_name(row.client)] for row in self.page.rows}
        cancels = said.get("sessions") == "cancel"
        return self.written(
            close_account, self.page.leaver, heirs, by=by, cancels=cancels
        )
