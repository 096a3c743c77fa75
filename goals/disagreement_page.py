"""Two different wordings, side by side, and what each side suggests doing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts import encryption
from accounts.models import User
from clients.access import side_of
from goals.agreement_lines import colleague
from goals.models import Agreement, Goal, GoalMove, GoalVersion
from goals.models.content import Side
from ui import screen_privacy


@dataclass
class Wording:
    """One side's wording."""

    side: str
    name: str
    words: str
    matters: str = ""
    why: str = ""  # from the version, if that side said nothing more
    clinical: str = ""  # the therapist's clinical wording, beside the client's own
    is_yours: bool = False  # not a colleague's

    @property
    def is_said(self) -> bool:
        return bool(self.matters)


class DisagreementPage:
    def __init__(self, goal: Goal, user):
        self.goal, self.user, self.side = goal, user, side_of(user)
        encryption.expect(goal.practice_id, [goal.client_id])
        rows = goal.versions.select_related("proposed_by").order_by("-number")
        self.versions = list(rows)
        kinds = (GoalMove.Kind.DIFFERS, GoalMove.Kind.NEXT, GoalMove.Kind.DECIDED)
        since = goal.differs_since
        moves = (
            goal.moves.filter(kind__in=kinds)
            .select_related("by")
            .order_by("-at", "-pk")
        )
        self.moves = list(moves.filter(at__gte=since)) if since else []
        self.differs = since is not None

    @cached_property
    def proposal(self) -> GoalVersion | None:
        """The proposal that is not in effect, about which the two differ."""
        if not (self.goal.is_open and self.goal.has_proposal):
            return None
        found = next(v for v in self.versions if v.pk == self.goal.latest_id)
        found.goal = self.goal
        return found

    @property
    def wordings(self) -> list[Wording]:
        return [self._wording(side) for side in (Side.CLIENT, Side.THERAPIST)]

    def _wording(self, side: str) -> Wording:
        mine = side == self.side
        said = self._newest(GoalMove.Kind.DIFFERS, side)
        version = self._version_of(side)
        own = said.wording if said else ""
        return Wording(
            side,
            self._name(side, said),
            own or (version.own_words if version else ""),
            said.words if said else "",
            why=version.why if version else "",
            clinical=version.clinical_words if version and not own else "",
            is_yours=mine and self._person(side, said) in (None, self.user),
        )

    def _version_of(self, side: str) -> GoalVersion | None:
        """The newest wording proposed by this side, else the one in effect."""
        mine = next((v for v in self.versions if v.side == side), None)
        if self.proposal.side == side:
            mine = self.proposal
        elif self.goal.in_force_id:
            mine = next(v for v in self.versions if v.pk == self.goal.in_force_id)
        return mine

    def _newest(self, kind: str, side: str) -> GoalMove | None:
        found = (m for m in self.moves if (m.kind, m.side) == (kind, side))
        newest = next(found, None)
        return None if newest and self._is_over(newest) else newest

    @cached_property
    def _decided(self) -> GoalMove | None:
        """The last review decided since the two see it differently."""
        return next((m for m in self.moves if m.kind == GoalMove.Kind.DECIDED), None)

    def _is_over(self, move: GoalMove) -> bool:
        return _is_over(move, self._decided)

    @property
    def trial_ended_by(self) -> GoalMove | None:
        """The review that ended a trial of both wordings, unless one was chosen
        after."""
        tried = {move.side for move in self.moves if self._is_over(move)}
        is_over = len(tried) == 2 and not (self.my_next or self.their_next)
        return self._decided if is_over else None

    def _name(self, side: str, said: GoalMove | None) -> str:
        person = self._person(side, said)
        if side == self.side and person in (None, self.user):
            return _("You")
        if side == Side.CLIENT:
            return screen_privacy.called(self.goal.client.preferred_name)
        return person.name if person else _("Your therapist")

    def _person(self, side: str, said: GoalMove | None) -> User | None:
        """The person of that side who said it, else who proposed its wording."""
        theirs = next((v.proposed_by for v in self.versions if v.side == side), None)
        return said.by if said else theirs

    @property
    def mine(self) -> Wording:
        return next(one for one in self.wordings if one.side == self.side)

    @property
    def theirs(self) -> Wording:
        return next(one for one in self.wordings if one.side != self.side)

    @property
    def is_my_proposal(self) -> bool:
        return self.proposal.side == self.side

    @property
    def colleague(self) -> str:
        """The colleague whose agreement the reader could withdraw; '' if their own."""
        return colleague(self.proposal.key_of(self.side), self.user)

    @property
    def my_next(self) -> GoalMove | None:
        return self._newest(GoalMove.Kind.NEXT, self.side)

    @property
    def their_next(self) -> GoalMove | None:
        return self._newest(GoalMove.Kind.NEXT, Side(self.side).other)

    @property
    def my_next_words(self) -> str:
        return _in_words(self.my_next)

    @property
    def their_next_words(self) -> str:
        return _in_words(self.their_next)

    @property
    def both_next_at(self):
        """When the second side chose the same."""
        return max(self.my_next.at, self.their_next.at)

    @property
    def both_next(self) -> str:
        """What both chose to do next, as text; '' unless they chose the same."""
        mine, theirs = self.my_next, self.their_next
        if mine and theirs and mine.choice == theirs.choice:
            return _in_words(mine)
        return ""


def own_words(user: User, goals: Iterable[Goal]) -> dict[UUID, str]:
    """The reader's own side's wording of each goal that is seen differently.

    For lists, which would otherwise show whatever was proposed last. A goal with a
    wording that is or was agreed is called by that, and left out here.
    """
    differing = {
        goal.pk: goal
        for goal in goals
        if goal.is_differing_only and not goal.last_agreed
    }
    if not differing:
        return {}
    side = side_of(user)
    versions = GoalVersion.objects.visible_to(user).filter(goal__in=differing)
    versions = versions.filter(side=side).order_by("number")
    found = {version.goal_id: version.own_words for version in versions}
    moves = GoalMove.objects.visible_to(user).filter(goal__in=differing, side=side)
    for move in moves.filter(kind=GoalMove.Kind.DIFFERS).order_by("at", "pk"):
        if move.wording and move.at >= differing[move.goal_id].differs_since:
            found[move.goal_id] = move.wording
    return found


def with_names(user: User, goals: Collection[Goal]) -> Collection[Goal]:
    """The same goals with `called` as the reader's side words it, and with each side's
    suggestion (`with_ways`).

    Three queries if any goal is seen differently; one if no wording of a goal is in
    effect (the last agreed one names it); else none.
    """
    unread = (goal for goal in goals if "last_agreed" not in goal.__dict__)
    asked = [goal.pk for goal in unread if not goal.in_force_id]
    keys = Agreement.objects.visible_to(user).filter(version__goal__in=asked)
    agreed = keys.last_agreed() if asked else {}
    for goal in goals:
        if goal.in_force_id or goal.pk in asked:
            goal.last_agreed = goal.in_force or agreed.get(goal.pk)
    own = own_words(user, goals)
    for goal in goals:
        goal.own_wording = own.get(goal.pk, "")
    return with_ways(user, goals)


@dataclass
class Ways:
    """Each side's last suggestion for two wordings, as `user` reads it; none from a
    trial that a review ended."""

    user: User
    by_side: dict[str, GoalMove]

    @property
    def chosen(self) -> GoalMove | None:
        """The later of two equal suggestions: both chose it."""
        found = sorted(self.by_side.values(), key=lambda move: move.at)
        alike = len(found) == 2 and found[0].choice == found[1].choice
        return found[1] if alike else None

    @property
    def open(self) -> list[GoalMove]:
        """Each side's suggestion, oldest first; empty once both chose the same."""
        found = sorted(self.by_side.values(), key=lambda move: move.at)
        return [] if self.chosen else found

    def is_own(self, move: GoalMove) -> bool:
        return move.by_id == self.user.pk


def with_ways(user: User, goals: Collection[Goal]) -> Collection[Goal]:
    """The same goals; those seen differently get `ways`."""
    differing = {goal.pk: goal for goal in goals if goal.is_open and goal.differs_since}
    for goal in differing.values():
        goal.ways = Ways(user, {})
    if differing:
        kinds = (GoalMove.Kind.NEXT, GoalMove.Kind.DECIDED)
        moves = GoalMove.objects.visible_to(user).filter(goal__in=differing)
        moves = moves.filter(kind__in=kinds).select_related("by")
        for move in moves.order_by("at", "pk"):
            goal = differing[move.goal_id]
            if move.at >= goal.differs_since:
                _told_to(goal.ways.by_side, move)
    return goals


def _told_to(by_side: dict[str, GoalMove], move: GoalMove) -> None:
    """Process moves in time order: a suggestion adds one, a decided review ends a trial
    or a half-agreed one."""
    if move.kind == GoalMove.Kind.NEXT:
        by_side[move.side] = move
        return
    for side, said in list(by_side.items()):
        if _is_over(said, move):
            del by_side[side]


def _is_over(move: GoalMove, decided: GoalMove | None) -> bool:
    """Whether a trial, or a half-agreed one, came before a decided review."""
    is_trial = move.choice == GoalMove.Next.TRY
    return bool(is_trial and decided and decided.at > move.at)


def _in_words(move: GoalMove | None) -> str:
    return str(GoalMove.Next(move.choice).label) if move else ""
