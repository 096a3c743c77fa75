"""The email log, for the admin: kind, status and reason of each email.

Never any text of an email; none is stored.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Heartbeat, OutgoingEmail, User
from digests import kinds, restore_hold
from ui.charts.email_log import Day, draw

State = OutgoingEmail.State
SINCE = timedelta(days=7)
STATES = {  # filter values
    "waiting": (gettext_lazy("Waiting"), [State.WAITING, State.SENDING]),
    "sent": (gettext_lazy("Sent"), [State.SENT]),
    "held": (gettext_lazy("On hold"), [State.HELD]),
    "dropped": (gettext_lazy("Not sent"), [State.DROPPED]),
    "failed": (gettext_lazy("Failed"), [State.FAILED]),
}
# Reasons why an email was not sent, besides those of a single kind (`digests/kinds/`).
REASONS = {
    "paused": gettext_lazy("Paused by the client"),
    "not joined": gettext_lazy("Has not accepted the invitation yet"),
    "too late": gettext_lazy("Too late to be useful"),
    "quiet hours": gettext_lazy("Quiet hours, 9 pm to 7 am"),
    "not yet": gettext_lazy("Not due yet"),
    "inactive": gettext_lazy("The account is closed, or the client discharged"),
    "link closed": gettext_lazy("The link was revoked or replaced"),
    "unknown kind": gettext_lazy("A kind of email that this version does not know"),
    "restored": gettext_lazy("Was due before a backup was restored"),
    "no mail server": gettext_lazy("The mail server does not answer; we’ll try again"),
    "cannot be written": gettext_lazy("Could not be written; we’ll try again"),
    "cannot be sent": gettext_lazy("Could not be sent; we’ll try again"),
}
for _kind in kinds.EVERY:
    REASONS |= _kind.reasons
BEGINNINGS = {
    "refused": gettext_lazy("The receiving mail server refused it (%(code)s)"),
    "relay": gettext_lazy(
        "Our mail server does not pass it on (%(code)s). We’ll try again"
    ),
    "put off": gettext_lazy("The mail server put it off (%(code)s); we’ll try again"),
    "mail server": gettext_lazy("The mail server broke off; we’ll try again"),
}


@dataclass(frozen=True)
class Delivery:
    kind: str
    who: User
    address: str  # if the practice has several people with that name
    state: str
    label: str
    why: str
    when: datetime
    to_do: str

    @property
    def is_failure(self) -> bool:
        return self.state == State.FAILED


def overview(by: User) -> dict:
    """Totals and notices of the page, besides the emails."""
    states = counts(by)
    return {
        "states": states,
        "total": sum(number for _state, _words, number in states),
        "kinds": [(kind.name, kind.label) for kind in kinds.EVERY],
        "chart": draw(seven_days(by)),
        "held": held_back(by),
        "tick": last_tick(),
        "halted": restore_hold.stands(),
    } | waiting(by)


def emails(by: User, state: str = "", kind: str = "") -> QuerySet:
    """The practice's, of the last week or still queued; newest first."""
    rows = recent(by)
    if state in STATES:
        rows = rows.filter(state__in=STATES[state][1])
    if kind in kinds.BY_NAME:
        rows = rows.filter(kind=kind)
    when = Coalesce("sent_at", "due_at")
    return rows.select_related("recipient").order_by(when.desc(), "-pk")


def recent(by: User) -> QuerySet:
    if not by.is_admin:
        return OutgoingEmail.objects.none()
    since = timezone.now() - SINCE
    return OutgoingEmail.objects.visible_to(by).filter(created_at__gte=since)


def counts(by: User) -> list[tuple[str, str, int]]:
    """Each status's name, label and count; one query."""
    found: Counter = Counter()
    for state, number in recent(by).values_list("state").annotate(Count("pk")):
        found[state] += number
    return [
        (name, words, sum(found[state] for state in states))
        for name, (words, states) in STATES.items()
    ]


def seven_days(by: User) -> list[Day]:
    """Emails per day and status, in the reader's time zone; one query."""
    day = TruncDate("created_at", tzinfo=by.zone)
    rows = recent(by).annotate(day=day).values_list("day", "state")
    found = {(day, state): n for day, state, n in rows.annotate(Count("pk"))}
    last = by.today()
    return [
        Day(
            day,
            sent=found.get((day, State.SENT), 0),
            held=found.get((day, State.HELD), 0) + found.get((day, State.DROPPED), 0),
            failed=found.get((day, State.FAILED), 0),
        )
        for day in (last - timedelta(days=ago) for ago in range(6, -1, -1))
    ]


def waiting(by: User) -> dict:
    """Since when the longest waiting email has waited, or None; and how many our own
    mail server rejects."""
    unsent = recent(by).filter(state__in=[State.WAITING, State.SENDING])
    return unsent.aggregate(
        oldest=Min("due_at", filter=Q(due_at__lte=timezone.now())),
        refused_by_relay=Count("pk", filter=Q(reason__startswith="relay:")),
    )


def last_tick() -> datetime | None:
    return Heartbeat.objects.values_list("at", flat=True).first()


def in_words(rows, by: User) -> list[Delivery]:
    rows = list(rows)
    shared = _names_of_several(by, {row.recipient.name_key for row in rows})
    return [_delivery(row, row.recipient.name_key in shared) for row in rows]


def _names_of_several(by: User, keys: set[str]) -> set[str]:
    """Of these names, those that several people of the practice have."""
    people = User.objects.visible_to(by).filter(name_key__in=keys).order_by()
    many = Counter(people.values_list("name_key", flat=True))
    return {key for key, number in many.items() if number > 1}


def _delivery(email: OutgoingEmail, shares_name: bool) -> Delivery:
    state = State.WAITING if email.state == State.SENDING else email.state
    kind = kinds.BY_NAME.get(email.kind)
    return Delivery(
        kind=str(kind.label) if kind else email.kind,
        who=email.recipient,
        address=email.recipient.email if shares_name else "",
        state=state,
        label=str(STATES[state][0]),
        why=why(email.reason),
        when=email.sent_at or email.due_at,
        to_do=_to_do(email) if state == State.FAILED else "",
    )


def why(reason: str) -> str:
    if not reason:
        return ""
    if reason in REASONS:
        return str(REASONS[reason])
    start, _colon, code = reason.partition(":")
    words = BEGINNINGS.get(start)
    return words % {"code": code.strip()} if words else reason


def _to_do(email: OutgoingEmail) -> str:
    """What to do about an email that was permanently rejected."""
    person = email.recipient
    if person.is_staff_member and not person.joined_at:
        return _("Check the address and invite them again.")
    if person.is_staff_member:
        return _("Ask for another address; they change it in their settings.")
    if not person.joined_at:
        return _("Their therapist corrects the address under Details.")
    return _("Their therapist asks for another address; the client changes it.")


def held_back(by: User) -> list[tuple[str, int]]:
    """Why emails were not sent in the last week, most frequent first."""
    rows = recent(by).filter(state__in=[State.HELD, State.DROPPED])
    rows = rows.values_list("reason").annotate(number=Count("pk"))
    return [(why(reason), n) for reason, n in rows.order_by("-number", "reason")]
