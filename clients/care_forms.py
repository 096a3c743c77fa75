"""Forms of the care team: assign a role, hand over a client."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from clients.assigning import assign
from clients.models import CareRole, Client
from ui.forms import ColleagueField, HouseForm, PickField, day_field

FURTHEST = timedelta(days=5 * 366)


class TherapistField(ColleagueField):
    """Therapists of the practice; an admin also sees how many clients each has."""

    def label_from_instance(self, person):
        many, name = getattr(person, "clients_now", None), person.shown_name
        if many is None:
            return name
        words = ngettext(
            "%(name)s, %(many)s client", "%(name)s, %(many)s clients", many
        )
        return words % {"name": name, "many": many}


def colleagues(by: User):
    """Whom `by` may assign: therapists who have joined, except themselves."""
    found = User.objects.visible_to(by).therapists().exclude(pk=by.pk)
    found = found.filter(joined_at__isnull=False)
    if by.is_admin:
        leads = Q(care_roles__kind=CareRole.Kind.PRIMARY, care_roles__ends_at=None)
        found = found.annotate(clients_now=Count("care_roles", filter=leads))
    return found.order_by("name_key", "pk")


def first_moment(day: date, by: User) -> datetime:
    return datetime.combine(day, time(), by.zone)


class StaffingForm(HouseForm):
    """A therapist of the practice and a start date; an empty date means now."""

    def __init__(self, *args, client: Client, by: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.client, self.by = client, by
        self.fields["person"].queryset = colleagues(by)

    def clean_since(self):
        return self._clean_day("since")

    def _clean_day(self, name):
        day, today = self.cleaned_data[name], self.by.today()
        if day and day < today:
            raise ValidationError(_("Choose today or a later date."))
        if day and day > today + FURTHEST:
            raise ValidationError(_("Choose a date within five years."))
        return day

    @property
    def starts_at(self) -> datetime | None:
        day = self.cleaned_data.get("since")
        return first_moment(day, self.by) if day and day > self.by.today() else None


class CareRoleForm(StaffingForm):
    person = TherapistField(
        label=gettext_lazy("Person"),
        queryset=User.objects.none(),
        empty_label=gettext_lazy("Choose someone"),
    )
    kind = PickField(
        label=gettext_lazy("Role"),
        choices=[
            (
                "co_therapist",
                gettext_lazy("Co-therapist"),
                gettext_lazy("Reads and writes, can agree goals"),
            ),
            (
                "supervisor",
                gettext_lazy("Supervisor"),
                gettext_lazy("Reads, comments to the therapist"),
            ),
            (
                "cover",
                gettext_lazy("Cover"),
                gettext_lazy("Reads and writes, only between two dates"),
            ),
        ],
    )
    since = day_field(
        gettext_lazy("From"), help_text=gettext_lazy("Leave empty to start now")
    )
    until = day_field(gettext_lazy("Until"), help_text=gettext_lazy("Last day"))

    def clean_until(self):
        return self._clean_day("until")

    def clean(self):
        said = super().clean()
        first, last = said.get("since") or self.by.today(), said.get("until")
        if last and last < first:
            self.add_error("until", _("The last day must be after the first."))
        if said.get("kind") == "cover" and not last and "until" not in self.errors:
            self.add_error("until", _("Cover needs a last day."))
        return said

    @property
    def ends_at(self) -> datetime | None:
        last = self.cleaned_data["until"]
        return first_moment(last + timedelta(days=1), self.by) if last else None

    def save(self, *, by: User) -> bool:
        return self.written(
            assign,
            self.client,
            self.cleaned_data["person"],
            self.cleaned_data["kind"],
            by=by,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
        )


class HandOverForm(StaffingForm):
    prefix = "over"  # two forms share a page
    person = TherapistField(
        label=gettext_lazy("To"),
        queryset=User.objects.none(),
        empty_label=gettext_lazy("Choose someone"),
    )
    since = day_field(
        gettext_lazy("From"), help_text=gettext_lazy("Leave empty to start now")
    )
    sessions = PickField(
        label=gettext_lazy("Sessions booked after that"),
        choices=[
            (
                "move",
                gettext_lazy("Move with the client"),
                gettext_lazy("Same day and hour, with the new therapist"),
            ),
            (
                "cancel",
                gettext_lazy("Cancel them"),
                gettext_lazy("The new therapist books new ones"),
            ),
        ],
    )
