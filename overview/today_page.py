"""Today: the day's sessions, their preparation, and what needs attention."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import (
    Case,
    DateField,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Subquery,
    UUIDField,
    Value,
    When,
)
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from appointments.models import TherapySession, day_of
from clients import apart, telling
from clients.models import Client
from clients.prepared import prepared_for_user
from clients.remarks import waiting_for
from clients.sides import THERAPISTS
from database.prepared import many
from goals import signal_words, status
from goals.models import Goal, GoalRating, Step
from goals.models.content import Side
from goals.to_change import to_change
from notes.models import ProgressNote
from overview.caseload_page import Facts
from toolkit.models import Assignment
from ui import names, screen_privacy
from ui.templatetags.ui import day_words

KEYS = {
    "key": gettext_lazy("Suggested a goal wording %(day)s."),
    "again": gettext_lazy(
        "The client agreed again to an earlier wording. It needs your agreement."
    ),
}
ASIDES = {
    "request": (
        gettext_lazy(
            "A care role for %(name)s needs your confirmation, asked %(day)s."
        ),
        gettext_lazy("Decide"),
    ),
    "emergency": (
        gettext_lazy("%(name)s used emergency access %(day)s."),
        gettext_lazy("Read reason"),
    ),
    "correction": (
        gettext_lazy("%(name)s asks for a correction, %(day)s."),
        gettext_lazy("Answer"),
    ),
    "comment": (
        gettext_lazy("A comment from %(name)s, %(day)s."),
        gettext_lazy("Read"),
    ),
}
RATED = 2_000  # newest ratings counted before the sessions of a day
MANY = 20  # items that need attention on one page


@dataclass
class Slot:
    """One session of the day; `prep` has one line per fact, newest first."""

    session: TherapySession
    client: Client
    state: str  # "past", "next" or "later"
    signed: bool
    begins_now: bool = False  # the current-time line is above it
    prep: list[str] = field(default_factory=list)


@dataclass
class Wants:
    """Something that needs the therapist's attention: what, why, and one action."""

    kind: str
    name: str
    why: str
    act: str
    address: str
    client_address: str
    hint: str = ""  # if another client has the same name


class Attention(NamedTuple):
    """The most urgent items, and how many there are in all."""

    shown: list[Wants]
    total: int

    @property
    def more(self) -> int:
        return self.total - len(self.shown)


@prepared_for_user()
def _treated(user):
    return Client.objects.editable_by(user).by_name()


@prepared_for_user(now=DateTimeField())
def _unsigned(user, now):
    rows = ProgressNote.objects.editable_by(user).drafts().to_sign()
    rows = rows.filter(author=user, session__starts_at__lt=now)
    shown = rows.only("id", "client_id", "session__starts_at")
    return shown.select_related("session").order_by("session__starts_at", "pk")


@prepared_for_user(begins=DateTimeField(), ends=DateTimeField())
def _sessions(user, begins, ends):
    notes = ProgressNote.objects.filter(session=OuterRef("pk"))
    signed = notes.values("signed_at")
    rows = TherapySession.objects.editable_by(user).not_canceled().with_hour()
    rows = rows.filter(therapist=user, starts_at__gte=begins, starts_at__lt=ends)
    rows = rows.annotate(signed_at=Subquery(signed[:1]), is_begun=Exists(notes))
    return rows.defer("take_away").order_by("starts_at", "pk")


@prepared_for_user(now=DateTimeField())
def _over(user, now):
    rows = TherapySession.objects.editable_by(user).planned()
    rows = rows.filter(therapist=user, ends_at__lt=now)
    return rows.defer("take_away").order_by("starts_at", "pk")


@prepared_for_user(today=DateField())
def _to_write(user, today):
    """Goals that wait for the therapist's agreement, and those to reword."""
    mine = Goal.objects.editable_by(user)
    again = status.agreed_again()
    waits = mine.waiting_for(Side.THERAPIST).annotate(
        kind=Case(When(again, Value("again")), default=Value("key")),
        moment=F("latest__proposed_at"),
    )
    change = to_change(mine, today).annotate(
        kind=Value("change"), moment=F("decided_at")
    )
    columns = ("kind", "pk", "client_id", "moment")
    both = waits.values_list(*columns), change.values_list(*columns)
    return both[0].union(both[1], all=True).order_by("moment", "pk")


@prepared_for_user(clients=many(UUIDField()))
def _rated(user, clients):
    rows = GoalRating.objects.editable_by(user).filter(client_id=clients)
    rows = rows.filter(side=Side.CLIENT).not_withdrawn()
    return rows.order_by("-at", "-pk").values_list("client_id", "at")[:RATED]


@prepared_for_user(clients=many(UUIDField()))
def _answered_and_reached(user, clients):
    """When clients answered an exercise, and when someone else entered a step."""
    found = {"client_id": clients}
    answers = Assignment.objects.editable_by(user).filter(**found).exclude(answer="")
    answers = answers.filter(answered_by=F("client__user")).order_by()
    steps = Step.objects.editable_by(user).not_dropped().filter(**found).order_by()
    steps = steps.exclude(reached_at=None).exclude(reached_by=user.pk)
    columns = ("kind", "client_id", "moment")
    answers = answers.annotate(kind=Value("answer"), moment=F("answered_at"))
    steps = steps.annotate(kind=Value("step"), moment=F("reached_at"))
    both = answers.values_list(*columns), steps.values_list(*columns)
    return both[0].union(both[1], all=True)


class TodayPage:
    """For clients the user treats; a read-only user is asked for nothing."""

    def __init__(self, user):
        self.user, self.now = user, timezone.now()
        self.clients = {client.pk: client for client in _treated(user)}
        mine = Client.objects.editable_by(user)
        hints = apart.among(self.clients.values(), mine)
        for client in self.clients.values():
            client.hint = hints.get(client.pk, "")
        self.facts = Facts(list(self.clients.values()), user)
        self.unsigned = _unsigned(user, now=self.now)

    # -- the schedule ------------------------------------------------------------

    @cached_property
    def sessions(self) -> list[TherapySession]:
        begins, ends = day_of(self.user.today(), self.user.zone)
        return _sessions(self.user, begins=begins, ends=ends)

    def slots(self) -> list[Slot]:
        coming = next((s for s in self.sessions if self._is_open(s)), None)
        slots = [self._slot(session, coming) for session in self.sessions]
        first = next((slot for slot in slots if slot.state != "past"), None)
        if first:
            first.begins_now = True
        self._prepare([slot for slot in slots if slot.state != "past"])
        return slots

    def _is_open(self, session) -> bool:
        return session.ends_at > self.now and session.state == "planned"

    def _slot(self, session, coming) -> Slot:
        state = "later" if self._is_open(session) else "past"
        return Slot(
            session=session,
            client=self.clients.get(session.client_id),
            state="next" if session is coming else state,
            signed=bool(session.signed_at),
        )

    def _prepare(self, slots: list[Slot]) -> None:
        ids = [slot.session.client_id for slot in slots]
        rated = _by_client(_rated(self.user, clients=ids))
        both = list(_answered_and_reached(self.user, clients=ids))
        answered = _by_client(row[1:] for row in both if row[0] == "answer")
        stepped = _by_client(row[1:] for row in both if row[0] == "step")
        for slot in slots:
            pk = slot.session.client_id
            slot.prep = self._lines(pk, rated, stepped, answered)

    def _lines(self, pk, rated, stepped, answered) -> list[str]:
        since = self.facts.last_end.get(pk)
        lines = [
            signal_words.to_therapist(one.kind)[0]
            for one in self._watched
            if one.client_id == pk and one.kind in signal_words.FOR_THE_SESSION
        ]
        if pk in self.facts.waiting and self._is_here(pk):
            lines.append(_("A goal wording needs your agreement"))
        new = sum(1 for at in rated.get(pk, []) if not since or at > since)
        if new:
            text = ngettext(
                "%(new)s new rating by the client",
                "%(new)s new ratings by the client",
                new,
            )
            lines.append(text % {"new": new})
        new = sum(1 for at in stepped.get(pk, []) if not since or at > since)
        if new:
            text = ngettext("%(new)s step reached", "%(new)s steps reached", new)
            lines.append(text % {"new": new})
        if any(not since or at > since for at in answered.get(pk, [])):
            lines.append(_("Logged an exercise"))
        if since:
            last = _within(self.facts.last[pk])
            lines.append(_("Last seen %(day)s") % {"day": last})
        else:
            lines.append(_("First session"))
        return lines

    # -- what needs attention ----------------------------------------------------

    @cached_property
    def notices(self) -> list[telling.NoticeLine]:
        has_some = any(waits.kind == "notice" for waits in self._waiting)
        return telling.notices(self.user) if has_some else []

    @cached_property
    def _waiting(self) -> list:
        return list(waiting_for(self.user))

    def attention(self, *, everything: bool = False) -> Attention:
        found = [
            *self._asides(),
            *self._keys(),
            *self._goals(),
            *self._not_logged(),
            *self._unsigned(),
            *self._quiet(),
        ]
        return Attention(found if everything else found[:MANY], len(found))

    def _asides(self):
        """Emergency access, correction requests, supervision comments."""
        for waits in self._waiting:
            if waits.kind not in ASIDES or waits.client_id not in self.clients:
                continue
            why, act = ASIDES[waits.kind]
            address = self.addresses(waits)
            is_client = waits.kind == "correction"  # otherwise a colleague
            name = (
                screen_privacy.called(waits.name)
                if is_client
                else names.isolated(waits.name)
            )
            why %= {"name": name, "day": _within(waits.at)}
            yield self._want(waits.kind, waits.client_id, why, str(act), address)

    def addresses(self, waits) -> str:
        if waits.kind == "correction":
            return reverse("correction-answer", args=[waits.pk])
        if waits.kind == "request":
            return reverse("client-care", args=[waits.client_id]) + "#requests"
        place = "#supervision" if waits.kind == "comment" else ""
        return reverse("client", args=[waits.client_id]) + place

    @cached_property
    def _to_write(self) -> list[tuple]:
        return list(_to_write(self.user, today=self.user.today()))

    def _keys(self):
        for kind, goal_id, client_id, proposed_at in self._to_write:
            if kind in KEYS and self._is_here(client_id):
                why = KEYS[kind] % {"day": _within(proposed_at)}
                address = reverse("goal", args=[goal_id])
                yield self._want(kind, client_id, why, _("Read"), address)

    @cached_property
    def _watched(self) -> list[signal_words.Watch]:
        here = [pk for pk in self.clients if self._is_here(pk)]
        meeting = {session.client_id for session in self.sessions}
        return signal_words.watch(self.user, here, meeting=meeting)

    def _goals(self):
        """Due or open reviews, comments not discussed, goals without activity."""
        changing = {row[1]: row[2] for row in self._to_write if row[0] == "change"}
        yield from self._changing(changing)
        for found in self._watched:
            if found.goal_id in changing and found.kind == "decided-change":
                continue
            if found.kind == "talk-therapist":  # one's own wish is for the session
                continue
            why, act = signal_words.to_therapist(found.kind)
            address = found.address(THERAPISTS)
            yield self._want("goal", found.client_id, why, act, address)

    def _changing(self, goals: dict[UUID, UUID]):
        """`goals` by client; either side may propose."""
        for goal_id, client_id in goals.items():
            if self._is_here(client_id):
                why = _("Goal review decided: change it. No new wording yet.")
                address = reverse("goal-propose", args=[goal_id])
                act = _("Propose new wording")
                yield self._want("goal", client_id, why, act, address)

    def _is_here(self, client_id) -> bool:
        """Nothing is asked of discharged clients."""
        client = self.clients.get(client_id)
        return client is not None and not client.is_discharged

    def _not_logged(self):
        """Past and still only planned, with no note begun."""
        begun = {note.session_id for note in self.unsigned}
        for session in _over(self.user, now=self.now):
            if session.client_id in self.clients and session.pk not in begun:
                why = self._day(_("For the session %(day)s."), session)
                address = reverse("session", args=[session.pk])
                yield self._want(
                    "log", session.client_id, why, _("Write note"), address
                )

    def _unsigned(self):
        for note in self.unsigned:
            if note.client_id in self.clients:
                why = self._day(_("For the session %(day)s."), note.session)
                address = reverse("session", args=[note.session_id])
                yield self._want("note", note.client_id, why, _("Sign note"), address)

    def _quiet(self):
        for client in self.clients.values():
            if client.state == Client.State.ACTIVE and self.facts.is_quiet(client):
                last = self.facts.last.get(client.pk)
                why = _("No session booked. You haven’t met yet.")
                if last:
                    day = _within(last)
                    why = _("No session booked; last seen %(day)s.") % {"day": day}
                address = reverse("session-add", args=[client.pk])
                yield self._want(
                    "no_contact", client.pk, why, _("Book session"), address
                )

    def _day(self, sentence, session) -> str:
        return sentence % {"day": _within(session.starts_at)}

    def _want(self, kind, client_id, why, act, address) -> Wants:
        client = self.clients[client_id]
        page = client.get_absolute_url()
        return Wants(kind, client.name, why, act, address, page, client.hint)


def _within(at: datetime) -> str:
    """The date within a sentence: yesterday, Tue Nov 24."""
    return day_words(timezone.localtime(at).date(), begin=False)


def _by_client(rows):
    found = {}
    for client_id, at in rows:
        found.setdefault(client_id, []).append(at)
    return found
