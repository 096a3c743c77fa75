"""Strengths with examples, and wins, for the pages of both sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import TruncDate
from django.utils.functional import cached_property
from django.utils.safestring import SafeString

from accounts import encryption
from accounts.models import User
from clients.access import side_of
from clients.models import Client
from goals.disagreement_page import with_names
from goals.models import Goal, Step, Strength, StrengthLink, Win
from goals.wordings import Wordings
from ui.many_boxes import many_boxes

WINS = 20  # on a page
STRENGTHS = 6  # at first; the others are one click away


@dataclass
class StrengthLine:
    """A strength, and the open goals that it helps with."""

    strength: Strength
    goals: list[Goal] = field(default_factory=list)

    offered: list[tuple[UUID, str]] = field(default_factory=list)  # open goals

    @property
    def boxes(self) -> SafeString:
        """A choice of all open goals, built on demand: it may be sixty times fifty."""
        helped = {goal.pk for goal in self.goals}
        prefix = f"g-{self.strength.pk}"
        return many_boxes("goals", self.offered, helped, prefix=prefix)


@dataclass(frozen=True)
class WinLine:
    """A step reached or a win; `number` counts from the first one."""

    number: int
    day: date
    words: str
    is_newest: bool = False
    own: bool = False  # the client's words
    goal: Goal | None = None  # the step's goal
    goal_words: str = ""  # its name when the step was reached
    by: str = ""  # who added it, on the therapist's side
    mine: UUID | None = None  # id of what the reader may withdraw


class StrengthsPage:
    def __init__(self, client: Client, user: User, page=1):
        self.client, self.user = client, user
        encryption.expect(client.practice_id, [client.pk])
        mine = {"client_id": client.pk}
        goals = Goal.objects.visible_to(user).filter(**mine).open().with_words()
        self.goals = with_names(user, list(goals.order_by("created_at", "pk")))
        rows = Strength.objects.visible_to(user).filter(**mine)
        rows = rows.select_related("proposed_by").order_by("-at", "-pk")
        offered = [(goal.pk, goal.called) for goal in self.goals]
        self.lines = [StrengthLine(row, offered=offered) for row in rows]
        self._link()
        wins = Paginator(_in_time(client.pk, user), WINS)
        self.page = wins.get_page(page)
        self.wins = _win_lines(self.page, user)

    def _link(self) -> None:
        by_strength = {line.strength.pk: line for line in self.lines}
        links = StrengthLink.objects.visible_to(self.user).current()
        pairs = links.filter(client_id=self.client.pk).values_list("strength", "goal")
        found = set(pairs)
        for goal in self.goals:
            for strength_id, line in by_strength.items():
                if (strength_id, goal.pk) in found:
                    line.goals.append(goal)

    def _of(self, *states) -> list[StrengthLine]:
        return [line for line in self.lines if line.strength.state in states]

    @cached_property
    def yours(self) -> list[StrengthLine]:
        return self._of("accepted")

    @property
    def first(self) -> list[StrengthLine]:
        return self.yours[:STRENGTHS]

    @property
    def further(self) -> list[StrengthLine]:
        return self.yours[STRENGTHS:]

    @cached_property
    def waiting(self) -> list[StrengthLine]:
        """Oldest first."""
        return self._of("proposed")[::-1]

    @cached_property
    def aside(self) -> list[StrengthLine]:
        """Those that the client does not see in themselves."""
        return self._of("declined")

    @cached_property
    def offered(self) -> list[StrengthLine]:
        """All that the therapist's side suggested, whatever the answer."""
        return [line for line in self.lines if not line.strength.is_own]

    @cached_property
    def other_words(self) -> dict[UUID, Strength]:
        """The client's rewordings, by the strength that they reword."""
        rows = [line.strength for line in self.lines]
        return {row.rewords_id: row for row in rows if row.rewords_id}


def _in_time(client_id: UUID, user: User) -> QuerySet:
    """Ids of reached steps and wins, by day in the reader's time zone, newest first."""
    steps = Step.objects.visible_to(user).filter(client_id=client_id)
    wins = Win.objects.visible_to(user).filter(client_id=client_id).not_withdrawn()
    keys = ("pk", "day", "moment", "kind")
    reached = steps.exclude(reached_at=None).order_by().annotate(
        day=TruncDate("reached_at", tzinfo=user.zone), moment=F("reached_at"),
        kind=Value("step", CharField()),
    )  # fmt: skip
    noted = wins.order_by().annotate(
        day=F("happened_on"), moment=F("at"), kind=Value("win", CharField())
    )
    both = reached.values_list(*keys).union(noted.values_list(*keys), all=True)
    return both.order_by("-day", "-moment", "-pk")


def _win_lines(page: Page, user: User) -> list[WinLine]:
    """The rows of one page, in two queries for any number."""
    keys = list(page.object_list)
    ids = {
        kind: [pk for pk, _day, _at, of in keys if of == kind]
        for kind in ("step", "win")
    }
    words = ("goal__in_force", "goal__latest")
    steps = Step.objects.visible_to(user).select_related(*words).in_bulk(ids["step"])
    first = min((step.reached_at for step in steps.values()), default=None)
    goals = [step.goal for step in steps.values()]
    then = Wordings.before(goals, first, user) if first else None
    wins = Win.objects.visible_to(user).select_related("by").in_bulk(ids["win"])
    total, first = page.paginator.count, page.start_index()
    lines = []
    for place, (pk, day, _at, kind) in enumerate(keys):
        number = total - first - place
        newest = number == total - 1
        if kind == "step":
            step = steps[pk]
            named = then.words_then(step.goal, step.reached_at, side_of(user))
            line = WinLine(
                number, day, step.words, newest, goal=step.goal, goal_words=named
            )
            lines.append(line)
        else:
            lines.append(_win(wins[pk], number, day, newest, user))
    return lines


def _win(win: Win, number: int, day: date, newest: bool, user: User) -> WinLine:
    return WinLine(
        number,
        day,
        win.words,
        newest,
        own=win.is_own,
        by="" if win.is_own else win.by.name,
        mine=win.pk if win.by_id == user.pk else None,
    )
