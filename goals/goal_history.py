"""The history of one goal for its page: versions, moves, comments, withdrawals.

The text of the lines is in history.py.
"""

from __future__ import annotations

from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from goals import history, status
from goals import page_queries as queries
from goals.models import Goal, GoalMove, GoalVersion
from goals.page_queries import (
    SHOWN_COMMENTS,
    SHOWN_MOVES,
    SHOWN_OF_ALL,
    SHOWN_VERSIONS,
)


class GoalHistory:
    """The newest lines of each kind; with `everything`, as many as a page can show."""

    def __init__(self, goal: Goal, user, *, everything=False):
        self.goal, self.user, self.everything = goal, user, everything
        self.is_cut = False  # whether even "all" leaves something out
        self.versions = self._versions()
        moves = queries.moves_of if everything else queries.last_moves
        self.moves = self._newest(moves(user, goal=goal.pk))
        answers = queries.answers_of if everything else queries.last_answers
        self.answers = list(answers(user, goal=goal.pk)[: 2 * SHOWN_OF_ALL])
        self._read_ratings()
        self._read_comments()

    def _versions(self) -> list[GoalVersion]:
        """The newest versions, always including those in effect or proposed."""
        goal = {"goal": self.goal.pk}
        if self.everything:
            rows = self._newest(queries.every_version(self.user, **goal))
            known = {row.pk: row for row in rows}
            keys = queries.keys_of(self.user, versions=list(known))
        else:
            agreed = self.goal.last_agreed
            stands = {"agreed": agreed and agreed.pk, "latest": self.goal.latest_id}
            keys = list(queries.keys_of_last_versions(self.user, **goal, **stands))
            known = {key.version_id: key.version for key in keys}
            latest = self.goal.latest_id
            if latest and latest not in known:  # nobody ever agreed to it
                known = {latest: self.goal.latest, **known}
        for version in known.values():
            version.turned = []
        for key in keys:
            known[key.version_id].turned.append(key)
        return list(known.values())

    def _newest(self, rows) -> list:
        """Rows sorted newest first, at most as many as a page can show."""
        found = list(rows[: SHOWN_OF_ALL + 1])
        self.is_cut |= len(found) > SHOWN_OF_ALL
        return found[:SHOWN_OF_ALL]

    def _read_ratings(self) -> None:
        """As rows only those shown as a line: with a comment, or withdrawn."""
        told = queries.all_told_ratings if self.everything else queries.told_ratings
        rows = told(self.user, goal=self.goal.pk)
        back = [row for row in rows if hasattr(row, "withdrawn_by")]
        self.last_ratings = [row for row in rows if not hasattr(row, "withdrawn_by")]
        self.is_cut |= len(back) > SHOWN_OF_ALL
        self.taken_back = back[-SHOWN_OF_ALL:]

    def _read_comments(self) -> None:
        comments = queries.comments_of if self.everything else queries.last_comments
        rows = list(comments(self.user, goal=self.goal.pk)[: SHOWN_OF_ALL + 1])
        shown = SHOWN_OF_ALL if self.everything else SHOWN_COMMENTS
        self.comments, self.more_comments = rows[:shown], len(rows) > shown

    def version(self, pk) -> GoalVersion | None:
        return next((one for one in self.versions if one.pk == pk), None)

    @cached_property
    def refusal(self) -> GoalMove | None:
        """The refusal to agree again that explains why nobody is asked."""
        return status.refusal(self.goal)

    @property
    def refused(self) -> SafeString:
        return status.did_not_agree_again(self.refusal, self.user)

    @property
    def taken_up(self) -> GoalMove | None:
        """Who resumed the goal after that refusal."""
        newest = next((m for m in self.moves if m.kind == GoalMove.Kind.TAKEN_UP), None)
        no = self.refusal
        return newest if no and newest and newest.at > no.at else None

    @property
    def entries(self) -> list[history.Entry]:
        return history.entries(
            self.goal,
            self.versions,
            self.moves,
            self.taken_back,
            history.Answers(self.answers, self.user),
        )

    @property
    def has_more(self) -> bool:
        if self.everything:
            return False
        back = len(self.taken_back) >= SHOWN_MOVES
        many = len(self.moves) >= SHOWN_MOVES or len(self.versions) >= SHOWN_VERSIONS
        return many or back or self.more_comments

    @property
    def left_out(self) -> str:
        """Whether the whole history leaves something out: the oldest of each kind."""
        return self._newest_alone if self.is_cut else ""

    @property
    def comments_left_out(self) -> str:
        cut = self.everything and self.more_comments
        return self._newest_alone if cut else ""

    @property
    def _newest_alone(self) -> str:
        return _(
            "Only the newest %(most)s of each kind are shown here. A copy of the record"
            " has them all."
        ) % {"most": SHOWN_OF_ALL}
