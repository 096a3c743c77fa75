"""Goal versions: the wording, and each side's decisions about it."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.encryption import LATER_ADDED, EncryptedTextField
from accounts.models import User
from clients import signals
from clients.access import side_of
from clients.two_keys import AbstractWording
from goals.models.agreement import Agreement
from goals.models.content import CONTENT, LATER, Side, levels_of
from goals.models.goal import Goal, Overtaken
from goals.models.move import GoalMove

audit.verb("goal agreed", audit.Sort.WROTE, _("Agreed to a goal"))
audit.verb("goal in force", audit.Sort.WROTE, _("Goal in effect"))
audit.verb("goal key withdrawn", audit.Sort.WROTE, _("Withdrew agreement to a goal"))
audit.verb("goal declined", audit.Sort.WROTE, _("Kept the current wording"))
audit.verb(
    "goal seen differently", audit.Sort.WROTE, _("Disagreed with a goal’s wording")
)
audit.verb(
    "goal way suggested", audit.Sort.WROTE, _("Suggested what to do about two wordings")
)

TRIED_FOR = timedelta(days=14)
WEIGHTS = [(0, _("not")), (1, _("a little")), (2, _("very")), (3, _("extremely"))]


class GoalVersion(AbstractWording):
    """Append-only, here and in the database."""

    seal_as = "goal_version"
    retention = "record"
    not_exported = {"compared": "made from the words, for the page that marks changes"}
    frozen = "__all__"
    subject, content_fields, later_fields = "goal", CONTENT, LATER

    goal = models.ForeignKey(
        Goal, models.PROTECT, related_name="versions", db_constraint=False
    )
    own_words = EncryptedTextField(_("in the client's own words"))
    clinical_words = EncryptedTextField(_("in the therapist's words"), blank=True)
    why = EncryptedTextField(_("why it matters"), **LATER_ADDED)
    knowing = EncryptedTextField(_("how we will know"), **LATER_ADDED)
    low_end = EncryptedTextField(_("what 0 means"), blank=True)
    high_end = EncryptedTextField(_("what 10 means"), blank=True)
    # Only if it differs from the goal's date.
    review_on = models.DateField(_("review on"), null=True, blank=True)
    attainment = EncryptedTextField(_("attainment scale"), **LATER_ADDED)
    weight_importance = models.PositiveSmallIntegerField(
        _("importance"), null=True, blank=True, choices=WEIGHTS
    )
    weight_difficulty = models.PositiveSmallIntegerField(
        _("difficulty"), null=True, blank=True, choices=WEIGHTS
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["goal", "number"], name="goal_version_number"
            ),
            models.CheckConstraint(
                condition=models.Q(weight_importance__lte=3, weight_difficulty__lte=3)
                | models.Q(weight_importance=None, weight_difficulty=None),
                name="goal_version_weights",
                violation_error_message=_("Choose both importance and difficulty."),
            ),
        ]

    @property
    def levels(self) -> dict[int, str]:
        """The attainment scale: level (-2 to +2) to description; empty without one."""
        return levels_of(self.attainment)

    @property
    def weight(self) -> int | None:
        """Importance times difficulty, 0 to 9; None if not given."""
        if self.weight_importance is None:
            return None
        return self.weight_importance * self.weight_difficulty

    # -- verbs -------------------------------------------------------------------

    @signals.changes("goals")
    def agree(self, *, by: User) -> bool:
        """Agree for one's own side; False if it had already agreed.

        Raise Overtaken if a newer version was proposed or the goal was closed, since
        that was not read.
        """
        self._its_turn()
        return self._turn_key(by)

    @signals.changes("goals")
    def withdraw_key(self, reason: str, *, by: User) -> bool:
        """Withdraw one's own side's agreement; False without one.

        A version in effect then no longer is, and an open review ends undecided. A
        proposal without any agreement is dropped, and the earlier version counts again
        (`before`). If both withdraw from a wording they once agreed to, the goal is set
        aside.
        """
        self.goal.lock()
        self.goal.require_open()
        key = self.key_of(side_of(by))
        if key is None:
            return False
        self._fall(by)
        self.goal._note(
            "key_withdrawn", by=by, version=self, agreement=key, words=reason
        )
        audit.record("goal key withdrawn", about=self.goal, version=self.number)
        self.goal._settle()
        return True

    def _fall(self, by: User) -> None:
        """Update the goal after an agreement was withdrawn."""
        goal = self.goal
        if goal.in_force_id == self.pk:
            goal._end_review()
            goal.in_force = goal.in_force_at = goal.review_on = None
            goal.save(update_fields=["in_force", "in_force_at", "review_on", "review"])
        elif goal.latest_id == self.pk:
            if self.was_agreed:
                self._give_way(Goal.Ended.ASIDE, goal.in_force, by)
            else:
                self._give_way(Goal.Ended.TAKEN_BACK, self.before(), by)

    def _give_way(self, ended_as: str, before: GoalVersion | None, by: User) -> None:
        """Drop this proposal: the earlier version counts again, or the goal closes."""
        goal = self.goal
        if before is None:
            return goal._close(ended_as, by=by)
        goal.latest, goal.differs_since = before, None
        goal.save(update_fields=["latest", "differs_since"])
        goal._settle()

    def before(self, side: str = "") -> GoalVersion | None:
        """The version that counts without this proposal: the one in effect, else the
        newest earlier proposal with an agreement in effect (of `side` if given).

        Not a declined proposal, nor one older than a wording that both once agreed to;
        but that wording itself, even if withdrawn, if `side` declines what came after
        it.
        """
        if self.goal.in_force_id:
            return self.goal.in_force
        earlier = {"version__goal": self.goal_id, "version__number__lt": self.number}
        keys = Agreement.objects.filter(**earlier).with_declined()
        rows = keys.order_by("-version__number").values_list(
            "version_id", "side", "taken_back", "declined_at"
        )
        for version_id, group in groupby(rows, key=itemgetter(0)):
            given = list(group)
            once = len({row[1] for row in given}) == 2
            sides = {row[1] for row in given if row[2:] == (None, None)}
            if once:  # refusing to agree again leaves the other side's agreement
                sides = {row[1] for row in given if row[2] is None}
            if side in sides or (sides and not side):
                return GoalVersion.objects.get(pk=version_id)
            if once:
                return GoalVersion.objects.get(pk=version_id) if side else None
        return None

    @signals.changes("goals")
    def decline(self, words: str, *, by: User) -> None:
        """Decline in favor of what is agreed, what both once agreed to, or one's own
        earlier proposal.

        Without any of these, the client says that the goal is not theirs. Declining to
        agree again to a wording that both once agreed to sets the goal aside. Raise
        Overtaken if this is no longer the newest proposal, or is one's own.
        """
        self._its_turn()
        side, again = side_of(by), self.was_agreed
        is_own = self.goal.waits_for != side if again else self.side == side
        if is_own or not self.goal.has_proposal:
            raise Overtaken
        before = self.goal.in_force if again else self.before(side)
        if before is None and side != Side.CLIENT and not again:
            raise Overtaken
        self._give_way(Goal.Ended.ASIDE if again else Goal.Ended.DECLINED, before, by)
        self.goal._note("declined", by=by, version=self, words=words)
        audit.record("goal declined", about=self.goal, version=self.number)

    @signals.changes("goals")
    def differ(self, words: str, wording: str = "", *, by: User) -> None:
        """Record that one sees it differently: both wordings are saved, nobody is asked
        to agree.

        `words` is what matters to this side; `wording` its wording, if no version has
        it.
        """
        self._its_turn()
        if not self.goal.has_proposal:
            raise Overtaken
        goal = self.goal
        if goal.differs_since is None:
            goal.differs_since, goal.waits_for = timezone.now(), ""
            goal.save(update_fields=["differs_since", "waits_for"])
        goal._note("differs", by=by, version=self, words=words, wording=wording)
        audit.record("goal seen differently", about=goal, version=self.number)

    @signals.changes("goals")
    def suggest_next(self, choice: str, *, by: User) -> None:
        """Suggest what to do with two wordings: one of GoalMove.Next.

        If both choose to try both, the review is in two weeks.
        """
        self._its_turn()
        if self.goal.differs_since is None:
            raise Overtaken
        self.goal._note("next", by=by, version=self, choice=choice)
        audit.record("goal way suggested", about=self.goal, choice=choice)
        if choice == GoalMove.Next.TRY and self._other_suggests(choice, by):
            self.goal.review_on = by.today() + TRIED_FOR
            self.goal.save(update_fields=["review_on"])

    def _other_suggests(self, choice: str, by: User) -> bool:
        """The other side's suggestion since the last decided review, if any."""
        moves = self.goal.moves.filter(at__gte=self.goal.differs_since)
        theirs = Q(kind="next", side=Side(side_of(by)).other)
        moves = moves.filter(theirs | Q(kind="decided")).order_by("-at", "-pk")
        newest = moves.first()
        return bool(newest and newest.kind == "next" and newest.choice == choice)

    def _its_turn(self) -> None:
        self.goal.lock()
        self.goal.require_open()
        if self.goal.latest_id != self.pk:
            raise Overtaken

    def _turn_key(self, by: User) -> bool:
        turned = self.turn_key(by=by)
        if not turned:
            return False
        audit.record("goal agreed", about=self.goal, version=self.number)
        if turned == "both":
            self._come_into_force(by)
        else:
            self.goal._settle()
        return True

    def _come_into_force(self, by: User) -> None:
        goal = self.goal
        goal.__dict__.pop("last_agreed", None)
        goal.in_force, goal.in_force_at = self, timezone.now()
        goal.review_on = self._review_day(by)
        goal.waits_for, goal.differs_since = "", None
        goal.save(
            update_fields=[
                "in_force", "in_force_at", "review_on", "waits_for", "differs_since",
            ]
        )  # fmt: skip
        audit.record("goal in force", about=goal, version=self.number)

    def _review_day(self, by: User) -> date | None:
        """The review date of this version; else the goal's, unchanged; else the last
        one that both agreed to."""
        day = self.review_on or self.goal.review_on
        if day or self.number == 1:
            return day
        both = [Exists(Agreement.objects.of(OuterRef("pk"), side)) for side in Side]
        earlier = self.goal.versions.filter(*both, number__lt=self.number)
        earlier = earlier.exclude(review_on=None).order_by("-number").first()
        return earlier and Goal.next_review(earlier.review_on, by.today())
