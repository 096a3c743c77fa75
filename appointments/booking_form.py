"""Booking a session."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from accounts.models import User
from appointments.models import TherapySession
from clients.portal_state import reads
from ui import dates, time_zones
from ui.forms import HouseForm, SegmentsField, TimesField, WeekField, day_field
from ui.stale_forms import NoOverwrite, mark
from ui.templatetags.ui import moment_words

DAYS = 5
HOURS = range(8, 20)
EARLIEST, FURTHEST = timedelta(days=366), timedelta(days=2 * 366)
LINK = {  # where a link can be read, by what the client reads
    "now": gettext_lazy(
        "The client sees it in the portal from 15 minutes before. It is never emailed."
    ),
    "until": gettext_lazy(
        "The client sees it in the portal from 15 minutes before, as long as their "
        "portal is open. It is never emailed."
    ),
    "later": gettext_lazy(
        "Once they have joined, the client sees it in the portal from 15 minutes "
        "before. It is never emailed."
    ),
    "": gettext_lazy(
        "Only the care team can see it here, and it is never emailed. Give it to the "
        "client yourself."
    ),
}
MOMENT = ["other_day", "other_time", "which", "minutes"]  # belong together
OTHER = {"type": "time", "step": "300"}


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


class BookingForm(NoOverwrite, HouseForm):
    """A day and an hour are two presses; any other moment can be written."""

    day = WeekField(label=gettext_lazy("Day"), required=False)
    other_day = day_field(gettext_lazy("Another day"))
    time = TimesField(
        label=gettext_lazy("Time"),
        required=False,
        choices=[(f"{hour:02}:00", f"{hour:02}:00") for hour in HOURS],
    )
    other_time = forms.TimeField(
        label=gettext_lazy("Another time"),
        required=False,
        widget=forms.TimeInput(attrs=OTHER, format="%H:%M"),
    )
    # Asked only where a clock change makes an hour come twice.
    which = SegmentsField(
        label=gettext_lazy("Which one"),
        required=False,
        choices=[("0", gettext_lazy("The first")), ("1", gettext_lazy("The second"))],
    )
    minutes = SegmentsField(
        label=gettext_lazy("Length"), choices=[], error_messages={"required": ""}
    )
    place = forms.CharField(
        label=gettext_lazy("Place"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    video_link = forms.URLField(
        label=gettext_lazy("Or a video link"),
        required=False,
        max_length=500,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args, session: TherapySession, by: User, week=None, **kwargs):
        self.session, self.by, self.seen = session, by, session.starts_at
        kwargs["initial"] = self._as_booked() | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.week = week or monday_of(by.today())
        self._offer_days()
        self._offer_lengths()
        self.fields["video_link"].help_text = LINK[reads(session.client)]
        if session._state.adding:
            del self.fields["shown"]
        self.asks_which = False
        if not session._state.adding:
            self._ask_which(session.starts_at.astimezone(by.zone))
        for name in ("day", "time", "place", "video_link"):
            self.fields[name].one_of_two = True  # needed, here or in the one beside it

    @property
    def week_before(self) -> date:
        return self.week - timedelta(days=7)

    @property
    def week_after(self) -> date:
        return self.week + timedelta(days=7)

    def _as_booked(self) -> dict:
        if self.session._state.adding:
            return {}
        starts = self.session.starts_at.astimezone(self.by.zone)
        return {
            "other_day": starts.date(),
            "other_time": starts.time(),
            "which": str(starts.fold),
            "minutes": str(self.session.minutes),
            "place": self.session.place,
            "video_link": self.session.video_link,
        }

    def _offer_days(self) -> None:
        days = [self.week + timedelta(days=number) for number in range(DAYS)]
        booked = self._booked_on(days)
        self.fields["day"].show([self._offer(day, booked[day]) for day in days])

    def _offer(self, day, booked):
        words = ngettext("%(many)s booked", "%(many)s booked", booked)
        return (
            day.isoformat(),
            date_format(day, pgettext("date format", "D")),
            dates.short(day),
            words % {"many": booked} if booked else "",
            day < self.by.today(),
        )

    def _booked_on(self, days) -> dict:
        start = datetime.combine(days[0], time(), self.by.zone)
        rows = TherapySession.objects.visible_to(self.by).planned()
        rows = rows.filter(therapist=self.by, starts_at__gte=start)
        rows = rows.filter(starts_at__lt=start + timedelta(days=DAYS + 1))
        begun = [
            at.astimezone(self.by.zone).date()
            for (at,) in rows.values_list("starts_at")
        ]
        return {day: begun.count(day) for day in days}

    def _offer_lengths(self) -> None:
        usual = self.by.practice.session_minutes
        lengths = sorted({25, usual, 80, int(self.initial.get("minutes", usual))})
        self.fields["minutes"].choices = [
            (str(n), _("%(minutes)s min") % {"minutes": n}) for n in lengths
        ]
        self.initial.setdefault("minutes", str(usual))

    def _keep_up(self, name) -> None:
        if name not in MOMENT:
            super()._keep_up(name)

    def _keep_up_with_a_move(self) -> None:
        """A day of one page and an hour of the other would be a moment nobody meant."""
        moved = [name for name in MOMENT if name in self.outdated]
        if not moved or self.errors:
            return
        sent = [name for name in [*MOMENT, "day", "time"] if name in self.data]
        if not any(self._typed(name) for name in sent):
            for name in moved:
                self._leave(name)
            return
        said = {name: mark(self.fields[name], self[name].data) for name in moved}
        if all(said[name] == self.outdated[name] for name in moved):
            return
        now = moment_words(self.session.starts_at, begin=False)
        words = _(
            "While this page was open, the session was moved to %(now)s. Press “Move "
            "session” again to move it to the time below."
        )
        self.add_error(None, words % {"now": now})
        self._show_anew(MOMENT)

    def clean(self):
        said = super().clean()
        self._keep_up_with_a_move()
        day = said.get("other_day") or _day(said.get("day"))
        hour = said.get("other_time") or _hour(said.get("time"))
        if not day:
            self.add_error("day", _("Choose a day."))
        if not hour:
            self.add_error("time", _("Choose a time."))
        if not (said.get("place") or said.get("video_link")) and not self.errors:
            self.add_error("place", _("Say where, or give a video link."))
        if not self.errors:
            self._place(said, day, hour)
        return said

    def _place(self, said, day, hour) -> None:
        today = self.by.today()
        if day > today + FURTHEST:
            return self.add_error("day", _("Choose a date within the next two years."))
        if day < today - EARLIEST and day != self.initial.get("other_day"):
            return self.add_error("day", _("Choose a date within the past year."))
        starts = self._moment(datetime.combine(day, hour), said)
        if starts is None:
            return
        self.session.starts_at = starts
        self.session.ends_at = starts + timedelta(minutes=int(said["minutes"]))
        self.session.place, self.session.video_link = said["place"], said["video_link"]

    def _moment(self, clock: datetime, said) -> datetime | None:
        """In UTC; None where a clock change skips the hour, or has it twice and nobody
        said which one is meant."""
        moments = time_zones.moments_of(clock, self.by.zone)
        if len(moments) == 1:
            return moments[0]
        field = "other_time" if said.get("other_time") else "time"
        words = {"day": dates.weekday(clock.date()), "time": dates.clock(clock)}
        if not moments:
            later = clock.replace(tzinfo=self.by.zone).astimezone(UTC)
            words["later"] = dates.clock(later.astimezone(self.by.zone))
            self.add_error(
                field,
                _(
                    "The clocks go forward on %(day)s, so there is no %(time)s. Choose "
                    "another time, for example %(later)s."
                )
                % words,
            )
            return None
        self._ask_which(clock)
        if said.get("which"):
            return moments[int(said["which"])]
        self.add_error(
            "which",
            _("The clocks go back on %(day)s, so %(time)s comes twice. Choose one.")
            % words,
        )
        return None

    def _ask_which(self, clock: datetime) -> None:
        """Where this hour comes twice, with the name that each has."""
        moments = time_zones.moments_of(
            clock.replace(tzinfo=None, fold=0), self.by.zone
        )
        if len(moments) < 2:
            return
        self.asks_which = True
        self.fields["which"].one_of_two = True  # not "if you like"
        first, second = (moment.astimezone(self.by.zone) for moment in moments)
        self.fields["which"].choices = [
            ("0", _("The first, %(zone)s") % {"zone": first.tzname()}),
            ("1", _("The second, %(zone)s") % {"zone": second.tzname()}),
        ]

    def save(self, *, by: User) -> bool:
        return self.written(self._save, by)

    def _save(self, by):
        if self.session._state.adding:
            self.session.therapist = by
        try:
            self.session.refuse_overlap(by=by)
        except ValidationError as error:
            raise ValidationError({"time": error.messages}) from error
        if self.session._state.adding:
            self.session.book(by=by)
        else:
            self.session.move(by=by, seen=self.seen)


def _day(text) -> date | None:
    return date.fromisoformat(text) if text else None


def _hour(text) -> time | None:
    return time.fromisoformat(text) if text else None
