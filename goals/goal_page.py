"""The data of a goal's page for either side, read in a few queries."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts import encryption
from clients.access import reach, side_of
from clients.sides import SidePages
from goals import history, status
from goals import page_queries as queries
from goals.agreement_lines import AgreementReader, KeyLine, colleague
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


@dataclass
class Linked:
    """Another goal that this one helps or hinders, or the other way round."""

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
            step["undo"] = True  # the last one may have been a mistake
        ahead = [step for step in self.steps if not step["reached"]]
        for number, step in enumerate(ahead):
            step["next"] = number == 0  # one at a time, from the bottom
            step["down"], step["up"] = number > 0, number < len(ahead) - 1

    @property
    def carried_by(self) -> list[next_step.AtHand]:
        """The strengths linked to this goal."""
        return [strength for strength in self.strengths if strength.helps]

    def _linked(self, link: GoalLink) -> Linked:
        helps = link.kind == GoalLink.Kind.HELPS
        if link.goal_id == self.goal.pk:
            line = _("This helps it") if helps else _("This gets in its way")
            return Linked(link, link.other, line)
        line = _("It helps this one") if helps else _("It gets in the way of this")
        return Linked(link, link.goal, line)

    # -- the reader --------------------------------------------------------------

    @cached_property
    def may_write(self) -> bool:
        """False for a supervisor and for a discharged client: they only read."""
        mine, client_id = reach(self.user), self.goal.client_id
        return client_id == mine.own_writes or client_id in mine.writes

    @property
    def may_change(self) -> bool:
        """False for a closed goal until it is resumed."""
        return self.may_write and self.goal.is_open

    @cached_property
    def offers_rating(self) -> bool:
        """Also if the reader has a rating draft, whatever happened since."""
        begun = getattr(self.goal, "has_rating_draft", False)
        return self.may_change and (begun or self.goal.can_rate)

    @property
    def can_hand_over(self) -> bool:
        """Whether the client could agree on this device now."""
        waits = self.goal.waits_for == Side.CLIENT and not self.names.portal
        return self.may_change and waits and self.goal.is_shared

    # -- wording -----------------------------------------------------------------

    @property
    def shown(self) -> GoalVersion:
        return self.goal.shown

    @cached_property
    def proposal(self) -> GoalVersion | None:
        """The proposed version that is not in effect, or None."""
        if not (self.goal.is_open and self.goal.has_proposal):
            return None
        return self.past.version(self.goal.latest_id)

    @property
    def proposes_list(self) -> bool:
        """Whether the proposal came with an import."""
        return bool(self.goal.from_list and self.proposal and self.proposal.number == 1)

    @property
    def differs(self) -> bool:
        return self.goal.differs_since is not None

    @cached_property
    def both_wordings(self) -> list[Wording]:
        """Each side's wording, while the two see it differently."""
        return DisagreementPage(self.goal, self.user).wordings if self.differs else []

    @property
    def rests(self) -> bool:
        """An agreement to what was in effect was withdrawn, and nothing is proposed."""
        return bool(self.proposal and not self.differs and not self.goal.waits_for)

    @cached_property
    def withdrawals(self) -> list[GoalMove]:
        """Who withdrew from the wording that both agreed to last, and why: for each
        side that has not agreed again, newest first."""
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
        """The goal's status, worded as on every page."""
        return status.standing(self.goal, self.reader)

    @property
    def asked(self) -> str:
        return status.asked(self.goal, self.reader, self.goal.client)

    @cached_property
    def replaces(self) -> GoalVersion | None:
        """The agreed wording that the proposal would replace, current or withdrawn."""
        agreed = self.goal.last_agreed
        return agreed if self.proposal and agreed != self.proposal else None

    @property
    def shows_wording(self) -> bool:
        """Whether a wording is shown above the proposal, or without one."""
        return bool(self.replaces) or not self.proposal

    @property
    def wording_heading(self) -> str:
        """Only a wording that both agreed to and neither withdrew from is "agreed"."""
        if self.goal.in_force_id:
            return _("The agreed goal")
        return _("The last agreed wording") if self.replaces else _("The wording")

    @property
    def open_review(self) -> str:
        """The open review and who started it."""
        by = self.goal.review.opened_by
        if by == self.user:
            return _("The review you started")
        return _("%(name)s’s review") % {"name": screen_privacy.called(by)}

    @cached_property
    def no_review(self) -> str:
        """Why it cannot be reviewed; for readers who otherwise could."""
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
        """Whether the reader can decline the other side's proposal in favor of the
        earlier wording.

        Without an earlier one, only the client can decline, or the side that is asked
        to agree again.
        """
        waits = self.may_change and self.goal.waits_for == self.side
        alone = self.side == Side.CLIENT or self.is_asked_again
        return bool(waits and (alone or self.before))

    @property
    def is_asked_again(self) -> bool:
        """Whether the proposal is a wording that both once agreed to."""
        return bool(self.proposal and self.proposal == self.goal.last_agreed)

    @cached_property
    def before(self) -> GoalVersion | None:
        """The version that counts again if this side declines the proposal."""
        agreed = self.goal.in_force_id or self.is_asked_again
        if not self.proposal or agreed or self.proposal.number == 1:
            return self.goal.in_force
        return self.proposal.before(self.side)

    @property
    def before_by_colleague(self) -> str:
        """The colleague who wrote the version that counts again; '' for the reader."""
        before = self.before
        if before is None or before.side != self.side:
            return ""
        is_mine = before.proposed_by_id == self.user.pk
        return "" if is_mine else screen_privacy.called(before.proposed_by)

    @property
    def decline_words(self) -> str:
        """Label of the decline button."""
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
            if not self.before_by_colleague:
                return _("Keep my wording")
            return _("Keep %(name)s’s wording") % {"name": self.before_by_colleague}
        return _("Keep the earlier wording")

    @property
    def declining_closes(self) -> bool:
        """Whether declining closes the goal: it then asks for confirmation."""
        return self.before is None

    @property
    def kept_wording(self) -> GoalVersion | None:
        """The wording that declining returns to, unless the page already shows it."""
        hidden = self.can_decline and self.before != self.replaces
        return self.before if hidden else None

    @property
    def wording_of(self) -> str:
        """Who wrote the wording shown; for an agreed one, that both agreed to it."""
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
        """Whether the reader can withdraw an agreement, to the proposal or the goal."""
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
        """The proposal, with its changes from the agreed wording marked."""
        return self.replaces and self.proposal.difference_from(self.replaces)

    @property
    def is_marked(self) -> bool:
        """Whether new text is underlined: not if the two wordings differ too much."""
        return bool(self.difference) and "<ins>" in self.difference

    @property
    def other_changes(self) -> list[tuple[str, str, str]]:
        """Other fields that the proposal changes: label, before, after."""
        if not self.replaces:
            return []
        old = said_in(self.replaces, self.goal if self.goal.in_force_id else None)
        new = said_in(self.proposal)
        if self.proposal.review_on is None:  # the goal keeps its review date
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
        """Details beside the wording of a goal that nobody has changed yet."""
        said = said_in(self.proposal or self.shown)
        if self.rests:  # nobody is asked to review it
            del said[REVIEW_ON]
        nothing = plain("")
        return [(label, text) for label, text in said.items() if text != nothing]

    # -- agreements --------------------------------------------------------------

    @cached_property
    def colleague(self) -> str:
        """The colleague whose agreement the reader could withdraw; '' if their own."""
        version = self.my_version
        held = history.held_keys(version).get(self.side) if version else None
        return colleague(held, self.user)

    def _key(self, side: str) -> KeyLine:
        reader = AgreementReader(self.user, self.side, self.may_write)
        return reader.line(self.goal, side, self.proposal or self.versions[0])

    @property
    def left(self) -> KeyLine:
        return self._key(Side.CLIENT)

    @property
    def right(self) -> KeyLine:
        return self._key(Side.THERAPIST)

    @property
    def seen(self) -> str:
        """When the newest history line was written; the forms send it back."""
        newest = self.moves[0].at if self.moves else self.goal.created_at
        return newest.isoformat()

    # -- steps -------------------------------------------------------------------

    @property
    def reached(self) -> int:
        return sum(1 for step in self.steps if step["reached"])
