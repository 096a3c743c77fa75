"""A goal's wording on a given day: earlier events show the wording of their time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from django.db.models import Exists, OuterRef, UUIDField
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from clients.prepared import prepared_for_user
from database.prepared import many
from goals.disagreement_page import with_names
from goals.models import Agreement, Goal, GoalMove, GoalVersion
from goals.models.content import Side

Moment = tuple[datetime, GoalVersion]
# Each side's wording from then on: a version's or a move's.
Sides = dict[str, GoalVersion | GoalMove]
DIFFERENCES = (GoalMove.Kind.DIFFERS, GoalMove.Kind.TAKEN_UP)


@prepared_for_user(goals=many(UUIDField()))
def _agreements(user, goals):
    """Annotate `differed`: whether the goal was ever seen differently."""
    rows = Agreement.objects.visible_to(user).filter(version__goal=goals)
    moves = GoalMove.objects.filter(goal=OuterRef("version__goal"))
    rows = rows.annotate(differed=Exists(moves.filter(kind__in=DIFFERENCES)))
    return rows.select_related("version", "taken_back").with_declined()


class Wordings:
    """The wordings of each goal over time, replayed from its agreements.

    Each version has at least its proposer's agreement. `agreed` has the times at which
    both sides' agreement was in effect, `withdrawn` those at which it ended.
    """

    def __init__(self, keys: Iterable[Agreement], moves: Iterable[GoalMove] = ()):
        """`keys` with their `version`, `taken_back` and `with_declined()`; `moves` that
        begin and end a difference."""
        self.shown: dict[UUID, list[Moment]] = {}
        self.agreed: dict[UUID, list[Moment]] = {}
        self.withdrawn: dict[UUID, list[Moment]] = {}
        self.differs: dict[UUID, list[tuple[datetime, Sides]]] = {}
        of_goal: dict[UUID, _Replay] = {}
        for key in keys:
            of_goal.setdefault(key.version.goal_id, _Replay()).add_key(key)
        for move in moves:
            of_goal.setdefault(move.goal_id, _Replay()).add_move(move)
        for goal_id, replay in of_goal.items():
            replay.run()
            self.shown[goal_id], self.agreed[goal_id] = replay.shown, replay.agreed
            self.withdrawn[goal_id] = replay.withdrawn
            self.differs[goal_id] = replay.differs

    @classmethod
    def of(cls, goal_ids: Iterable[UUID], user: User) -> Wordings:
        """Load in one query, plus one if a goal was ever seen differently. The ids must
        be those of goals that `user` can see.

        Prepared: compiling it each time took a third of the weekly digest's CPU.
        """
        keys = _agreements(user, goals=list(goal_ids))
        differed = {key.version.goal_id for key in keys if key.differed}
        if not differed:
            return cls(keys)
        moves = GoalMove.objects.visible_to(user).filter(goal__in=differed)
        return cls(keys, moves.filter(kind__in=DIFFERENCES))

    @classmethod
    def before(cls, goals: list[Goal], when: datetime, user: User) -> Wordings:
        """For `words_then` and `in_effect`: loads only goals that may have had another
        status then: those with several versions, two wordings or a withdrawn agreement,
        except those agreed before `when` and in effect since."""
        with_names(user, goals)
        newer = {
            goal.pk
            for goal in goals
            if goal.latest.number > 1
            or goal.differs_since
            or (goal.is_open and not goal.can_rate)
            if goal.in_force_at is None or goal.in_force_at >= when
        }
        return cls.of(newer, user) if newer else cls([])

    def in_effect(self, goal_id: UUID, when: datetime) -> bool:
        """Whether both sides had agreed to any of its wordings at that time."""
        agreed = [at for at, _version in self.agreed.get(goal_id, []) if at <= when]
        ended = [at for at, _version in self.withdrawn.get(goal_id, []) if at <= when]
        return bool(agreed) and (not ended or agreed[-1] > ended[-1])

    def agreed_within(
        self, goal_id: UUID, begins: datetime, ends: datetime
    ) -> Moment | None:
        """When both last agreed within that period, and to which wording."""
        agreed = self.agreed.get(goal_id, [])
        return next((one for one in agreed[::-1] if begins <= one[0] < ends), None)

    @classmethod
    def of_changed(cls, goals: Iterable[Goal], user: User) -> Wordings:
        """Only goals with several versions or two wordings; see `of`."""
        ids = [one.pk for one in goals if one.latest.number > 1 or one.differs_since]
        return cls.of(ids, user) if ids else cls([])

    def is_earlier(
        self,
        goal: Goal,
        when: datetime | None,
        side: str,
        until: datetime | None = None,
    ) -> bool:
        """Whether `side` called it differently then than at `until` (or now)."""
        if when is None or goal.pk not in self.shown:
            return False
        until = until or timezone.now()
        return self.at(goal.pk, when, side) != self.at(goal.pk, until, side)

    def since(self, goal: Goal) -> datetime | None:
        """Since when it has its current wording; None if it never changed."""
        moments = self.shown.get(goal.pk, [])
        for (_at, before), (at, now) in reversed([*pairwise(moments)]):
            if before.own_words != now.own_words:
                return at
        return None

    def words_then(self, goal: Goal, when: datetime, side: str) -> str:
        """`side`'s name for it then: its own wording while the two disagreed."""
        return self.at(goal.pk, when, side) or goal.called

    def at(self, goal_id: UUID, when: datetime, side: str = "") -> str:
        """The wording in effect at that time, else the last one in effect before, else
        the last proposal; while the two see it differently and nothing was ever agreed,
        that of `side`.

        Imported data from before the goal existed has its first wording.
        """
        moments = self.shown.get(goal_id, [])
        if not moments:
            return ""
        differs = self.differs[goal_id]
        place = bisect_right([at for at, _sides in differs], when)
        said = differs[place - 1][1].get(side) if place else None
        if said:
            return said.wording if isinstance(said, GoalMove) else said.own_words
        place = bisect_right([at for at, _version in moments], when)
        return moments[max(place - 1, 0)][1].own_words


def for_earlier(mine: bool, theirs: bool) -> str:
    """Text in a client's list about last ratings that were for an earlier wording."""
    if mine and theirs:
        return _("Both last ratings were for an earlier wording.")
    if mine:
        return _("Your last rating was for an earlier wording.")
    said = _("Your therapist’s last rating was for an earlier wording.")
    return said if theirs else ""


# event kinds, in processing order for one moment
TURNED, BACK, DECLINED, MOVED = range(4)


@dataclass
class _Replay:
    """One goal, event by event, as in GoalVersion."""

    events: list[tuple] = field(default_factory=list)
    standing: dict[UUID, set[str]] = field(default_factory=dict)
    # Who agreed to it, in effect or withdrawn.
    ever: dict[UUID, set[str]] = field(default_factory=dict)
    known: dict[UUID, GoalVersion] = field(default_factory=dict)
    in_force: GoalVersion | None = None
    latest: GoalVersion | None = None
    shown: list[Moment] = field(default_factory=list)
    agreed: list[Moment] = field(default_factory=list)
    withdrawn: list[Moment] = field(default_factory=list)
    differs: list[tuple[datetime, Sides]] = field(default_factory=list)

    def add_key(self, key: Agreement) -> None:
        self.events.append((key.at, TURNED, key))
        if hasattr(key, "taken_back"):
            self.events.append((key.taken_back.at, BACK, key))
        if key.declined_at:
            self.events.append((key.declined_at, DECLINED, key))

    def add_move(self, move: GoalMove) -> None:
        self.events.append((move.at, MOVED, move))

    def run(self) -> None:
        for at, kind, row in sorted(self.events, key=lambda event: event[:2]):
            if kind == MOVED:
                self._moved(at, row)
                continue
            if kind == TURNED:
                self._turned(at, row)
            else:
                self._ended(at, kind, row)
            last_agreed = self.agreed[-1][1] if self.agreed else None
            self.shown.append((at, self.in_force or last_agreed or self.latest))

    def _turned(self, at: datetime, key: Agreement) -> None:
        version = key.version
        sides = self.standing.setdefault(version.pk, set())
        sides.add(key.side)
        self.known[version.pk] = version
        self.ever.setdefault(version.pk, set()).add(key.side)
        if self.latest is None or version.number > self.latest.number:
            self.latest = version
            self._no_difference(at)
        if len(sides) == 2:
            self.in_force = version
            self.agreed.append((at, version))
            self._no_difference(at)

    def _ended(self, at: datetime, kind: int, key: Agreement) -> None:
        """When an agreement was withdrawn, or its version declined."""
        version, sides = key.version, self.standing[key.version_id]
        if kind == BACK:
            sides.discard(key.side)
        # otherwise the other side's agreement remains
        elif len(self.ever[version.pk]) < 2:
            sides.clear()
        if self.in_force == version:
            self.in_force = None
            self.withdrawn.append((at, version))
        elif self.latest == version:
            self._no_difference(at)
            if self.in_force:
                self.latest = self.in_force
            elif len(self.ever[version.pk]) < 2:  # dropped
                side = Side(version.side).other if kind == DECLINED else ""
                self.latest = self._before(version, side) or self.latest

    def _before(self, version: GoalVersion, side: str) -> GoalVersion | None:
        """Like GoalVersion.before, for what was replayed so far."""
        for one in sorted(self.known.values(), key=lambda one: -one.number):
            if one.number >= version.number:
                continue
            if side in self.standing[one.pk] or (self.standing[one.pk] and not side):
                return one
            if len(self.ever[one.pk]) == 2:
                return one if side else None
        return None

    def _moved(self, at: datetime, move: GoalMove) -> None:
        """Seen differently, or resumed, which ends a difference."""
        if move.kind != GoalMove.Kind.DIFFERS:
            return self._no_difference(at)
        if self.agreed:  # the last agreed wording names it
            return None
        sides = dict(self.differs[-1][1]) if self.differs else {}
        if not sides:
            for version in sorted(self.known.values(), key=lambda one: one.number):
                sides[version.side] = version
        if move.wording:
            sides[move.side] = move
        self.differs.append((at, sides))
        return None

    def _no_difference(self, at: datetime) -> None:
        if self.differs and self.differs[-1][1]:
            self.differs.append((at, {}))
