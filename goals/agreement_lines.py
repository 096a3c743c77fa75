"""Agreements as lines: the name of the person who agreed for each side."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from goals import history
from goals.models import Agreement, Goal, GoalVersion
from goals.models.content import Side
from ui import screen_privacy
from ui.templatetags.ui import day_words, moment_words


@dataclass
class KeyLine:
    """One side's agreement: whose, and since when."""

    name: str
    line: str
    turned: bool


@dataclass(frozen=True)
class AgreementReader:
    """The reader: name, side, and whether they may agree themselves."""

    user: User
    side: str
    may_write: bool

    def line(self, goal: Goal, side: str, version: GoalVersion) -> KeyLine:
        turned = history.held_keys(version).get(side)
        back = [key for key in version.turned if key.side == side]
        last = turned or (back[-1] if back else None)
        name = self._name(goal, side, last and last.by)
        if turned:
            when = moment_words(turned.at, begin=False)
            return KeyLine(name, _("agreed %(when)s") % {"when": when}, True)
        if back:
            return KeyLine(name, _withdrawn(back[-1]), False)
        return KeyLine(name, _("not yet"), False)

    def _name(self, goal: Goal, side: str, person: User | None) -> str:
        """`person` who agreed for that side; if None, the person who may agree."""
        is_mine = person == self.user if person else self._is_mine(side)
        if is_mine:
            return _("You")
        if side == Side.CLIENT:
            return screen_privacy.called(goal.client.preferred_name)
        if person:
            return person.name
        return _("Your therapist") if self.side == Side.CLIENT else _("Therapist")

    def _is_mine(self, side: str) -> bool:
        return side == self.side and (self.may_write or side == Side.CLIENT)


def _withdrawn(key: Agreement) -> str:
    at = timezone.localtime(key.taken_back.at)
    said = {"when": day_words(at.date(), begin=False)}
    if key.taken_back.by_id == key.by_id:
        return _("withdrawn %(when)s") % said
    said["name"] = screen_privacy.called(key.taken_back.by)
    return _("agreed; %(name)s withdrew that %(when)s") % said


def colleague(key: Agreement | None, user: User) -> str:
    """The colleague who agreed for the reader's side; '' for the reader themselves."""
    return screen_privacy.called(key.by) if key and key.by_id != user.pk else ""
