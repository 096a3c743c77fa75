"""A session of a client with a therapist: when and where, and whether it took place."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit, row_limits
from accounts.encryption import EncryptedTextField
from accounts.models import User
from clients import apart, signals
from clients.models import Client, ClientRow, ClientRowQuerySet
from clients.models.care import tell_again
from ui import dates, screen_privacy

audit.kind("therapysession", _("A session"))
audit.verb("session booked", audit.Sort.WROTE, _("Booked a session"))
audit.verb("session moved", audit.Sort.WROTE, _("Moved a session"))
audit.verb("session logged", audit.Sort.WROTE, _("Logged a session"))
audit.verb("session cancelled", audit.Sort.WROTE, _("Canceled a session"))
audit.verb("session missed", audit.Sort.WROTE, _("Marked a session as not held"))
audit.verb("session restored", audit.Sort.WROTE, _("Restored a session"))
audit.verb("session imported", audit.Sort.WROTE, _("Imported a past session"))

MOVED_MEANWHILE = _("This session was just changed. Reload the page to see the latest.")
UNDO_FOR = timedelta(seconds=10)  # for a press that should not have been
MOST = 2_000  # of one client: twenty years of two a week
FULL = _(
    "This record already has %(most)d sessions, the maximum. Move a booked session "
    "instead."
)


class TherapySessionQuerySet(ClientRowQuerySet):
    def planned(self):
        return self.filter(state=TherapySession.State.PLANNED)

    def held(self):
        return self.filter(state=TherapySession.State.HELD)

    def not_canceled(self):
        """All but those that were canceled: a missed one has its place."""
        return self.exclude(state=TherapySession.State.CANCELLED)

    def with_hour(self):
        """All but those of an import, of which only the day is known."""
        return self.filter(from_list=False)

    def overlapping(self, session):
        """What else its therapist has planned at that time, as far as one may see."""
        rows = self.planned().filter(therapist_id=session.therapist_id)
        meets = rows.filter(
            starts_at__lt=session.ends_at, ends_at__gt=session.starts_at
        )
        return meets.exclude(pk=session.pk)

    def upcoming(self, now=None):
        return self.planned().filter(ends_at__gt=now or timezone.now())


def keep_weeks_still(*therapist_ids) -> None:
    """Who writes into a therapist's week waits for who is at it already, to look for
    what overlaps and to write in one go.  Before any other lock, and each by its key:
    nobody waits in a circle."""
    rows = User.objects.filter(pk__in=therapist_ids).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))


def day_of(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """Its midnight and the next, which may be 23 or 25 hours later."""
    following = date.fromordinal(day.toordinal() + 1)
    return tuple(datetime.combine(each, time(), zone) for each in (day, following))


class TherapySession(ClientRow):
    retention = "record"
    not_exported = {
        "schedule_version": "counts moves, so that nobody overwrites another"
    }
    frozen = {"therapist", "from_list"}

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        HELD = "held", _("Held")
        MISSED = "missed", _("Missed")
        CANCELLED = "cancelled", _("Canceled")

    OFF = (State.CANCELLED, State.MISSED)  # nothing is written about these

    seal_as = "session"

    client = models.ForeignKey(
        "clients.Client", models.PROTECT, related_name="sessions", db_constraint=False
    )
    therapist = models.ForeignKey(User, models.PROTECT, related_name="sessions")
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    place = models.CharField(_("place"), max_length=120, blank=True)
    video_link = models.URLField(_("video link"), max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default="planned")
    # Rises when it is moved, so that a reminder knows whether it is still true.
    schedule_version = models.PositiveSmallIntegerField(default=1)
    booked_at = models.DateTimeField(default=timezone.now)
    take_away = EncryptedTextField(_("client’s takeaway"), blank=True)
    logged_at = models.DateTimeField(null=True)
    # When it was canceled or marked missed, which can be undone for ten seconds.
    called_off_at = models.DateTimeField(null=True)
    # It came with an import: its hour means nothing, and it waits for no note.
    from_list = models.BooleanField(default=False, db_default=False)

    objects = TherapySessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="session_ends_after_it_starts",
                violation_error_message=_("The end must be after the start."),
            ),
            models.UniqueConstraint(
                fields=["client", "starts_at"],
                condition=Q(state="planned"),
                name="session_booked_once",
                violation_error_message=_("This session is already booked."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["therapist", "starts_at"], name="session_by_therapist"
            ),
            models.Index(fields=["client", "starts_at"], name="session_by_client"),
            models.Index(
                fields=["starts_at"],
                condition=Q(state="planned"),
                name="session_planned_by_start",
            ),
        ]

    def get_absolute_url(self):
        return reverse("session", args=[self.pk])

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def rated_at(self) -> datetime:
        """The moment that ratings given in it count from, whenever they are typed."""
        return min(timezone.now(), self.ends_at)

    @property
    def is_off(self) -> bool:
        """Whether it was missed or canceled: nothing is written about it."""
        return self.state in self.OFF

    @property
    def taken_away(self) -> str:
        """What the client took away: nothing of an hour that has not started or was
        called off, though a therapist may have prepared it there."""
        begun = self.starts_at <= timezone.now()
        return self.take_away if begun and not self.is_off else ""

    # -- verbs -------------------------------------------------------------------

    @transaction.atomic
    def book(self, *, by: User) -> None:
        self.practice_id = self.client.practice_id
        self.therapist = by
        mine = TherapySession.objects.filter(client=self.client)
        row_limits.require_room(mine, MOST, FULL)
        self.save(force_insert=True)
        audit.record("session booked", about=self)

    @classmethod
    @transaction.atomic
    def import_many(
        cls, said: list[tuple[object, datetime]], length: timedelta, *, by: User
    ) -> list[TherapySession]:
        """Sessions held before, as their (client, moment): nothing of what was said.

        Two statements however many they are.
        """
        sessions = [
            cls(
                practice_id=client.practice_id,
                client=client,
                therapist=by,
                starts_at=starts_at,
                ends_at=starts_at + length,
                state=cls.State.HELD,
                from_list=True,
            )
            for client, starts_at in said
        ]
        cls.objects.bulk_create(sessions)
        audit.record_each("session imported", [(session, {}) for session in sessions])
        return sessions

    @transaction.atomic
    def move(self, *, by: User, seen: datetime) -> None:
        """Save new times and place; a changed time makes earlier reminders untrue.

        `seen` is the start that was known when the times were chosen.  ValidationError
        where it was moved or called off since.
        """
        before = TherapySession.objects.select_for_update(no_key=True).get(pk=self.pk)
        if before.state != self.State.PLANNED or before.starts_at != seen:
            raise ValidationError(MOVED_MEANWHILE)
        if before.starts_at != self.starts_at:
            self.schedule_version = before.schedule_version + 1
            self.booked_at = timezone.now()
        fields = ["starts_at", "ends_at", "place", "video_link"]
        self.save(update_fields=[*fields, "schedule_version", "booked_at"])
        audit.record("session moved", about=self)

    @transaction.atomic
    def cancel(self, *, by: User) -> bool:
        """False where it is planned no more."""
        return self._turn(self.State.PLANNED, self.State.CANCELLED, "session cancelled")

    @transaction.atomic
    def miss(self, *, by: User) -> bool:
        """False where it is planned no more, or has not started yet."""
        old, new = self.State.PLANNED, self.State.MISSED
        return self._turn(old, new, "session missed", starts_at__lte=Now())

    @signals.changes("sessions")
    def log(self, *, take_away: str, by: User) -> None:
        """Write what the client takes away, and that it was held once it began."""
        self.take_away, self.logged_at = take_away, timezone.now()
        fields = ["take_away", "logged_at"]
        if self.state == self.State.PLANNED and self.starts_at <= self.logged_at:
            self.state = self.State.HELD
            fields.append("state")
        self.save(update_fields=fields)
        audit.record("session logged", about=self)

    @transaction.atomic
    def restore(self, *, by: User) -> bool:
        """Undo a cancellation or a missed hour within ten seconds, else False.

        A reminder is due anew.  ValidationError where its therapist has another
        session at that time meanwhile, IntegrityError where the client has.
        """
        self.refuse_overlap(by=by)
        undone = [self.State.CANCELLED, self.State.MISSED]
        lately = TherapySession.objects.filter(called_off_at__gt=Now() - UNDO_FOR)
        done = lately.filter(pk=self.pk, state__in=undone).update(
            state=self.State.PLANNED,
            schedule_version=F("schedule_version") + 1,
            called_off_at=None,
        )
        if done:
            audit.record("session restored", about=self)
        return bool(done)

    def refuse_overlap(self, *, by: User) -> None:
        """Asked before it is planned; nobody else plans it until this is written."""
        keep_weeks_still(self.therapist_id)
        tell_again(by)  # a client may have been handed over to them meanwhile
        rows = TherapySession.objects.visible_to(by).overlapping(self)
        rows = rows.select_related("client", "therapist").defer("take_away")
        other = apart.with_shares_name(rows).first()
        if other is None:
            return
        said = {
            "therapist": other.therapist.name,
            "name": _called(other, by),
            "from": dates.clock(other.starts_at.astimezone(by.zone)),
            "to": dates.clock(other.ends_at.astimezone(by.zone)),
        }
        words = _("%(therapist)s sees %(name)s from %(from)s to %(to)s.")
        if other.therapist_id == by.pk:
            words = _("You see %(name)s from %(from)s to %(to)s.")
        raise ValidationError(words % said)

    def _turn(self, old: str, new: str, verb: str, **only) -> bool:
        rows = TherapySession.objects.filter(pk=self.pk, state=old, **only)
        done = rows.update(state=new, called_off_at=Now())
        if done:
            self.state = new
            audit.record(verb, about=self)
        return bool(done)


def _called(session: TherapySession, by: User) -> str:
    """Whose it is; beside another client of that name, which one."""
    client = session.client
    if not session.shares_name:
        return screen_privacy.called(client.preferred_name)
    hint = apart.hint_of(client, Client.objects.visible_to(by))
    name = screen_privacy.called(client.name)
    return f"{name} ({hint})" if hint else name
