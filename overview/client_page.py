"""The data of the client page, each fact read once."""

from __future__ import annotations

from datetime import datetime

from django.db.models import (
    OuterRef,
    Subquery,
    UUIDField,
)
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts import encryption
from accounts.models import AuditEvent
from appointments.models import TherapySession
from clients import access, apart
from clients.models import CareRole, Client, ClientBackground, ContactPreferences
from clients.prepared import prepared_for_user
from clients.remarks import Asides
from goals import status
from goals.disagreement_page import with_names
from goals.models import Comment, Goal, Step
from goals.models.content import Side
from goals.strengths.queries import accepted
from goals.voices import BOTH
from notes.came_in import (
    News,
    answered_by,
    between,
    in_words_of_then,
    of_exercise,
    of_rating,
    of_step,
    reached,
)
from overview.open_goals import RATINGS, OpenGoal, goal_lines
from overview.session_lines import session_lines
from toolkit.models import Assignment
from toolkit.queries import last_exercises
from ui.charts.axis import SessionMark
from ui.charts.chart import Chart
from ui.charts.timeline import Lane, ReachedStep, timeline_chart
from ui.charts.words import Point, label_of

NOTES, STRENGTHS = 5, 3
SHOWN = ("starts_at", "ends_at", "state", "place", "from_list")  # of a session
# The user's role if not the primary therapist.
ROLES = {
    "co_therapist": _("You are co-therapist here"),
    "cover": _("You cover here"),
    "supervisor": _("You supervise here: you can read, and comment to the therapist"),
    "emergency": _("You have emergency access"),
}


def _said_about(goal: Goal) -> News:
    return News("comment", goal.said_at, goal.called, goal=goal)


CLIENT = {"client": UUIDField()}


@prepared_for_user(**CLIENT)
def _open_or_closed(user, client):
    """`said_at`: the client's newest comment; its text is on the goal's page."""
    mine = Goal.objects.visible_to(user).filter(client_id=client).with_words()
    said = Comment.objects.filter(goal=OuterRef("pk"), side=Side.CLIENT)
    newest = Subquery(said.order_by("-at", "-pk").values("at")[:1])
    return mine.annotate(said_at=newest).order_by("created_at", "pk")


@prepared_for_user(**CLIENT)
def one_client(user, client):
    """The client with what the page needs first."""
    rows = Client.objects.visible_to(user).filter(pk=client)
    rows = rows.select_related("user", "preferences", "practice").with_wishes()
    return apart.with_shares_name(rows, "")


@prepared_for_user(**CLIENT)
def _background(user, client):
    return ClientBackground.objects.visible_to(user).filter(client=client)


@prepared_for_user(**CLIENT)
def _sessions(user, client):
    rows = TherapySession.objects.visible_to(user).filter(client=client).not_canceled()
    return rows.only(*SHOWN).order_by("starts_at", "pk")


class ClientPage:
    def __init__(self, client: Client, user):
        self.client, self.user, self.now = client, user, timezone.now()
        encryption.expect(client.practice_id, [client.pk])
        background = _background(user, client=client.pk)
        self.concern = next((row.presenting_concern for row in background), "")
        self.sessions = _sessions(user, client=client.pk)
        goals = with_names(user, _open_or_closed(user, client=client.pk))
        status.with_past(user, goals)
        self.closed = [goal for goal in goals if not goal.is_open]
        told = [*(goal for goal in goals if goal.is_open), *self._closed_since]
        self.told = goal_lines(told, user)
        self.goals = [line for line in self.told if line.goal.is_open]
        reader = status.Reader(Side.THERAPIST, self.writes)
        for line in self.goals:
            line.standing = status.standing(line.goal, reader, client)
        for goal in self.closed:
            goal.standing = status.standing(goal, reader, client)
        self.practice = last_exercises(user, client=client.pk)
        self.notes = session_lines(self.past[:NOTES], user)
        self.strengths = accepted(client.pk, user, STRENGTHS)
        asides = Asides(client, user)
        self.corrections, self.comments = asides.corrections, asides.comments
        self.emergencies, self.asides_are_cut = asides.emergencies, asides.is_cut

    @property
    def chart_is_cut(self) -> bool:
        return sum(len(line.ratings) for line in self.told) >= RATINGS

    # -- the reader --------------------------------------------------------------

    @property
    def writes(self) -> bool:
        return self.client.pk in access.reach(self.user).writes

    @property
    def leads(self) -> bool:
        return self.client.pk in access.reach(self.user).leads

    @property
    def supervises(self) -> bool:
        return self.client.pk in access.reach(self.user).supervises

    @property
    def role(self) -> str:
        return ROLES.get(access.role_towards(self.user, self.client.pk), "")

    @cached_property
    def my_emergency(self) -> CareRole | None:
        """The emergency access that lets the user read, if nothing else does."""
        if access.role_towards(self.user, self.client.pk) != "emergency":
            return None
        mine = CareRole.objects.filter(user=self.user, client=self.client).current()
        return mine.order_by("ends_at", "pk").last()

    @cached_property
    def portal_closed_at(self) -> datetime | None:
        """When the client closed their own account."""
        rows = AuditEvent.objects.filter(client_id=self.client.pk, verb="portal closed")
        return rows.order_by("-at", "-pk").values_list("at", flat=True).first()

    # -- sessions ----------------------------------------------------------------

    @cached_property
    def past(self) -> list[TherapySession]:
        """Newest first: sessions that began before now and are not in progress."""
        begun = [s for s in reversed(self.sessions) if s.starts_at <= self.now]
        return [s for s in begun if s.state != "planned" or s.ends_at <= self.now]

    @cached_property
    def upcoming(self) -> list[TherapySession]:
        coming = [s for s in self.sessions if s.state == "planned"]
        return [s for s in coming if s.ends_at > self.now]

    @cached_property
    def held(self) -> list[TherapySession]:
        return [s for s in self.past if s.state == "held"]

    @cached_property
    def last(self) -> TherapySession | None:
        return self.held[0] if self.held else None

    @cached_property
    def next(self) -> TherapySession | None:
        return self.upcoming[0] if self.upcoming else None

    @cached_property
    def opens_now(self) -> TherapySession | None:
        """What the main button opens: today's session, else one not yet logged."""
        today = self.user.today()
        for session in [*self.upcoming, *self.past]:
            day = session.starts_at.astimezone(self.user.zone).date()
            if session.state == "planned" and day <= today:
                return session
        return None

    # -- since last session ------------------------------------------------------

    @cached_property
    def since(self):
        return self.last.ends_at if self.last else None

    @cached_property
    def news(self) -> list[News]:
        """Ratings, steps, exercises and comments, oldest first."""
        exercises = answered_by(self.practice, self.client)
        found = [
            *(of_rating(line.client, line.goal) for line in self.told if line.client),
            *(of_step(step) for step in reached(self._steps, self.user)),
            *(of_exercise(one) for one in exercises),
            *(_said_about(goal) for goal in self._said),
        ]
        return in_words_of_then(between(found, self.since, self.now), self.user)

    @property
    def _said(self) -> list[Goal]:
        """Goals that the client ever commented on."""
        goals = [*(line.goal for line in self.goals), *self.closed]
        return [goal for goal in goals if goal.said_at]

    @property
    def _closed_since(self) -> list[Goal]:
        """Activity on goals closed since then is news too."""
        since = self.since
        return [one for one in self.closed if not since or one.closed_at > since]

    @property
    def _steps(self) -> list[Step]:
        return [step for line in self.told for step in line.steps]

    @cached_property
    def celebrations(self) -> list[Goal]:
        """Goals reached since the last session that the client wants to talk about."""
        if self.client.preferences.celebrates != ContactPreferences.Celebrates.TALK:
            return []
        held = max((session.starts_at for session in self.held), default=None)
        return [
            goal
            for goal in self.closed
            if goal.ended_as == Goal.Ended.REACHED
            and (held is None or goal.closed_at >= held)
        ]

    @cached_property
    def new_words(self) -> list[OpenGoal]:
        if self.client.is_discharged:
            return []
        return [line for line in self.goals if line.waits_for_me]

    @property
    def to_talk_about(self) -> list[OpenGoal]:
        """Goals seen differently, or from which one side withdrew."""
        lines = [line for line in self.goals if not line.waits_for_me]
        return [line for line in lines if line.came_in]

    @cached_property
    def open_practice(self) -> list[Assignment]:
        return [a for a in self.practice if not a.answer]

    @cached_property
    def nothing_new(self) -> bool:
        more = self.new_words, self.to_talk_about, self.celebrations
        return not (self.news or any(more))

    # -- timeline ----------------------------------------------------------------

    def journey(self) -> Chart:
        zone = timezone.get_current_timezone()

        def day(at):
            return at.astimezone(zone).date()

        lanes = [
            Lane(
                label_of(line.words),
                *([Point(day(r.at), r.value) for r in line.of(side)] for side in BOTH),
                tuple(line.voice(side, self.client) for side in BOTH),
                changed=line.changed_at and day(line.changed_at),
            )
            for line in self.goals
            if line.ratings
        ]
        steps = [
            ReachedStep(label_of(step.words), day(step.reached_at))
            for line in self.goals
            for step in line.steps
            if step.reached_at
        ]
        sessions = [
            SessionMark(day(s.starts_at), s.state == "missed")
            for s in reversed(self.past)
        ]
        return timeline_chart(
            lanes, today=timezone.localdate(), steps=steps, sessions=sessions
        )
