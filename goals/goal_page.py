"""What a goal's page shows to either side, read in a handful of queries."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts import encryption
from clients.access import reach, side_of
from clients.sides import SidePages
from goals import history, status
from goals import page_queries as queries
from goals.disagreement_page import DisagreementPage, Wording, with_names
from goals.goal_history import GoalHistory
from goals.goal_numbers import GoalNumbers
from goals.models import (
    Goal,
    GoalLink,
    GoalMove,
    GoalVersion,
)
from goals.models.content import Side
from goals.strengths import next_step
from goals.version_words import REVIEW_ON, plain, said_in
from goals.voices import BOTH
from ui import screen_privacy
from ui.templatetags.ui import day_words, moment_words


@dataclass
class KeyLine:
    """One side of the two keys: whose, and since when."""

    name: str
    line: str
    turned: bool


@dataclass
class Linked:
    """Another goal that this one helps or hinders, or that does so to this one."""

    link: GoalLink
    other: Goal
    line: str


class GoalPage:
    """A goal as `user` sees it; attributes are plain values for the template."""

    def __init__(self, goal: Goal, user, names: SidePages, *, everything=False):
        self.goal, self.user, self.side = goal, user, side_of(user)
        self.everything, self.names = everything, names
        encryption.expect(goal.practice_id, [goal.client_id])
        self.past = GoalHistory(goal, user, everything=everything)
        self.versions, self.moves = self.past.versions, self.past.moves
        self.numbers = GoalNumbers(goal, user, names, self.past)
        self._read_steps()
        links = queries.links_of(user, goal=goal.pk)
        with_names(user, [end for link in links for end in (link.goal, link.other)])
        self.links = [self._linked(link) for link in links]
        self.strengths = next_step.at_hand(goal, user)

    def _read_steps(self) -> None:
        rows = queries.steps_of(self.user, goal=self.goal.pk)
        self.steps = [
            {"id": row.pk, "words": row.words, "reached": row.reached_at, "row": row}
            for row in rows
        ]
        laid = [step for step in self.steps if step["reached"]]
        for step in sorted(laid, key=lambda one: one["reached"])[-1:]:
            step["undo"] = True  # the last one may have been a slip
        ahead = [step for step in self.steps if not step["reached"]]
        for number, step in enumerate(ahead):
            step["next"] = number == 0  # one at a time, from the bottom
            step["down"], step["up"] = number > 0, number < len(ahead) - 1

    @property
    def carried_by(self) -> list[next_step.AtHand]:
        """The strengths that somebody linked to this goal."""
        return [strength for strength in self.strengths if strength.helps]

    def _linked(self, link: GoalLink) -> Linked:
        helps = link.kind == GoalLink.Kind.HELPS
        if link.goal_id == self.goal.pk:
            line = _("This helps it") if helps else _("This gets in its way")
            return Linked(link, link.other, line)
        line = _("It helps this one") if helps else _("It gets in the way of this")
        return Linked(link, link.goal, line)

    # -- who reads it ------------------------------------------------------------

    @cached_property
    def may_write(self) -> bool:
        """A supervisor reads, and so does who was discharged."""
        mine, client_id = reach(self.user), self.goal.client_id
        return client_id == mine.own_writes or client_id in mine.writes

    @property
    def may_change(self) -> bool:
        """What was closed rests until it is taken up again."""
        return self.may_write and self.goal.is_open

    @cached_property
    def offers_rating(self) -> bool:
        """What somebody began to type is offered, whatever came since."""
        begun = getattr(self.goal, "has_rating_draft", False)
        return self.may_change and (begun or self.goal.can_rate)

    @property
    def can_hand_over(self) -> bool:
        """Whether the client could turn their key on this very device."""
        waits = self.goal.waits_for == Side.CLIENT and not self.names.portal
        return self.may_change and waits and self.goal.is_shared

    # -- words -------------------------------------------------------------------

    @property
    def shown(self) -> GoalVersion:
        return self.goal.shown

    @cached_property
    def proposal(self) -> GoalVersion | None:
        """Words that lie there and are not in force."""
        if not (self.goal.is_open and self.goal.has_proposal):
            return None
        return self.past.version(self.goal.latest_id)

    @property
    def proposes_list(self) -> bool:
        """Whether what is proposed came with an import."""
        return bool(self.goal.from_list and self.proposal and self.proposal.number == 1)

    @property
    def differs(self) -> bool:
        return self.goal.differs_since is not None

    @cached_property
    def both_wordings(self) -> list[Wording]:
        """Each side's way of saying it, while the two see it differently."""
        return DisagreementPage(self.goal, self.user).wordings if self.differs else []

    @property
    def rests(self) -> bool:
        """A key was taken back from what was in force, and nothing new lies there."""
        return bool(self.proposal and not self.differs and not self.goal.waits_for)

    @cached_property
    def withdrawals(self) -> list[GoalMove]:
        """Who withdrew from the words that both agreed to last, and why: each side that
        has not agreed to them again, the newest first."""
        if self.goal.in_force_id:
            return []
        for version in sorted(self.versions, key=lambda one: -one.number):
            if len({key.side for key in version.turned}) == len(BOTH):
                held = history.held_keys(version)
                last = {key.side: key for key in version.turned}
                back = [
                    key.taken_back for side, key in last.items() if side not in held
                ]
                return sorted(back, key=lambda move: move.at, reverse=True)
        return []

    @property
    def reader(self) -> status.Reader:
        return status.Reader(self.side, self.may_write)

    @property
    def standing(self) -> SafeString:
        """How the goal stands, in the words of every page."""
        return status.standing(self.goal, self.reader)

    @property
    def asked(self) -> str:
        return status.asked(self.goal, self.reader, self.goal.client)

    @cached_property
    def replaces(self) -> GoalVersion | None:
        """The words of both that the proposal would replace: those in effect, or those
        that were so last."""
        agreed = self.goal.last_agreed
        return agreed if self.proposal and agreed != self.proposal else None

    @property
    def shows_wording(self) -> bool:
        """Whether words stand above the proposal, or without one."""
        return bool(self.replaces) or not self.proposal

    @property
    def wording_heading(self) -> str:
        """Only words that both agreed to, and that were not withdrawn, are agreed."""
        if self.goal.in_force_id:
            return _("The agreed goal")
        return _("The last agreed wording") if self.replaces else _("The wording")

    @property
    def open_review(self) -> str:
        """The review that is open, by who began it."""
        by = self.goal.review.opened_by
        if by == self.user:
            return _("The review you started")
        return _("%(name)s’s review") % {"name": screen_privacy.called(by)}

    @cached_property
    def no_review(self) -> str:
        """Why it cannot be reviewed; said to who could otherwise."""
        return status.no_review(self.goal) if self.may_change else ""

    @cached_property
    def closed_because(self) -> SafeString:
        return status.closed_because(self.goal, self.user)

    @cached_property
    def line(self) -> GoalMove | None:
        return next((m for m in self.moves if m.kind == GoalMove.Kind.LINE), None)

    @property
    def can_agree(self) -> bool:
        missing = self.proposal and self.side not in history.held_keys(self.proposal)
        return bool(self.may_change and missing)

    @property
    def can_decline(self) -> bool:
        """The other side's proposal, for what was there before it; without anything
        before it only the client says no, and whoever is to agree again."""
        waits = self.may_change and self.goal.waits_for == self.side
        alone = self.side == Side.CLIENT or self.is_asked_again
        return bool(waits and (alone or self.before))

    @property
    def is_asked_again(self) -> bool:
        """Whether the proposal is what both once agreed to."""
        return bool(self.proposal and self.proposal == self.goal.last_agreed)

    @cached_property
    def before(self) -> GoalVersion | None:
        """What counts again where this side declines the proposal."""
        agreed = self.goal.in_force_id or self.is_asked_again
        if not self.proposal or agreed or self.proposal.number == 1:
            return self.goal.in_force
        return self.proposal.before(self.side)

    @property
    def decline_words(self) -> str:
        """What the button says that declines."""
        if self.goal.in_force_id:
            return _("Keep the current wording")
        if self.is_asked_again:
            return _("Don’t agree again")
        if self.before is None:
            return _("This isn’t my goal")
        mine = self.before.keys.not_withdrawn().filter(side=self.side)
        if not mine.exists():
            return _("Decline this wording")
        if self.before.side == self.side:
            return _("Keep my wording")
        return _("Keep the earlier wording")

    @property
    def declining_closes(self) -> bool:
        """Whether nothing is left of the goal where it is declined: it asks once."""
        return self.before is None

    @property
    def kept_wording(self) -> GoalVersion | None:
        """What declining goes back to, where the page does not show it anyway."""
        hidden = self.can_decline and self.before != self.replaces
        return self.before if hidden else None

    @property
    def wording_of(self) -> str:
        """Who wrote what is shown; of what both agreed to, that they did."""
        if self.replaces and not self.goal.in_force_id:
            return _("The last agreed wording")
        shown = self.past.version(self.shown.pk)
        is_mine = shown.proposed_by_id == self.user.pk
        if shown.side == Side.CLIENT:
            by = {"name": screen_privacy.called(self.goal.client.preferred_name)}
            return _("In your words") if is_mine else _("In %(name)s’s words") % by
        if self.goal.in_force_id:
            return _("The agreed wording")
        if self.goal.from_list and shown.number == 1:
            return _("From an imported list")
        by = {"name": screen_privacy.called(shown.proposed_by)}
        if any(key.side == Side.CLIENT for key in shown.turned):
            return _("Your wording") if is_mine else _("%(name)s’s wording") % by
        return _("Your suggestion") if is_mine else _("%(name)s’s suggestion") % by

    @property
    def mine_is_turned(self) -> bool:
        """Whether one has a key to take back, on the proposal or on what is agreed."""
        return bool(self.may_change and self.my_version)

    @cached_property
    def my_version(self) -> GoalVersion | None:
        for version in (self.proposal, self.past.version(self.goal.in_force_id)):
            if version and self.side in history.held_keys(version):
                return version
        return None

    @property
    def is_my_proposal(self) -> bool:
        return self.my_version is not None and self.my_version == self.proposal

    @cached_property
    def difference(self) -> SafeString | None:
        """The proposal with what it changes of the agreed words marked."""
        return self.replaces and self.proposal.difference_from(self.replaces)

    @property
    def is_marked(self) -> bool:
        """Whether anything new is underlined: not where the two are too different."""
        return bool(self.difference) and "<ins>" in self.difference

    @property
    def other_changes(self) -> list[tuple[str, str, str]]:
        """What else the proposal changes: label, before, after."""
        if not self.replaces:
            return []
        old = said_in(self.replaces, self.goal if self.goal.in_force_id else None)
        new = said_in(self.proposal)
        if self.proposal.review_on is None:  # the goal keeps its day
            new[REVIEW_ON] = old[REVIEW_ON]
        nothing = plain("")
        pairs = [
            (label, old.get(label, nothing), new.get(label, nothing))
            for label in {**old, **new}
            if not (self.rests and label == REVIEW_ON)
        ]
        return [pair for pair in pairs if pair[1] != pair[2]]

    @property
    def more_words(self) -> list[tuple[str, str]]:
        """What stands beside the wording of a goal that nobody changed yet."""
        said = said_in(self.proposal or self.shown)
        if self.rests:  # nobody is asked to review it
            del said[REVIEW_ON]
        nothing = plain("")
        return [(label, text) for label, text in said.items() if text != nothing]

    # -- keys --------------------------------------------------------------------

    def _key(self, side: str, version: GoalVersion) -> KeyLine:
        turned = history.held_keys(version).get(side)
        back = [key for key in version.turned if key.side == side]
        last = turned or (back[-1] if back else None)
        name = self._name(side, last and last.by)
        if turned:
            when = moment_words(turned.at, begin=False)
            return KeyLine(name, _("agreed %(when)s") % {"when": when}, True)
        if back:
            at = timezone.localtime(back[-1].taken_back.at)
            when = day_words(at.date(), begin=False)
            return KeyLine(name, _("withdrawn %(when)s") % {"when": when}, False)
        return KeyLine(name, _("not yet"), False)

    def _name(self, side, person) -> str:
        """`person` turned the key of that side, if anybody did; without one it is
        up to who may."""
        is_mine = person == self.user if person else self._is_mine(side)
        if is_mine:
            return _("You")
        if side == Side.CLIENT:
            return screen_privacy.called(self.goal.client.preferred_name)
        if person:
            return person.name
        return _("Your therapist") if self.side == Side.CLIENT else _("Therapist")

    def _is_mine(self, side) -> bool:
        return side == self.side and (self.may_write or side == Side.CLIENT)

    @property
    def left(self) -> KeyLine:
        return self._key(Side.CLIENT, self.proposal or self.versions[0])

    @property
    def right(self) -> KeyLine:
        return self._key(Side.THERAPIST, self.proposal or self.versions[0])

    @property
    def seen(self) -> str:
        """When the newest line of the history was written, to be sent along."""
        newest = self.moves[0].at if self.moves else self.goal.created_at
        return newest.isoformat()

    # -- steps -------------------------------------------------------------------

    @property
    def reached(self) -> int:
        return sum(1 for step in self.steps if step["reached"])
