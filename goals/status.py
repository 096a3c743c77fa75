"""A goal's status and who is asked to agree, worded the same on every page.

Everything follows from the goal's row; `Goal._settle` updates who is asked from the
agreements in effect.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import User
from clients.portal_state import PortalState, portal_state
from goals.disagreement_page import Ways, with_names
from goals.models import Agreement, Goal, GoalMove, GoalVersion, Review
from goals.models.content import Side
from ui import screen_privacy
from ui.templatetags.ui import day


@dataclass(frozen=True)
class Reader:
    """The reader: which side, and whether they may agree themselves."""

    side: str
    may_write: bool = True

    @property
    def is_client(self) -> bool:
        return self.side == Side.CLIENT


def kind_of(goal: Goal) -> str:
    """ "agreed", "changing" (agreed, with a proposal), "proposed", "differ",
    "withdrawn", or how it ended: "reached", "aside", "declined", "taken back"."""
    if not goal.is_open:
        return goal.ended_as
    if goal.differs_since:
        return "differ"
    if goal.in_force_id:
        return "changing" if goal.has_proposal else "agreed"
    return "proposed" if goal.waits_for else "withdrawn"


def standing(goal: Goal, reader: Reader, client=None) -> SafeString:
    """The status in one or two sentences; `client` is whose goal it is."""
    client = client or goal.client
    said = [stands(goal, client), asked(goal, reader, client)]
    return format_html_join(" ", "{}", ((one,) for one in said if one))


def was_agreed() -> Exists:
    """Whether both ever agreed to a wording of these goals, even if withdrawn since."""
    keys = Agreement.objects.filter(version=OuterRef("pk"))
    both = [Exists(keys.filter(side=side)) for side in Side.values]
    return Exists(GoalVersion.objects.filter(*both, goal=OuterRef("pk")))


def agreed_again() -> Q:
    """Like `with_past`, as an expression: one side has agreed again."""
    keys = Agreement.objects.filter(version=OuterRef("latest"))
    both = (Exists(keys.filter(side=side)) for side in Side.values)
    return Q(*both, in_force=None)


def with_past(user: User, goals: Collection[Goal]) -> Collection[Goal]:
    """The same goals with `was_withdrawn`: nothing is agreed, though both once agreed;
    and `agreed_again`: one side agreed again to that wording.

    Loaded by `with_names`, in at most one query; here only if that has not run.
    """
    if not all("last_agreed" in goal.__dict__ for goal in goals):
        with_names(user, goals)
    for goal in goals:
        asked = goal.is_open and bool(goal.waits_for or goal.differs_since)
        goal.was_withdrawn = asked and not goal.in_force_id and bool(goal.last_agreed)
        goal.agreed_again = goal.was_withdrawn and goal.last_agreed == goal.latest
    return goals


def earlier(goal: Goal) -> str:
    """What a proposal or two wordings do not show by themselves; '' if nothing."""
    if getattr(goal, "agreed_again", False):
        return _("The earlier agreement was withdrawn. One of you agreed again.")
    if getattr(goal, "was_withdrawn", False):
        return _("The earlier agreement was withdrawn.")
    return ""


def stands(goal: Goal, client, days: str = "within") -> SafeString:
    """The same without who is asked: for text that both read; `days` as in |day."""
    kind = kind_of(goal)
    if not goal.is_open:
        return format_html(ended(kind), day=day(goal.closed_at, days))
    reviewed = None if client.is_discharged else goal.review_on
    said = [_agreed(goal, reviewed, days)] if goal.in_force_id else []
    if kind == "proposed":
        said.append(_proposed(goal, days))
    elif kind == "withdrawn":
        said.append(_("Not in effect: an agreement was withdrawn."))
    elif kind == "differ":
        said.append(_("You each see this goal differently."))
        said += filter(None, [earlier(goal), chosen(goal, days)])
    elif kind == "changing":
        said.append(_("A new wording is proposed."))
    if reviewed and not goal.in_force_id:
        review = day(reviewed, days)
        said.append(format_html(_("Review {review}."), review=review))
    return format_html("{}" + " {}" * (len(said) - 1), *said)


def chosen(goal: Goal, days: str = "within") -> str:
    """What both chose for two wordings, and when; '' if they have not.

    For goals from `with_ways`, which every list uses.
    """
    ways = getattr(goal, "ways", None)
    move = ways and ways.chosen
    if not move:
        return ""
    said = {"day": day(move.at, days), "choice": GoalMove.Next(move.choice).label}
    return format_html(_("You both chose, {day}: {choice}."), **said)


def suggested(goal: Goal) -> str:
    """Each side's suggestion for two wordings, until both chose the same."""
    ways = getattr(goal, "ways", None)
    return " ".join(_suggestion(ways, move) for move in ways.open) if ways else ""


def _suggestion(ways: Ways, move: GoalMove) -> str:
    choice = GoalMove.Next(move.choice).label
    if ways.is_own(move):
        return _("You suggested: %(choice)s.") % {"choice": choice}
    said = {"name": screen_privacy.called(move.by), "choice": choice}
    return _("%(name)s suggests: %(choice)s.") % said


def came_in(goal: Goal) -> str:
    """Text on top of a session about it; '' if there is nothing to discuss."""
    said = {
        "differ": _("You each see this goal differently."),
        "withdrawn": _("Not in effect: an agreement was withdrawn."),
    }
    return said.get(kind_of(goal), "") or earlier(goal)


ENDED = {
    "reached": lambda: _("Reached {day}."),
    "aside": lambda: _("Set aside {day}."),
    "declined": lambda: _("Declined {day}."),
    "taken back": lambda: _("Proposal withdrawn {day}."),
}


def ended(how: str) -> str:
    """How a goal ended, with a placeholder for the day."""
    return ENDED.get(how, lambda: _("Closed {day}."))()


def _agreed(goal: Goal, reviewed: date | None, days: str) -> SafeString:
    since = day(goal.in_force_at, days)
    if not reviewed:
        return format_html(_("Agreed {since}."), since=since)
    review = day(reviewed, days)
    return format_html(
        _("Agreed {since}, review {review}."), since=since, review=review
    )


def _proposed(goal: Goal, days: str) -> SafeString:
    since = day(goal.latest.proposed_at, days)
    if getattr(goal, "agreed_again", False):
        return format_html("{}", earlier(goal))
    if goal.from_list and goal.latest.number == 1 and not earlier(goal):
        said = _("From an imported list, added {since}, not agreed yet.")
        return format_html(said, since=since)
    if before := earlier(goal):  # the wording of that agreement names the goal
        said = format_html(_("A new wording was proposed {since}."), since=since)
        return format_html("{} {}", said, before)
    return format_html(_("Proposed {since}, not agreed yet."), since=since)


def asked(goal: Goal, reader: Reader, client) -> str:
    """Whose agreement or answer is needed; '' if nobody is asked."""
    if not goal.waits_for:
        return suggested(goal)
    if client.is_discharged and goal.waits_for == Side.THERAPIST:
        return ""
    if goal.waits_for == Side.CLIENT:
        return _client_reads(client) if reader.is_client else _client(client)
    if reader.is_client:
        return _("Waiting for your therapist to agree.")
    if reader.may_write:
        return _("Needs your agreement.")
    return _("Needs the therapist’s agreement.")


def _client_reads(client) -> str:
    if client.is_discharged:
        return _("Your therapy here has ended, so you can’t agree.")
    return _("Needs your agreement.")


def _client(client) -> str:
    """Whether the client can answer at all."""
    said = {
        PortalState.ACTIVE: _("Waiting for %(name)s to agree."),
        PortalState.INVITED: _("%(name)s can agree after joining the portal."),
        PortalState.NONE: _("%(name)s has no portal account and cannot agree there."),
        PortalState.CLOSED: _(
            "%(name)s closed the portal account and cannot agree there."
        ),
        PortalState.DISCHARGED: _("%(name)s is discharged and cannot agree."),
    }
    return said[portal_state(client)] % {
        "name": screen_privacy.called(client.preferred_name)
    }


def no_review(goal: Goal) -> str:
    """Why it cannot be reviewed now, though both agreed to it; '' if it can."""
    if not goal.is_open or goal.can_decide:
        return ""
    said = {
        PortalState.CLOSED: _(
            "A review needs both of you. %(name)s closed the portal account and can "
            "answer after joining again."
        ),
        PortalState.DISCHARGED: _(
            "A review needs both of you. %(name)s is discharged and can answer once "
            "readmitted."
        ),
    }
    why = said.get(portal_state(goal.client), _("A review needs both of you."))
    return why % {"name": screen_privacy.called(goal.client.preferred_name)}


def closed_because(goal: Goal, user) -> SafeString:
    """Why nothing can be proposed, agreed or decided anymore, and who closed it: "You"
    is only `user`, not a colleague of the same side."""
    kinds = CLOSED_BY.get(goal.ended_as, ())
    move = goal.moves.filter(kind__in=kinds).select_related("by").last()
    when = day(goal.closed_at, "within")
    if goal.ended_as == Goal.Ended.REACHED:
        return format_html(_("This goal was marked as reached {day}."), day=when)
    if goal.ended_as == Goal.Ended.ASIDE or move is None:
        return format_html(_("This goal was set aside {day}."), day=when)
    if move.by_id == user.pk:
        said = {
            "declined": _("You declined this goal {day}."),
            "key_withdrawn": _("You withdrew this proposal {day}."),
        }
    else:
        said = {
            "declined": _("{name} declined this goal {day}."),
            "key_withdrawn": _("{name} withdrew this proposal {day}."),
        }
    return format_html(said[move.kind], name=screen_privacy.called(move.by), day=when)


CLOSED_BY = {"declined": ("declined",), "taken back": ("key_withdrawn",)}


def refusal(goal: Goal) -> GoalMove | None:
    """The refusal to agree again that explains why nobody is asked."""
    if goal.waits_for or goal.in_force_id:
        return None
    moves = goal.moves.filter(kind=GoalMove.Kind.DECLINED, version=goal.latest_id)
    return moves.select_related("by").order_by("-at", "-pk").first()


def did_not_agree_again(move: GoalMove | None, user) -> SafeString:
    """The text for the `refusal` of a goal; '' without one."""
    if move is None:
        return SafeString("")
    when = day(move.at, "within")
    if move.by_id == user.pk:
        return format_html(_("You did not agree again {when}."), when=when)
    name = screen_privacy.called(move.by)
    said = _("{name} did not agree again {when}.")
    return format_html(said, name=name, when=when)


def decided(move) -> SafeString:
    """How a review ended, from its history line; '' if it did not."""
    if move is None:
        return SafeString("")
    said = {"choice": Review.Choice(move.choice).label, "day": day(move.at, "within")}
    return format_html(_("The review was decided {day}: {choice}."), **said)
