"""What all kinds of email have in common.  Each is a class in a module beside this.

A new one: such a module, its line in `digests/kinds/__init__.py` and two templates; see
docs/adding.md.
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
# Rows that need an email, and what writes those of a batch and says how many.
Batches = Iterator[tuple[QuerySet, Callable[[list], int]]]


class Stopped(Exception):
    """The email does not go: for good, or (waiting) not before `until`."""

    def __init__(self, state: str, reason: str, until: datetime | None = None):
        super().__init__(reason)
        self.state, self.reason, self.until = state, reason, until


class Kind:
    """One kind of email; as it stands here, one that a room queues when something is
    new, for anybody who has joined, and that leads to the sign-in page.

    `name` is in `OutgoingEmail.kind` and names two templates in `templates/emails/`.
    `subject` may hold `%(…)s` of `words`; `label` is what an admin reads in the log.
    `wish` names the `ContactWish` with which a client refuses it, if they can, and
    `unwanted` the reason that the log then gives.  `reasons` are those that only this
    kind gives, with their words.
    """

    name: str
    subject: Promise
    label: Promise
    due: schedule.Weekly | None = None  # when each week; None: whoever queues it says
    quiet_hours = False
    held_by_restore = False
    wish = ""
    unwanted = ""
    reasons: dict[str, Promise] = {}

    def may_go(self, email: OutgoingEmail, person: User, now: datetime) -> Model | None:
        """The row that `email` is about; raise Stopped where it must not go (now)."""
        require_joined(person)

    def link(self, email: OutgoingEmail, person: User, about: Model | None) -> str:
        """The path that it leads to."""
        return reverse("account_login")

    def words(self, email: OutgoingEmail, person: User, about) -> dict[str, str]:
        """What else its templates and its subject get, in the reader's language."""
        return {}

    def said_as(self, email: OutgoingEmail, person: User) -> Kind:
        """The kind whose words it has; another one where they would tell too much."""
        return self

    def wait_for(self, due: datetime, email: OutgoingEmail, person: User, now) -> None:
        """Raise Stopped before `due` by now: the reader's zone or wishes may have
        changed since the email was planned."""
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
    """One that nobody queues: the planner finds what is due soon (`digests/plan.py`).

    After a restore what was due is held: the original may have planned and sent it.
    """

    quiet_hours = True
    held_by_restore = True

    def batches(self, now: datetime) -> Batches:
        """What to write, a queryset and its writer each; one email a row, unless a kind
        writes more along with it."""
        yield self.rows(now), partial(self._write, now)

    def rows(self, now: datetime) -> QuerySet:
        """What has no email yet: `values_list`, the key first.  As the worker."""
        raise NotImplementedError

    def email(self, now: datetime, *row) -> OutgoingEmail | None:
        """The email about one of `rows`; None while it is too early."""
        raise NotImplementedError

    def _write(self, now: datetime, batch: list) -> int:
        emails = [email for row in batch if (email := self.email(now, *row))]
        OutgoingEmail.objects.bulk_create(emails, ignore_conflicts=True)
        return len(emails)


def require_joined(person: User) -> None:
    """Who has not accepted gets the invitation and nothing else."""
    if person.joined_at is None:
        raise Stopped(HELD, "not joined")


def require_staff(person: User) -> None:
    """Something that whoever is responsible has to know, whatever the hour."""
    require_joined(person)
    if not person.is_staff_member:
        raise Stopped(DROPPED, "inactive")


def moment(when: datetime) -> str:
    """Day and clock time in the reader's zone and language."""
    local = timezone.localtime(when)
    return gettext("%(day)s at %(time)s") % {
        "day": dates.weekday_in_full(local),
        "time": dates.clock(local),
    }
