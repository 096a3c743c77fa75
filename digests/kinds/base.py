"""Base classes of all kinds of email. Each kind is a class in its own module.

A new kind needs such a module, a line in `digests/kinds/__init__.py` and two templates;
see docs/adding.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial

from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext

from accounts.models import OutgoingEmail, User
from digests import schedule
from ui import dates

WAITING = OutgoingEmail.State.WAITING
HELD, DROPPED = OutgoingEmail.State.HELD, OutgoingEmail.State.DROPPED
LONG_AGO = datetime.min.replace(tzinfo=UTC)
# Rows that need an email, and a function that queues a batch and returns how many.
Batches = Iterator[tuple[QuerySet, Callable[[list], int]]]


class Stopped(Exception):
    """The email is not sent: never, or (waiting) not before `until`."""

    def __init__(self, state: str, reason: str, until: datetime | None = None):
        super().__init__(reason)
        self.state, self.reason, self.until = state, reason, until


class Kind:
    """A kind of email. By default: queued by a room, for anyone who has joined, linking
    to the sign-in page.

    `name` is stored in `OutgoingEmail.kind` and names two templates in
    `templates/emails/`. `subject` may contain `%(…)s` of `words`; `label` is shown in
    the email log. `wish` names the `ContactWish` with which a client can refuse it, if
    any, and `unwanted` the reason then logged. `reasons` are those that only this kind
    gives, with their text.
    """

    name: str
    subject: Promise
    label: Promise
    # weekly schedule; None if the caller sets the time
    due: schedule.Weekly | None = None
    quiet_hours = False
    held_by_restore = False
    wish = ""
    unwanted = ""
    reasons: dict[str, Promise] = {}

    def may_go(self, email: OutgoingEmail, person: User, now: datetime) -> Model | None:
        """The row that `email` is about; raise Stopped if it must not be sent (now)."""
        require_joined(person)

    def link(self, email: OutgoingEmail, person: User, about: Model | None) -> str:
        """The path that it links to."""
        return reverse("account_login")

    def words(self, email: OutgoingEmail, person: User, about) -> dict[str, str]:
        """More variables for its templates and subject, in the reader's language."""
        return {}

    def said_as(self, email: OutgoingEmail, person: User) -> Kind:
        """The kind whose text is used; another one if its own would reveal too much."""
        return self

    def wait_for(self, due: datetime, email: OutgoingEmail, person: User, now) -> None:
        """Raise Stopped before `due`, recomputed: the reader's time zone or preferences
        may have changed since the email was planned."""
        zone = person.zone
        if self.quiet_hours:
            due = schedule.outside_quiet(
                due, zone, not_before=LONG_AGO, not_after=email.not_after
            )
        if now < due:
            raise Stopped(WAITING, "not yet", until=due)
        if self.quiet_hours and schedule.is_quiet(now, zone):
            morning = schedule.morning_after(now, zone)
            if morning >= email.not_after:
                raise Stopped(DROPPED, "quiet hours")
            raise Stopped(WAITING, "quiet hours", until=morning)


class PlannedKind(Kind):
    """A kind that the planner queues when it is due soon (`digests/plan.py`).

    After a restore, overdue ones are held: the original may have sent them.
    """

    quiet_hours = True
    held_by_restore = True

    def batches(self, now: datetime) -> Batches:
        """What to queue: (queryset, function) pairs; one email a row, unless a kind
        creates more rows with it."""
        yield self.rows(now), partial(self._write, now)

    def rows(self, now: datetime) -> QuerySet:
        """Rows without an email yet: `values_list`, id first. Runs as the worker."""
        raise NotImplementedError

    def email(self, now: datetime, *row) -> OutgoingEmail | None:
        """The email about one of `rows`; None while it is too early."""
        raise NotImplementedError

    def _write(self, now: datetime, batch: list) -> int:
        emails = [email for row in batch if (email := self.email(now, *row))]
        OutgoingEmail.objects.bulk_create(emails, ignore_conflicts=True)
        return len(emails)


def require_joined(person: User) -> None:
    """Someone who has not joined gets the invitation and nothing else."""
    if person.joined_at is None:
        raise Stopped(HELD, "not joined")


def require_staff(person: User) -> None:
    """A notice that a responsible member of staff must get at any hour."""
    require_joined(person)
    if not person.is_staff_member:
        raise Stopped(DROPPED, "inactive")


def moment(when: datetime) -> str:
    """Date and time in the reader's time zone and language."""
    local = timezone.localtime(when)
    return gettext("%(day)s at %(time)s") % {
        "day": dates.weekday_in_full(local),
        "time": dates.clock(local),
    }
