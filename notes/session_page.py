"""The data of the session screen, including the form's initial values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from django.db.models import DateTimeField, Exists, OuterRef, UUIDField
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.models import User
from appointments.models import TherapySession
from clients.prepared import prepared_for_user
from clients.sides import THERAPISTS
from database.prepared import first, many
from goals import status
from goals.disagreement_page import with_names
from goals.models import Goal, GoalRating, Step
from goals.models.content import Side
from goals.page_queries import open_goals
from goals.voices import BOTH, counted
from goals.wordings import Wordings
from notes import agenda
from notes.came_in import (
    News,
    answered_by,
    between,
    in_words_of_then,
    last_of_closed,
    newest_comments,
    of_comment,
    of_exercise,
    of_rating,
    of_step,
    reached,
)
from notes.models import EarlierDraft, ProgressNote
from notes.models.note import PRESSED, TYPED
from toolkit.models import Assignment
from toolkit.queries import last_exercises
from ui.charts.words import ENOUGH


def rating_name(goal_id) -> str:
    return f"rating-{goal_id}"


def answer_name(assignment: Assignment) -> str:
    return f"answer-{assignment.pk}"


def was_name(assignment: Assignment) -> str:
    """Name of the hidden field with the answer at the time the page was made."""
    return f"was-{assignment.pk}"


READER = status.Reader(Side.THERAPIST)
HAS_EARLIER = Exists(EarlierDraft.objects.filter(note=OuterRef("pk")))
RATINGS = 3_000  # newest ratings of all goals on the page, to count their days
BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
STEPS = 12  # newest reached steps
SESSION, GOALS = {"session": UUIDField()}, {"goals": many(UUIDField())}
PLACE = {"client": UUIDField(), "at": DateTimeField()}


@prepared_for_user(**SESSION)
def _note(user, session):
    rows = ProgressNote.objects.visible_to(user).filter(session=session)
    rows = rows.with_time_to_undo().annotate(has_earlier=HAS_EARLIER)
    return rows.select_related("author", "begun_by")


def _ratings(user, goals):
    return GoalRating.objects.visible_to(user).not_withdrawn().filter(goal=goals)


@prepared_for_user(**GOALS, **SESSION)
def _given(user, goals, session):
    rows = _ratings(user, goals).filter(session_id=session)
    return rows.select_related("by").order_by("at", "pk")


@prepared_for_user(**GOALS, **SESSION, until=DateTimeField())
def _newest(user, goals, session, until):
    """Each goal's last rating by each side before this session's end."""
    earlier = _ratings(user, goals).exclude(session_id=session).filter(at__lte=until)
    rows = earlier.order_by("goal_id", "side", "-at", "-pk").distinct("goal_id", "side")
    return rows.select_related("by")


@prepared_for_user(**GOALS)
def _rated_at(user, goals):
    """When each goal was rated, and by which side, newest first."""
    rows = _ratings(user, goals).order_by("-at", "-pk")
    return rows.values_list("goal_id", "side", "at")[:RATINGS]


@prepared_for_user(client=UUIDField())
def _reached(user, client):
    """The newest reached steps."""
    rows = Step.objects.visible_to(user).not_dropped().filter(client_id=client)
    return rows.exclude(reached_at=None).order_by("-reached_at", "-pk")[:STEPS]


@prepared_for_user(**PLACE)
def _held_before(user, client, at):
    rows = TherapySession.objects.visible_to(user).filter(client_id=client).held()
    rows = rows.filter(starts_at__lt=at).defer("take_away")
    return rows.order_by("-starts_at", "-pk")[:1]


@prepared_for_user(**PLACE)
def _planned_after(user, client, at):
    rows = TherapySession.objects.visible_to(user).filter(client_id=client).planned()
    rows = rows.filter(starts_at__gt=at).defer("take_away")
    return rows.order_by("starts_at", "pk")[:1]


class SessionPage:
    """All data of the session screen, in about a dozen queries."""

    def __init__(self, session: TherapySession, user: User, sent=None):
        """`sent` is the submitted data, if any, by field name."""
        self.session, self.user = session, user
        self.note = first(_note(user, session=session.pk))
        self.typed = set(sent or ()) | set(self._pressed())
        self.goals = open_goals(user, client=session.client_id)
        self.goals += self._closed_since()
        status.with_past(user, with_names(user, self.goals))
        practice = list(last_exercises(user, client=session.client_id))
        self.answered = answered_by(practice, session.client)
        self.agreed_here = next(
            (row for row in practice if row.session_id == session.pk), None
        )
        self.open_practice = [
            row
            for row in reversed(practice)
            if row is not self.agreed_here
            and row.set_at < session.ends_at
            and (not row.answer or self._since_last(row))
        ][-3:]
        self.open_practice += self._answered_here()

    def _pressed(self) -> dict[str, str]:
        """Unsaved values from the user's own unsigned note; else empty."""
        mine = self.note and self.is_mine and not self.note.signed_at
        return self.note.pressed if mine else {}

    def _missing(self, kind: str, known) -> list[UUID]:
        """Rows with unsaved values that are no longer on the page."""
        names = {name for name in self.typed if PRESSED.fullmatch(name)}
        pks = {name.partition("-")[2] for name in names if name.startswith(kind)}
        return [UUID(pk) for pk in pks - {str(row.pk) for row in known}]

    def _closed_since(self) -> list[Goal]:
        """A goal that was rated here and closed before the page was saved."""
        pks = self._missing("rating-", self.goals)
        if not pks:
            return []
        rows = Goal.objects.visible_to(self.user).filter(pk__in=pks)
        return list(rows.filter(client=self.session.client_id).with_words())

    def _answered_here(self) -> list[Assignment]:
        """An exercise that was answered here and is no longer among the newest."""
        pks = self._missing("answer-", self.open_practice)
        if not pks:
            return []
        rows = Assignment.objects.visible_to(self.user).filter(pk__in=pks)
        return list(rows.filter(client=self.session.client_id).order_by("set_at", "pk"))

    @cached_property
    def came_in(self) -> list[Goal]:
        """Wordings to agree to, goals seen differently, and withdrawn agreements."""
        asks = not self.session.client.is_discharged
        named = {topic.goal.pk for topic in self.topics}
        for goal in self.goals:
            goal.said = status.came_in(goal)
        return [
            goal
            for goal in self.goals
            if goal.said or (asks and goal.waits_for == Side.THERAPIST)
            if goal.pk not in named
        ]

    @cached_property
    def topics(self) -> list[agenda.Topic]:
        """What either side wants to talk about in this session."""
        return agenda.topics(self.session, self.user, THERAPISTS)

    @cached_property
    def news(self) -> list[News]:
        """What the client did and wrote since the previous session."""
        since = self.previous and self.previous.ends_at
        goals = {goal.pk: goal for goal in self.goals}
        ratings = [
            of_rating(rating, goals[goal_id])
            for (goal_id, side), rating in self.before.items()
            if side == Side.CLIENT
        ]
        steps = _reached(self.user, client=self.session.client_id)
        steps = [of_step(step) for step in reached(steps, self.user)]
        comments = newest_comments(self.user, client=self.session.client_id)
        found = [
            *ratings,
            *self._of_closed(since),
            *steps,
            *map(of_exercise, self.answered),
            *map(of_comment, comments),
        ]
        news = between(found, since, self.session.ends_at)
        return in_words_of_then(news, self.user)

    def _of_closed(self, since: datetime | None) -> list[News]:
        """The client's last rating of each goal that was closed meanwhile."""
        session, since = self.session, since or BEFORE_ALL
        rows = last_of_closed(
            self.user, client=session.client_id, since=since, until=session.ends_at
        )
        rows = [row for row in rows if row.goal_id not in self._ids]
        return [
            of_rating(row, row.goal) for row in rows if row.session_id != session.pk
        ]

    def _since_last(self, row) -> bool:
        """Whether it was agreed in the previous session, or answered after it."""
        previous = self.previous
        if previous is None or row.set_at >= previous.starts_at:
            return True
        return bool(row.answered_at and row.answered_at >= previous.ends_at)

    @cached_property
    def previous(self) -> TherapySession | None:
        """The last session held before this one."""
        at, client = self.session.starts_at, self.session.client_id
        return first(_held_before(self.user, client=client, at=at))

    @cached_property
    def given(self) -> dict[UUID, GoalRating]:
        """Each goal's rating in this session."""
        rows = _given(self.user, goals=self._ids, session=self.session.pk)
        return {rating.goal_id: rating for rating in rows}

    @cached_property
    def before(self) -> dict[tuple[UUID, str], GoalRating]:
        """Each side's last rating before this session's end."""
        until = self.session.ends_at
        rows = _newest(self.user, goals=self._ids, session=self.session.pk, until=until)
        return {(rating.goal_id, rating.side): rating for rating in rows}

    @property
    def _ids(self) -> list[UUID]:
        return [goal.pk for goal in self.goals]

    @cached_property
    def days(self) -> dict[UUID, dict[str, set[date]]]:
        """Days on which each side rated a goal; only loaded if the page is
        displayed."""
        found = {pk: {side: set() for side in BOTH} for pk in self._ids}
        for goal_id, side, at in _rated_at(self.user, goals=self._ids):
            found[goal_id][side].add(timezone.localtime(at).date())
        return found

    @cached_property
    def _wordings(self) -> Wordings:
        """Earlier wordings of the goals; loaded to display a page or a past session."""
        return Wordings.before(self.goals, BEFORE_ALL, self.user)

    @cached_property
    def _then(self) -> Wordings | None:
        """The goals' names at the end of a past session."""
        return self._wordings if self.session.ends_at < timezone.now() else None

    def _was_before(self, goal: Goal, rating: GoalRating | None) -> bool:
        """Whether the rating was for another wording than the page shows."""
        if rating is None:
            return False
        until = self.session.ends_at if self._then else None
        return self._wordings.is_earlier(goal, rating.at, rating.side, until)

    def words_of(self, goal: Goal) -> str:
        """What is rated here: the wording at the time that the rating will have."""
        if self._then is None:
            return goal.called
        return self._then.words_then(goal, self.session.ends_at, Side.THERAPIST)

    def _was_in_effect(self, goal: Goal) -> bool:
        """At the end of a past session."""
        then = self._then
        return bool(then and then.in_effect(goal.pk, self.session.ends_at))

    def last_rating(self, goal: Goal) -> int | None:
        """The last rating of the therapists' side that was not imported."""
        before = self.before.get((goal.pk, Side.THERAPIST))
        return before.value if before and not before.from_list else None

    def meta(self, goal: Goal) -> dict:
        """The line under a goal: last ratings of each side, and whether it is early."""
        last = {side: self.before.get((goal.pk, side)) for side in BOTH}
        days = self.days[goal.pk]
        early = len(days.get(counted(days), ())) < ENOUGH
        return {
            "client": last[Side.CLIENT],
            "client_before": self._was_before(goal, last[Side.CLIENT]),
            "therapist": last[Side.THERAPIST],
            "therapist_before": self._was_before(goal, last[Side.THERAPIST]),
            "last": self.last_rating(goal),
            "given": self.given.get(goal.pk),
            "words": self.words_of(goal),
            "early": early,
            "is_offered": goal.can_rate or self._was_in_effect(goal),
            "standing": status.standing(goal, READER, self.session.client),
        }

    @property
    def is_mine(self) -> bool:
        """An unsigned note can be edited by its author only."""
        return self.note is None or self.note.author_id == self.user.pk

    def initial(self) -> dict:
        """Initial values: the draft, else what was saved, else nothing."""
        kept = {
            "format": "dap",
            "take_away": self.session.take_away,
            "practice": self.agreed_here.words if self.agreed_here else "",
        }
        for assignment in self.open_practice:
            kept[answer_name(assignment)] = assignment.answer
        for goal_id, rating in self.given.items():
            kept[rating_name(goal_id)] = rating.value
        if self.note:
            kept |= {"revision": self.note.revision, "format": self.note.format}
            kept |= dict(zip(TYPED[1:], self.note.parts, strict=False))
            kept |= self._pressed()
        return kept

    def session_practice(self, words: str, *, by: User) -> None:
        """Agree on an exercise until the next session, or reword it."""
        if self.agreed_here is None and words:
            self.agreed_here = Assignment.agree(
                self.session.client,
                words,
                by=by,
                session_id=self.session.pk,
                due_on=self.due_on(),
            )
        elif self.agreed_here and words and words != self.agreed_here.words:
            self.agreed_here.reword(words, by=by)

    def due_on(self) -> date | None:
        """The date of the next session, in the therapist's time zone."""
        following = self.following
        return following and following.starts_at.astimezone(self.user.zone).date()

    @cached_property
    def following(self) -> TherapySession | None:
        at, client = self.session.starts_at, self.session.client_id
        return first(_planned_after(self.user, client=client, at=at))
