"""Goals: a version is in effect only when both sides have agreed to exactly it."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts import audit, row_limits
from accounts.models import User
from clients import signals
from clients.access import side_of
from clients.models import ClientRow, ClientRowQuerySet
from database.locks import lock
from goals.models.content import Content, Side

audit.kind("goal", _("A goal"))
audit.verb("goal proposed", audit.Sort.WROTE, _("Proposed a goal"))
audit.verb("goal closed", audit.Sort.WROTE, _("Goal closed"))
audit.verb("goal taken up", audit.Sort.WROTE, _("Resumed a goal"))
audit.verb("goal line kept", audit.Sort.WROTE, _("Added a note to a reached goal"))

REVIEW_AFTER = timedelta(days=91)
CHANGE_WITHIN = timedelta(days=14)  # ask again if no change is proposed by then
# Per client: open goals, all goals, and versions over all goals.
MOST_OPEN, MOST_GOALS, MOST_VERSIONS = 50, 150, 300
TOO_MANY_OPEN = _(
    "This record already has %(most)d open goals, the maximum. Close a goal before "
    "you open another."
)
TOO_MANY_GOALS = _(
    "This record already has %(most)d goals, open and closed, the maximum. Change an "
    "open goal instead."
)
TOO_MANY_VERSIONS = _(
    "This record already has %(most)d proposals, the maximum. The wording can no "
    "longer be changed here."
)


class Overtaken(Exception):
    """The other side acted meanwhile; nobody has agreed to what it did."""


class GoalQuerySet(ClientRowQuerySet):
    def open(self):
        return self.filter(closed_at=None)

    def with_words(self):
        """With the version in effect and the newest one, for lists."""
        return self.select_related("in_force", "latest")

    def waiting_for(self, side: str):
        """Goals on whose newest version `side` is asked to agree (`Goal._settle`)."""
        return self.open().filter(waits_for=side)


class Goal(ClientRow):
    retention = "record"
    # Whether a notification is pending until it is opened; a page's query reads it
    # first (`signals.with_told`).
    is_told = True
    not_exported = {
        "waits_for": "follows from the keys of its latest version",
        "review": "the review of this goal that is not closed",
    }
    frozen = {"created_at", "from_list"}

    class Ended(models.TextChoices):
        ASIDE = "aside", _("Set aside")
        REACHED = "reached", _("Reached")
        TAKEN_BACK = "taken back", _("Proposal withdrawn")
        DECLINED = "declined", _("Declined")

    client = models.ForeignKey(
        "clients.Client", models.PROTECT, related_name="goals", db_constraint=False
    )
    # Denormalized; only the methods below update these, so that lists need no subquery.
    # A trigger rejects an `in_force` without both agreements.
    in_force = models.ForeignKey(
        "GoalVersion", models.PROTECT, null=True, related_name="+", db_constraint=False
    )
    in_force_at = models.DateTimeField(null=True)
    # The newest version that counts: the one in effect, or the proposal.
    latest = models.ForeignKey(
        "GoalVersion", models.PROTECT, null=True, related_name="+", db_constraint=False
    )
    waits_for = models.CharField(
        max_length=10, blank=True, choices=Side.choices, default="", db_default=""
    )
    differs_since = models.DateTimeField(null=True)
    # Of the version in effect, or set by a review.
    review_on = models.DateField(null=True)
    review = models.ForeignKey(
        "Review", models.PROTECT, null=True, related_name="+", db_constraint=False
    )
    created_at = models.DateTimeField(default=timezone.now)
    from_list = models.BooleanField(default=False, db_default=False)  # by an import
    closed_at = models.DateTimeField(null=True)
    ended_as = models.CharField(
        max_length=12, blank=True, choices=Ended.choices, default="", db_default=""
    )

    objects = GoalQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["client", "created_at"], name="goal_by_client")]

    def get_absolute_url(self):
        return reverse("goal", args=[self.pk])

    @property
    def shown(self):
        """The version whose wording names the goal: in effect, else last in effect,
        else the newest proposal."""
        return self.last_agreed or self.latest

    @cached_property
    def last_agreed(self):
        """The version in effect, or last in effect; None if there never was one. Lists
        load it for all goals at once (`disagreement_page.with_names`)."""
        from goals.models.agreement import Agreement

        if self.in_force_id or not self.latest_id:
            return self.in_force
        return Agreement.objects.filter(version__goal=self).last_agreed().get(self.pk)

    @property
    def called(self) -> str:
        """The goal's name on pages: if the two see it differently and never agreed, the
        wording of the reader's side, as loaded by `disagreement_page.with_names`."""
        return self.__dict__.get("own_wording") or self.shown.own_words

    @property
    def is_agreed(self) -> bool:
        return self.in_force_id is not None

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def has_proposal(self) -> bool:
        """Whether there is a proposed version that is not in effect."""
        return self.latest_id != self.in_force_id

    @property
    def can_rate(self) -> bool:
        """Whether pages offer a rating: not after an agreement was withdrawn, until the
        goal is in effect again or both try two wordings."""
        stands = self.is_agreed or self.differs_since
        return bool(self.is_open and (stands or not self.last_agreed))

    @property
    def is_differing_only(self) -> bool:
        """Whether the two see it differently and none of its wordings was agreed."""
        return bool(self.is_open and self.differs_since and not self.is_agreed)

    @property
    def is_shared(self) -> bool:
        """Whether the client can agree: they have an account that may still write."""
        client = self.client
        return (
            client.has_joined and not client.closed_portal and not client.is_discharged
        )

    @property
    def is_alone(self) -> bool:
        """Whether one side decides alone: the client cannot write and never agreed to
        any version. Otherwise the goal waits for the client."""
        from goals.models.agreement import Agreement

        theirs = Agreement.objects.filter(version__goal=self.pk, side=Side.CLIENT)
        return not (self.is_shared or self.in_force_id or theirs.exists())

    @property
    def can_decide(self) -> bool:
        """Whether a review can close: both can answer, or one side decides alone."""
        return self.is_open and (self.is_shared or self.is_alone)

    @property
    def can_review(self) -> bool:
        """Whether a review can start: of an agreed version, of two wordings, of a goal
        with a review date, or by a side that decides alone."""
        is_set = self.is_agreed or self.differs_since or self.review_on
        return self.can_decide and (bool(is_set) or not self.is_shared)

    def keyed_by(self, side: str):
        """The version from which `side` could withdraw its agreement: the proposal,
        else the agreed one; or None."""
        from goals.models.agreement import Agreement

        keys = Agreement.objects.not_withdrawn().filter(side=side)
        keys = keys.filter(version__in=[self.latest_id, self.in_force_id])
        newest = keys.select_related("version").order_by("-version__number").first()
        return newest and newest.version

    @property
    def is_due(self) -> bool:
        """Whether its review date has come."""
        return bool(self.review_day and self.review_day <= timezone.localdate())

    @property
    def review_day(self):
        """The date on which both are asked to review it; None once care has ended."""
        return None if self.client.is_discharged else self.review_on

    # -- verbs -------------------------------------------------------------------

    @classmethod
    @signals.changes("goals")
    def propose(cls, client, content: Content, *, by: User, key=None) -> Goal:
        mine = cls.objects.filter(client=client)
        row_limits.require_room(mine, MOST_GOALS, TOO_MANY_GOALS)
        row_limits.require_room(mine.open(), MOST_OPEN, TOO_MANY_OPEN)
        goal = cls(practice_id=client.practice_id, client=client)
        goal.pk = key or goal.pk
        goal.save(force_insert=True)
        goal.propose_version(content, by=by)
        return goal

    @signals.changes("goals")
    def propose_version(self, content: Content, *, by: User, seen: int | None = None):
        """Create the next version, with the proposer's agreement.

        The agreed version stays in effect until both have agreed to this one. Raise
        Overtaken if the goal was closed meanwhile, or if the newest version is not
        `seen`.
        """
        from goals.models.version import GoalVersion

        self.lock()
        self.require_open()
        if seen is not None and self.latest.number != seen:
            raise Overtaken
        versions = GoalVersion.objects.filter(client=self.client_id)
        row_limits.require_room(versions, MOST_VERSIONS, TOO_MANY_VERSIONS)
        newest = self.versions.aggregate(newest=models.Max("number"))["newest"] or 0
        version = GoalVersion(
            practice_id=self.practice_id,
            client_id=self.client_id,
            goal=self,
            number=newest + 1,
            proposed_by=by,
            side=side_of(by),
            **content,
        )
        if version.review_on == self.review_on:
            version.review_on = None  # not proposed as a change
        version.fingerprint = version.compute_fingerprint()
        version.compare_with(self.last_agreed)
        version.save(force_insert=True)
        self.latest, self.differs_since = version, None
        self.save(update_fields=["latest", "differs_since"])
        audit.record("goal proposed", about=self, version=version.number)
        version._turn_key(by)
        return version

    @signals.changes("goals")
    def take_up(self, *, by: User) -> bool:
        """Resume a closed goal; what was in effect is in effect again.

        Who is asked follows from the agreements that are still in effect. The goal
        keeps its review date; if that has passed, the new one is in thirteen weeks.
        Raise ValidationError if there are too many open goals.
        """
        self.lock()
        if self.is_open or self.ended_as in (
            Goal.Ended.TAKEN_BACK,
            Goal.Ended.DECLINED,
        ):
            return False
        others = Goal.objects.filter(client=self.client_id).open()
        row_limits.require_room(others, MOST_OPEN, TOO_MANY_OPEN)
        self.closed_at, self.ended_as = None, ""
        day = self.next_review(self.review_on, by.today())
        self.review_on = day if self.in_force_id else None
        self.save(update_fields=["closed_at", "ended_as", "review_on"])
        self._settle()
        self._note("taken_up", by=by)
        audit.record("goal taken up", about=self)
        return True

    @staticmethod
    def next_review(agreed: date | None, today: date) -> date:
        return agreed if agreed and agreed > today else today + REVIEW_AFTER

    def _settle(self) -> None:
        """Set whose agreement the newest version still needs, from those in effect.

        Nobody's if both agreed, nobody did, or the two see it differently; and not that
        of a side that withdrew or declined after the other had agreed.
        """
        asked = self._asked()
        if asked != self.waits_for:
            self.waits_for = asked
            self.save(update_fields=["waits_for"])

    def _asked(self) -> str:
        if not self.is_open or self.differs_since or not self.has_proposal:
            return ""
        from goals.models.agreement import Agreement

        keys = Agreement.objects.filter(version=self.latest_id)
        keys = list(keys.select_related("taken_back"))
        stand = {k.side: k.at for k in keys if not hasattr(k, "taken_back")}
        if len(stand) != 1:
            return ""
        [(side, at)] = stand.items()
        missing = Side(side).other
        back = [k.taken_back.at for k in keys if k.side == missing]
        if any(when > at for when in back) or self._was_declined(missing, at):
            return ""
        return missing

    def _was_declined(self, side: str, since) -> bool:
        """Whether `side` declined the newest version after the other agreed to it.

        This happens when a wording that both once agreed to is declined; the goal is
        then set aside, and may be resumed.
        """
        noes = self.moves.filter(kind="declined", version=self.latest_id, side=side)
        return noes.filter(at__gt=since).exists()

    @transaction.atomic
    def keep_line(self, line: str, *, by: User) -> None:
        """Save a sentence for a harder day with a reached goal."""
        self.lock()
        if self.ended_as != self.Ended.REACHED:
            raise Overtaken
        self._note("line", by=by, words=line)
        audit.record("goal line kept", about=self)

    def require_open(self) -> None:
        """Raise Overtaken for a closed goal: nothing is added to it."""
        if not self.is_open:
            raise Overtaken

    def _close(self, ended_as: str, *, by: User) -> None:
        """Call with the client's lock held. An open review ends undecided."""
        self._end_review()
        self.closed_at, self.ended_as = timezone.now(), ended_as
        self.waits_for, self.differs_since, self.review = "", None, None
        self.save(
            update_fields=[
                "closed_at", "ended_as", "waits_for", "differs_since", "review",
            ]
        )  # fmt: skip
        audit.record("goal closed", about=self, ended_as=ended_as)

    def _end_review(self) -> None:
        """End an open review undecided."""
        if self.review_id:
            self.review.closed_at = timezone.now()
            self.review.save(update_fields=["closed_at"])
            self.review = None

    def _note(self, kind: str, *, by: User, **said):
        """Add a comment or decision to the goal's history."""
        from goals.models.move import GoalMove

        both = {"practice_id": self.practice_id, "client_id": self.client_id}
        move = GoalMove(**both, goal=self, kind=kind, by=by, side=side_of(by), **said)
        move.save(force_insert=True)
        return move

    def lock(self) -> None:
        """Lock the goal and load what the other side did meanwhile."""
        lock("goal", self.pk)
        self.__dict__.pop("last_agreed", None)
        self.refresh_from_db(fields=KEPT)

    @transaction.atomic
    def rate(self, value: int, *, by: User, session=None, at=None, **said):
        """Add a rating of 0 to 10 by the current user; the same number counts as one
        too.

        Raise Overtaken if the goal is closed, ValidationError at the daily limit.
        """
        from goals.models.rating import GoalRating

        self.require_open()
        if session is None:
            GoalRating.require_room(self.client_id, by=by)
        return GoalRating.give({self: value}, by=by, session=session, at=at, **said)[0]


KEPT = (
    "latest", "in_force", "in_force_at", "waits_for", "differs_since", "review_on",
    "review", "closed_at", "ended_as",
)  # fmt: skip
