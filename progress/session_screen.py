"""All that the session screen shows and its form begins with."""

from __future__ import annotations

from datetime import date

from django.db.models import Count
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.models import User
from goals import charts
from goals.models import Goal, GoalRating
from progress.models import ProgressNote, TherapySession
from progress.models.note import TYPED
from toolkit.models import Assignment


def rating_name(goal_id) -> str:
    return f"rating-{goal_id}"


def answer_name(assignment: Assignment) -> str:
    return f"answer-{assignment.pk}"


class SessionScreen:
    """All that the fifty minutes need, read in a dozen queries."""

    def __init__(self, session: TherapySession, user: User):
        self.session, self.user = session, user
        self.note = (
            ProgressNote.objects.visible_to(user)
            .filter(session=session)
            .select_related("author")
            .first()
        )
        mine = Goal.objects.visible_to(user).filter(client_id=session.client_id)
        self.goals = list(mine.open().with_words().order_by("created_at"))
        self._read_ratings()
        practice = Assignment.objects.visible_to(user).filter(client=session.client)
        practice = list(practice.order_by("-set_at")[:6])
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

    def _since_last(self, row) -> bool:
        previous = self.previous
        return previous is None or row.set_at >= previous.starts_at

    @cached_property
    def previous(self) -> TherapySession | None:
        """The session held before this one."""
        rows = self._sessions().filter(starts_at__lt=self.session.starts_at)
        return rows.held().defer("take_away").order_by("-starts_at").first()

    def _read_ratings(self) -> None:
        """The newest one before this session, and those given in it, by goal."""
        rows = self._ratings()
        self.given = {
            rating.goal_id: rating for rating in rows.filter(session_id=self.session.pk)
        }
        earlier = rows.exclude(session_id=self.session.pk).filter(
            at__lte=max(self.session.ends_at, timezone.now())
        )
        newest = earlier.order_by("goal_id", "-at").distinct("goal_id")
        self.before = {rating.goal_id: rating for rating in newest}

    def _ratings(self):
        rows = GoalRating.objects.visible_to(self.user).standing()
        return rows.filter(goal__in=self.goals)

    @cached_property
    def counts(self) -> dict:
        """How often each goal was rated; asked only where the page is shown."""
        rows = self._ratings().values_list("goal_id")
        return dict(rows.annotate(n=Count("pk")).order_by())

    def last_rating(self, goal: Goal) -> int | None:
        before = self.before.get(goal.pk)
        return before.value if before else None

    def meta(self, goal: Goal) -> dict:
        """The line under a goal's words: last time, and whether it is early."""
        early = self.counts.get(goal.pk, 0) < charts.ENOUGH
        return {"last": self.before.get(goal.pk), "early": early}

    @property
    def is_mine(self) -> bool:
        """An unsigned note is its author's to write."""
        return self.note is None or self.note.author_id == self.user.pk

    def initial(self) -> dict:
        """What the form begins with: the draft, else what was saved, else nothing."""
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
        return kept

    def session_practice(self, words: str, *, by: User) -> None:
        """Agree on, or reword, what is practised until next time."""
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
        """The day of the next session, in the therapist's zone."""
        following = self.following
        return following and following.starts_at.astimezone(self.user.zone).date()

    @cached_property
    def following(self) -> TherapySession | None:
        rows = self._sessions().filter(starts_at__gt=self.session.starts_at)
        return rows.planned().defer("take_away").order_by("starts_at").first()

    def _sessions(self):
        rows = TherapySession.objects.visible_to(self.user)
        return rows.filter(client_id=self.session.client_id)
