"""The data of a therapist's weekly page: plain values, one query each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from django.db.models import DateTimeField, Exists, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts import encryption
from accounts.models import User
from appointments.models import TherapySession
from clients import apart
from clients.models import Client
from clients.prepared import prepared_for_user
from digests.models import Digest
from digests.weeks import MINUTE, UNREAD, WEEK, WEEKS
from goals import status
from goals.models import Agreement, Goal, GoalRating
from goals.models.content import Side
from goals.wordings import Wordings
from notes.models import ProgressNote
from toolkit.models import Assignment
from ui.screen_privacy import called
from ui.templatetags.ui import day

MANY = 12  # lines per list
SHOWN = ("preferred_name", "family_name", "name_key", "pronouns", "state", "created_at")
DONE = (Assignment.Answer.DID, Assignment.Answer.SOME)
NOW = {"now": DateTimeField()}


@dataclass(frozen=True)
class Item:
    """One line about a client, and its link."""

    client: Client
    address: str
    line: str | SafeString = ""
    words: str = ""  # of a goal
    end: str | SafeString = ""
    book: str = ""  # the URL to book a session


@dataclass(frozen=True)
class ShortList:
    """A list that shows its first lines and counts the rest."""

    items: list[Item]
    more: int

    @classmethod
    def of(cls, rows: Iterable, item: Callable[..., Item]) -> ShortList:
        """`item` is called for each row shown."""
        rows = list(rows)
        return cls([item(row) for row in rows[:MANY]], max(0, len(rows) - MANY))

    def __bool__(self):
        return bool(self.items)


def _within(field: str, begins, ends) -> Q:
    return Q(**{f"{field}__gte": begins, f"{field}__lt": ends})


@prepared_for_user()
def _treated(user):
    """Including clients discharged since: the week was theirs too."""
    return Client.objects.editable_by(user).by_name().only(*SHOWN)


@prepared_for_user(**WEEKS)
def _answers(user, begins, ends):
    rows = Assignment.objects.editable_by(user).exclude(answer="")
    rows = rows.filter(_within("answered_at", begins, ends))
    return rows.values_list("answer", flat=True)


@prepared_for_user(**WEEKS)
def _goals(user, begins, ends):
    """Goals that wait for an agreement; and goals agreed to in the week, whatever
    happened since (`is_new`)."""
    keys = Agreement.objects.filter(version__goal=OuterRef("pk"))
    is_new = Exists(keys.filter(_within("at", begins, ends)))
    rows = Goal.objects.editable_by(user).with_words().defer(*UNREAD)
    rows = rows.annotate(is_new=is_new)
    rows = rows.filter(Q(closed_at=None) & ~Q(waits_for="") | Q(is_new=True))
    return rows.order_by("created_at", "pk")


@prepared_for_user(**WEEKS)
def _rated(user, begins, ends):
    """Each goal's last rating by each side, and that side's last before the week:
    value, time, and whether it was imported."""
    same = {"goal": OuterRef("goal"), "side": OuterRef("side")}
    earlier = GoalRating.objects.not_withdrawn().filter(**same)
    earlier = earlier.filter(at__lt=begins).order_by("-at", "-pk")
    rows = GoalRating.objects.editable_by(user).not_withdrawn()
    rows = rows.filter(_within("at", begins, ends)).order_by(
        "goal_id", "side", "-at", "-pk"
    )
    rows = rows.distinct("goal_id", "side").annotate(
        before=Subquery(earlier.values("value")[:1]),
        before_at=Subquery(earlier.values("at")[:1]),
        before_listed=Subquery(earlier.values("from_list")[:1]),
    )
    rows = rows.select_related("goal__in_force", "goal__latest")
    return rows.defer(*(f"goal__{name}" for name in UNREAD))


@prepared_for_user(**NOW)
def _unsigned(user, now):
    rows = ProgressNote.objects.editable_by(user).drafts().to_sign()
    rows = rows.filter(author=user, session__starts_at__lt=now)
    rows = rows.order_by("session__starts_at", "pk")
    return rows.values_list("client_id", "session_id", "session__starts_at")


@prepared_for_user(**NOW, **WEEKS, until=DateTimeField())
def _sessions(user, now, begins, ends, until):
    """The therapist's own sessions of the week, and their clients' upcoming ones or
    those between the week and `until`."""
    rows = TherapySession.objects.editable_by(user)
    # as shown at once to the person who signs
    is_signed = Q(note__signed_at__isnull=False)
    ahead = Q(state=TherapySession.State.PLANNED, ends_at__gt=now)
    own = Q(therapist=user) & _within("starts_at", begins, ends)
    rows = rows.filter(own | ahead | _within("starts_at", ends, until))
    return rows.annotate(is_signed=is_signed).values_list(
        "client_id", "therapist_id", "starts_at", "ends_at", "state", "is_signed",
        "from_list",
    )  # fmt: skip


class Booked(NamedTuple):
    """A session of the week, of the week after, or later."""

    client_id: UUID
    therapist_id: UUID
    starts_at: datetime
    ends_at: datetime
    state: str
    is_signed: bool | None
    from_list: bool  # it was imported

    @property
    def wants_note(self) -> bool:
        """An imported one needs no note."""
        held = self.state == TherapySession.State.HELD
        return held and bool(self.is_signed or not self.from_list)


class TherapistWeekPage:
    """The past week, for the therapist who held its sessions; without merely supervised
    clients."""

    def __init__(self, user: User, digest: Digest, now: datetime | None = None):
        self.user, self.digest, self.now = user, digest, now or timezone.now()
        self.starts_at, self.ends_at = digest.starts_at, digest.ends_at

    @property
    def last_day(self) -> datetime:
        return self.ends_at - MINUTE

    @cached_property
    def clients(self) -> dict[UUID, Client]:
        found = {client.pk: client for client in _treated(self.user)}
        treated = Client.objects.editable_by(self.user)
        hints = apart.among(found.values(), treated)
        for client in found.values():
            client.hint = hints.get(client.pk, "")
        return found

    @property
    def _week(self) -> dict[str, datetime]:
        return {"begins": self.starts_at, "ends": self.ends_at}

    # -- counts ------------------------------------------------------------------

    @cached_property
    def _sessions(self) -> list[Booked]:
        until = self.ends_at + WEEK
        rows = _sessions(self.user, now=self.now, **self._week, until=until)
        return [Booked(*row) for row in rows]

    @cached_property
    def sessions(self) -> Counter:
        """How many of the week's sessions were held, missed, canceled or signed, and
        how many have or need a note."""
        counts: Counter = Counter()
        for row in self._sessions:
            in_week = self.starts_at <= row.starts_at < self.ends_at
            if in_week and row.therapist_id == self.user.pk:
                counts[row.state] += 1
                counts["signed"] += bool(row.is_signed)
                counts["noted"] += row.wants_note
        return counts

    @property
    def sessions_total(self) -> int:
        return sum(self.sessions[state] for state in TherapySession.State.values)

    @cached_property
    def practice(self) -> dict[str, int]:
        """Exercises answered in the week, and how many were done or partly done."""
        answers = _answers(self.user, **self._week)
        done = sum(1 for answer in answers if answer in DONE)
        return {"total": len(answers), "done": done}

    # -- lists -------------------------------------------------------------------

    @cached_property
    def _goals(self) -> list[Goal]:
        """Agreed in the week, with time and wording in `new`; or waiting now."""
        rows = _goals(self.user, **self._week)
        rows = [goal for goal in rows if goal.client_id in self.clients]
        ids = [goal.pk for goal in rows if goal.is_new]
        then = Wordings.of(ids, self.user) if ids else Wordings([])
        for goal in rows:
            goal.new = then.agreed_within(goal.pk, self.starts_at, self.ends_at)
        mine = [goal for goal in rows if goal.new or self._waits(goal)]
        status.with_past(self.user, mine)
        return mine

    def _waits(self, goal: Goal) -> bool:
        """Nothing is asked of discharged clients."""
        return bool(goal.waits_for) and not self.clients[goal.client_id].is_discharged

    @cached_property
    def _with_words(self) -> tuple[list[Goal], list[GoalRating]]:
        """Both lists, with the keys of all their clients in one query."""
        goals, moved = self._goals, self._moved
        spoken = {row.client_id for row in [*goals, *moved]}
        if spoken:
            encryption.expect(self.user.practice_id, spoken)
        return goals, moved

    @cached_property
    def keys_waiting(self) -> ShortList:
        goals, _moved = self._with_words
        mine = [goal for goal in goals if goal.waits_for == Side.THERAPIST]
        waiting = [goal for goal in mine if self._waits(goal)]
        return ShortList.of(waiting, self._asked)

    def _asked(self, goal: Goal) -> Item:
        earlier = status.earlier(goal)
        proposed = format_html(
            _("Proposed {day}"), day=day(goal.latest.proposed_at, "within")
        )
        # A wording that both agreed to before was not a proposal of this week.
        said = [] if goal.agreed_again else [proposed]
        line = format_html_join(". ", "{}", ((one,) for one in [*said, earlier] if one))
        return self._of_goal(goal, line=line)

    @cached_property
    def agreed(self) -> ShortList:
        goals, _moved = self._with_words
        return ShortList.of((goal for goal in goals if goal.new), self._agreed)

    def _agreed(self, goal: Goal) -> Item:
        at, version = goal.new
        return self._of_goal(goal, words=version.own_words, end=day(at))

    def _of_goal(self, goal: Goal, **said) -> Item:
        return Item(self.clients[goal.client_id], goal.get_absolute_url(), **said)

    @cached_property
    def _moved(self) -> list[GoalRating]:
        """The week's last rating of each goal and side if it differs from that side's
        one before; the largest change first."""
        moved = [
            rating
            for rating in _rated(self.user, **self._week)
            if rating.before not in (None, rating.value)
            and rating.client_id in self.clients
        ]
        return sorted(moved, key=lambda row: -abs(row.value - row.before))

    @cached_property
    def moved(self) -> ShortList:
        _goals, moved = self._with_words
        return ShortList.of(moved, self._rated)

    def _rated(self, row: GoalRating) -> Item:
        return Item(
            self.clients[row.client_id],
            row.goal.get_absolute_url(),
            line=_("The number before was for an earlier wording.")
            if self._wordings.is_earlier(row.goal, row.before_at, row.side, row.at)
            else "",
            words=self._wordings.words_then(row.goal, row.at, row.side),
            end=self._given_by(row),
        )

    def _given_by(self, row: GoalRating) -> str:
        """Who gave the last rating and the one before: both are from one side."""
        numbers = {"value": row.value, "before": row.before}
        if row.side == Side.CLIENT:
            name = called(self.clients[row.client_id].preferred_name)
            said = _("%(name)s: %(value)s, was %(before)s")
            return said % (numbers | {"name": name})
        if row.from_list:
            return _("From an imported list: %(value)s, was %(before)s") % numbers
        if row.before_listed:
            you = _("You: %(value)s, was %(before)s in an imported list")
            other = _("Therapist: %(value)s, was %(before)s in an imported list")
            return (you if row.by_id == self.user.pk else other) % numbers
        if row.by_id == self.user.pk:
            return _("You: %(value)s, was %(before)s") % numbers
        return _("Therapist: %(value)s, was %(before)s") % numbers

    @cached_property
    def _wordings(self) -> Wordings:
        """For the ratings shown."""
        shown = self._moved[:MANY]
        first = min((row.before_at for row in shown), default=self.starts_at)
        return Wordings.before([row.goal for row in shown], first, self.user)

    @cached_property
    def unsigned(self) -> ShortList:
        rows = _unsigned(self.user, now=self.now)
        mine = [row for row in rows if row[0] in self.clients]
        return ShortList.of(mine, lambda row: self._of_session(*row))

    def _of_session(self, client_id, session_id, starts_at) -> Item:
        line = format_html(_("Session of {day}"), day=day(starts_at, "within"))
        return Item(
            self.clients[client_id], reverse("session", args=[session_id]), line=line
        )

    @property
    def booked(self) -> int:
        """Sessions in the seven days after the week that are upcoming or were held."""
        until, state = self.ends_at + WEEK, TherapySession.State
        return sum(
            self.ends_at <= row.starts_at < until
            and row.state in (state.PLANNED, state.HELD)
            and not row.from_list
            for row in self._sessions
        )

    @cached_property
    def unbooked(self) -> ShortList:
        planned = TherapySession.State.PLANNED
        booked = {
            row.client_id
            for row in self._sessions
            if row.state == planned and row.ends_at > self.now
        }
        active = (c for c in self.clients.values() if c.state == Client.State.ACTIVE)
        return ShortList.of((c for c in active if c.pk not in booked), self._to_book)

    def _to_book(self, client: Client) -> Item:
        book = reverse("session-add", args=[client.pk])
        return Item(client, client.get_absolute_url(), book=book)

    @property
    def is_empty(self) -> bool:
        return not (
            self.sessions_total
            or self._goals
            or self._moved
            or self.unsigned
            or self.booked
            or self.unbooked
        )
