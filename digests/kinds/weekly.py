"""Weekly emails, which announce a page; shared by both sides."""

from __future__ import annotations

from functools import partial

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, UUIDField, When
from django.utils.translation import gettext_lazy as _

from accounts.models import OutgoingEmail, User
from clients.prepared import prepared_for_user
from database.prepared import first
from digests import schedule
from digests.kinds.base import DROPPED, HELD, PlannedKind, Stopped
from digests.models import Digest
from digests.week_page import week_page
from ui import time_zones


class WeeklyKind(PlannedKind):
    """Each reader's weekly page is created together with the email that links to it."""

    reasons = {
        "nothing to say": _("Nothing to report"),
        "no page": _("The weekly page no longer exists"),
    }
    due: schedule.Weekly

    def readers(self) -> Q:
        """Recipients among the accounts that have joined."""
        raise NotImplementedError

    def page_if_due(self, email, person, now) -> Digest:
        due = schedule.due_in_period(self.due, email.period, person.zone)
        self.wait_for(due, email, person, now)
        digest = first(_page(person, page=email.about))
        if digest is None:
            raise Stopped(DROPPED, "no page")
        if week_page(person, digest, now).is_empty:
            raise Stopped(HELD, "nothing to say")
        return digest

    def batches(self, now):
        joined = Q(is_active=True, joined_at__isnull=False)
        readers = User.objects.filter(joined & self.readers())
        names = [*readers.values_list("time_zone", flat=True).order_by().distinct()]
        unknown = [name for name in names if not time_zones.canonical(name)]
        readers = readers.annotate(zone_name=_zone_name(unknown))
        if unknown:
            names = readers.values_list("zone_name", flat=True).order_by().distinct()
        for period, weeks in self._due_by_period(now, names).items():
            rows = _without_digest(readers, period, weeks)
            yield rows, partial(self._write, weeks)

    def _due_by_period(self, now, names) -> dict[str, dict[str, schedule.PlannedWeek]]:
        """The due weeks, by period and then by time zone."""
        found: dict[str, dict[str, schedule.PlannedWeek]] = {}
        for name in names:
            zone = time_zones.resolve(name)
            for week in schedule.weeks(self.due, now, schedule.HORIZON, zone):
                found.setdefault(week.period, {})[name] = week
        return found

    def _write(self, weeks, readers) -> int:
        pages, emails = [], []
        for user_id, practice_id, zone, joined_at in readers:
            week = weeks[zone]
            if joined_at > week.due_at:  # skip what was due before they joined
                continue
            whose = {"practice_id": practice_id, "recipient_id": user_id}
            page = Digest(
                **whose,
                starts_at=week.starts_at,
                ends_at=week.ends_at,
                period=week.period,
                made_at=week.due_at,
            )
            pages.append(page)
            emails.append(self._email(week, page, whose))
        Digest.objects.bulk_create(pages, ignore_conflicts=True)
        OutgoingEmail.objects.bulk_create(emails, ignore_conflicts=True)
        return len(emails)

    def _email(self, week: schedule.PlannedWeek, page: Digest, whose) -> OutgoingEmail:
        return OutgoingEmail(
            **whose,
            kind=self.name,
            period=week.period,
            about=page.pk,
            due_at=week.due_at,
            not_after=week.next_due_at,
        )


@prepared_for_user(page=UUIDField())
def _page(person, page):
    return Digest.objects.visible_to(person).filter(pk=page)


def _zone_name(unknown: list[str]) -> F | Case:
    """The user's time zone; the practice's if theirs is not (or no longer) valid."""
    if not unknown:
        return F("time_zone")
    of_practice = When(time_zone__in=unknown, then=F("practice__time_zone"))
    return Case(of_practice, default=F("time_zone"))


def _without_digest(readers, period, weeks) -> QuerySet:
    made = Digest.objects.filter(recipient=OuterRef("pk"), period=period)
    readers = readers.filter(~Exists(made), zone_name__in=list(weeks))
    return readers.values_list("pk", "practice_id", "zone_name", "joined_at")
