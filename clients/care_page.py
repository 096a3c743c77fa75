"""A client's care team, as the admin and the primary therapist see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import encryption
from accounts.models import User
from clients import access
from clients.models import CareRole, CareRoleRequest, Client, EmergencyReason
from ui.charts import care_roles
from ui.templatetags.ui import day_words

# What each role allows, as a sentence and as a short label.
OPENS = {
    "primary": gettext_lazy("Reads and writes the record, agrees goals, gives roles."),
    "co_therapist": gettext_lazy("Reads and writes the record, can agree goals."),
    "supervisor": gettext_lazy(
        "Reads the record and comments to the therapist. Cannot write in it or agree "
        "goals."
    ),
    "cover": gettext_lazy(
        "Reads and writes the record and can agree goals, between two dates. Starts "
        "and ends automatically."
    ),
}
SHORT = {
    "primary": gettext_lazy("primary"),
    "co_therapist": gettext_lazy("co-therapist"),
    "supervisor": gettext_lazy("supervisor"),
    "cover": gettext_lazy("cover"),
    "emergency": gettext_lazy("emergency"),
}
ENDED = 20  # most recent ended roles


def when_words(starts: date, until: date | None, today: date) -> str:
    """since Jun 1; until Dec 31; Dec 21 to Jan 3. `until` is the last day."""
    said = {
        "from": day_words(starts, False),
        "until": until and day_words(until, False),
    }
    if until and (starts > today or until < today):
        return _("%(from)s to %(until)s") % said
    if until:
        return _("until %(until)s") % said
    if starts > today:
        return _("from %(from)s") % said
    return _("since %(from)s") % said


@dataclass(frozen=True)
class RoleLine:
    """A care role as the page shows it, with dates in the reader's time zone."""

    role: CareRole
    starts: date
    until: date | None  # the last day
    is_standing: bool
    today: date

    @property
    def name(self) -> str:
        return self.role.user.name

    @property
    def kind(self) -> str:
        return SHORT[self.role.kind]

    @property
    def when(self) -> str:
        return when_words(self.starts, self.until, self.today)

    @property
    def opens(self) -> str:
        return OPENS.get(self.role.kind, "")

    @property
    def may_end(self) -> bool:
        return self.is_standing and self.role.kind != CareRole.Kind.PRIMARY

    @property
    def is_planned(self) -> bool:
        """A planned handover, which can be canceled."""
        return self.role.kind == CareRole.Kind.PRIMARY and self.starts > self.today

    @property
    def words(self) -> str:
        said = {"name": self.name, "kind": self.kind, "when": self.when}
        return _("%(name)s, %(kind)s, %(when)s.") % said

    @property
    def bar(self) -> care_roles.Bar:
        label = f"{self.name.split()[0]}, {self.kind}"
        ends = self.until and self.until + timedelta(days=1)
        return care_roles.Bar(label, self.starts, ends)


@dataclass(frozen=True)
class RequestLine:
    """A requested role that waits for the primary therapist, or was declined."""

    asked: CareRoleRequest
    reader: User

    @property
    def name(self) -> str:
        return self.asked.user.name

    @property
    def kind(self) -> str:
        return SHORT[self.asked.kind]

    @property
    def opens(self) -> str:
        return OPENS.get(self.asked.kind, "")

    @property
    def when(self) -> str:
        """Its dates, if any were given."""
        zone, today = self.reader.zone, self.reader.today()
        asked = self.asked
        last = asked.ends_at and asked.ends_at - timedelta(microseconds=1)
        until = last and last.astimezone(zone).date()
        if asked.starts_at:
            starts = asked.starts_at.astimezone(zone).date()
            return when_words(starts, until, today)
        return when_words(today, until, today) if until else ""


class CarePage:
    def __init__(self, client: Client, user):
        self.client, self.user = client, user
        self.now, self.today = timezone.now(), user.today()
        rows = CareRole.objects.visible_to(user).filter(client=client)
        rows = rows.select_related("user").order_by("starts_at", "pk")
        self.lines = [self._line(role) for role in rows if _ran_or_will(role)]
        asked = CareRoleRequest.objects.visible_to(user).filter(client=client)
        asked = asked.select_related("user", "asked_by", "decided_by")
        self._asked = list(asked.order_by("-asked_at", "-pk")[:ENDED])

    @property
    def waiting(self) -> list[RequestLine]:
        """An admin's undecided requests, which give no access yet."""
        return [RequestLine(row, self.user) for row in self._asked if row.is_waiting]

    @property
    def refused(self) -> list[RequestLine]:
        return [
            RequestLine(r, self.user) for r in self._asked if r.outcome == "refused"
        ]

    def _line(self, role) -> RoleLine:
        zone = self.user.zone
        last = role.ends_at and role.ends_at - timedelta(microseconds=1)
        return RoleLine(
            role=role,
            starts=role.starts_at.astimezone(zone).date(),
            until=last and last.astimezone(zone).date(),
            is_standing=role.ends_at is None or role.ends_at > self.now,
            today=self.today,
        )

    @property
    def leads(self) -> bool:
        """Whether the reader is the primary therapist, who can read the reasons."""
        return self.client.pk in access.reach(self.user).leads

    @cached_property
    def standing(self) -> list[RoleLine]:
        """Current roles: the primary therapist first, then by start."""
        found = [line for line in self._roles if line.is_standing]
        return sorted(found, key=lambda line: line.role.kind != CareRole.Kind.PRIMARY)

    @cached_property
    def ended(self) -> list[RoleLine]:
        over = [line for line in self._roles if not line.is_standing]
        return list(reversed(over))[:ENDED]

    @property
    def ended_is_cut(self) -> bool:
        over = sum(not line.is_standing for line in self._roles)
        return over > ENDED or len(self._asked) == ENDED

    @property
    def _roles(self):
        return [line for line in self.lines if line.role.kind != "emergency"]

    @cached_property
    def emergencies(self) -> list[tuple[CareRole, str, bool]]:
        """Emergency access, newest first: role, reason if the reader may see it, and
        whether it is active."""
        roles = [line for line in self.lines if line.role.kind == "emergency"]
        reasons = self._reasons() if roles and self.leads else {}
        return [
            (line.role, reasons.get(line.role.pk, ""), line.is_standing)
            for line in reversed(roles)
        ]

    def _reasons(self) -> dict:
        encryption.expect(self.client.practice_id, [self.client.pk])
        rows = EmergencyReason.objects.visible_to(self.user).filter(client=self.client)
        return {row.role_id: row.words for row in rows}

    @property
    def people(self) -> int:
        return len({line.role.user_id for line in self.standing})

    @property
    def chart(self) -> SafeString:
        shown = [*self.standing, *self.ended[:3]]
        words = care_roles.in_words([line.words for line in shown])
        return care_roles.bars([line.bar for line in shown], self.today, words)


def _ran_or_will(role) -> bool:
    """Whether a role was or can be in effect: not canceled before its start."""
    return role.ends_at is None or role.ends_at > role.starts_at
