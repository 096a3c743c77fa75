"""What a goal said on a day: old records show the words of their own time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from accounts.models import User
from goals.disagreement_page import with_names
from goals.models import Agreement, Goal, GoalVersion
from goals.models.content import Side

Moment = tuple[datetime, GoalVersion]


class Wordings:
    """The words that stood for each goal from when on, replayed from its agreements.

    Each version has one from the start, its proposer's.  `agreed` has the moments at
    which both sides' agreement stood, `withdrawn` those at which it ended.
    """

    def __init__(self, keys: Iterable[Agreement]):
        """`keys` with their `version`, `taken_back` and `with_declined()`."""
        self.shown: dict[UUID, list[Moment]] = {}
        self.agreed: dict[UUID, list[Moment]] = {}
        self.withdrawn: dict[UUID, list[Moment]] = {}
        by_goal: dict[UUID, list[Agreement]] = {}
        for key in keys:
            by_goal.setdefault(key.version.goal_id, []).append(key)
        for goal_id, given in by_goal.items():
            shown, agreed, withdrawn = _replayed(given)
            self.shown[goal_id], self.agreed[goal_id] = shown, agreed
            self.withdrawn[goal_id] = withdrawn

    @classmethod
    def of(cls, goal_ids: Iterable[UUID], user: User) -> Wordings:
        """In one query; the ids are those of goals that `user` may see."""
        rows = Agreement.objects.visible_to(user).filter(version__goal__in=goal_ids)
        return cls(rows.select_related("version", "taken_back").with_declined())

    @classmethod
    def before(cls, goals: list[Goal], when: datetime, user: User) -> Wordings:
        """For `words_then`: asks only about goals that may have had other words then:
        all with several versions but those agreed before `when` and in force since."""
        with_names(user, goals)
        newer = {
            goal.pk
            for goal in goals
            if goal.latest.number > 1
            and (goal.in_force_at is None or goal.in_force_at >= when)
        }
        return cls.of(newer, user) if newer else cls([])

    def words_then(self, goal: Goal, when: datetime) -> str:
        """Since the two see it differently, the wording of the reader's side."""
        if goal.is_differing_only and goal.differs_since <= when:
            return goal.called
        return self.at(goal.pk, when) or goal.called

    def at(self, goal_id: UUID, when: datetime) -> str:
        """The agreed words of that moment, else those proposed last until then.

        What was brought along from before the goal was here has its first words.
        """
        moments = self.shown.get(goal_id, [])
        if not moments:
            return ""
        place = bisect_right([at for at, _version in moments], when)
        return moments[max(place - 1, 0)][1].own_words


TURNED, BACK, DECLINED = range(3)  # what happens at one moment, in this order


def _replayed(keys: list[Agreement]) -> tuple[list[Moment], ...]:
    """As GoalVersion does it: a proposal that is gone leaves what is in force."""
    events = [(key.at, TURNED, key) for key in keys]
    events += [
        (key.taken_back.at, BACK, key) for key in keys if hasattr(key, "taken_back")
    ]
    events += [(key.declined_at, DECLINED, key) for key in keys if key.declined_at]
    standing: dict[UUID, set[str]] = {}
    ever: dict[UUID, set[str]] = {}  # who agreed to it, whether it stands or not
    known: dict[UUID, GoalVersion] = {}
    in_force = latest = None
    shown, agreed, withdrawn = [], [], []
    for at, kind, key in sorted(events, key=lambda event: event[:2]):
        version, sides = key.version, standing.setdefault(key.version_id, set())
        known[key.version_id] = version
        ever.setdefault(key.version_id, set()).add(key.side)
        if kind == TURNED:
            sides.add(key.side)
            if latest is None or version.number > latest.number:
                latest = version
            if len(sides) == 2:
                in_force = version
                agreed.append((at, version))
        else:
            sides -= {key.side} if kind == BACK else set(sides)
            if in_force == version:
                in_force = None
                withdrawn.append((at, version))
            elif in_force and latest == version:
                latest = in_force
            elif latest == version and len(ever[version.pk]) < 2:  # it is gone
                side = Side(version.side).other if kind == DECLINED else ""
                latest = _before(version, side, known, standing, ever) or latest
        shown.append((at, in_force or latest))
    return shown, agreed, withdrawn


def _before(version, side, known, standing, ever) -> GoalVersion | None:
    """As GoalVersion.before, of what is replayed so far."""
    for one in sorted(known.values(), key=lambda one: one.number, reverse=True):
        if one.number >= version.number:
            continue
        if side in standing[one.pk] or (standing[one.pk] and not side):
            return one
        if len(ever[one.pk]) == 2:
            return one if side else None
    return None
