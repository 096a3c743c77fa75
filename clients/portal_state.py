"""The client's portal state, and what staff pages may say about it.

A sentence about what the client will do is shown only if they can do it.
"""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ui import screen_privacy
from ui.templatetags.ui import day


class PortalState(TextChoices):
    ACTIVE = "active"  # has joined and can answer
    INVITED = "invited"  # can answer after joining
    NONE = "none"  # no account and no invitation
    CLOSED = "closed"  # has closed their own account
    DISCHARGED = "discharged"  # read-only for a while if they joined


def portal_state(client) -> PortalState:
    if client.is_discharged:
        return PortalState.DISCHARGED
    if client.closed_portal:
        return PortalState.CLOSED
    if client.has_joined:
        return PortalState.ACTIVE
    return PortalState.INVITED if client.is_invited else PortalState.NONE


def is_active(client) -> bool:
    return portal_state(client) == PortalState.ACTIVE


def _named(client) -> dict[str, str]:
    return {"name": screen_privacy.called(client.preferred_name)}


def cannot_answer(client) -> str:
    """Why the client cannot answer; "" if they can."""
    said = {
        PortalState.INVITED: _("%(name)s can answer after joining the portal."),
        PortalState.NONE: _("%(name)s has no portal account and cannot answer there."),
        PortalState.CLOSED: _(
            "%(name)s closed the portal account and cannot answer there."
        ),
        PortalState.DISCHARGED: _("%(name)s is discharged and cannot answer."),
    }
    return said.get(portal_state(client), "") % _named(client)


# -- goals ---------------------------------------------------------------------------


def who_proposes(client, *, may_write: bool) -> str:
    """Who can propose a goal, for staff; "" for readers if the client cannot."""
    if not is_active(client):
        return _("You can propose one.") if may_write else ""
    if may_write:
        return _("Either of you can propose one.")
    return _("The therapist or %(name)s can propose one.") % _named(client)


# -- strengths -----------------------------------------------------------------------


def waits_for_strength(client) -> str:
    """Label of a suggested strength without an answer; the reason is given above."""
    if is_active(client):
        return _("Waiting for %(name)s to answer.") % _named(client)
    return _("Not answered")


def no_strengths(client) -> str:
    """For a client who has agreed to none."""
    then = _("A suggested strength is listed here once %(name)s says yes.")
    return cannot_answer(client) or then % _named(client)


def answers_strength(client) -> str:
    """What happens to a suggested strength."""
    then = _("%(name)s says whether it fits, or rewords it.")
    return cannot_answer(client) or then % _named(client)


# -- notes ---------------------------------------------------------------------------


def reads(client) -> str:
    """When they can read what is shared: "now", "until" a day, "later", or "" for
    never.

    "until": discharged, and the portal is still open; "later": after joining.
    """
    state = portal_state(client)
    if state == PortalState.DISCHARGED:
        until = client.portal_until
        ahead = until and until > timezone.now()
        joined = client.has_joined and not client.closed_portal
        return "until" if ahead and joined else ""
    return {PortalState.ACTIVE: "now", PortalState.INVITED: "later"}.get(state, "")


def can_read(client) -> bool:
    """Whether they can read now what is shared with them."""
    return reads(client) in ("now", "until")


def reads_ever(client) -> bool:
    """Whether they can, now or after joining."""
    return bool(reads(client))


def reads_note(client) -> SafeString:
    """Whether they can read a signed and shared note."""
    said = {
        "now": _("{name} can read it."),
        "until": _("{name} can read it until {day}."),
        "later": _("{name} can read it after joining the portal."),
    }
    return _about(client, said.get(reads(client)) or _cannot_read(client))


def will_read_note(client) -> SafeString:
    """The same for a note that is not signed yet."""
    said = {
        "now": _("{name} can read this once it is signed."),
        "until": _("{name} can read this once it is signed, until {day}."),
        "later": _("{name} can read this once it is signed, after joining the portal."),
    }
    care_team = _("Only the care team and supervisors can read this.")
    return _about(client, said.get(reads(client), care_team))


def _cannot_read(client) -> str:
    return {
        PortalState.NONE: _("{name} has no portal account."),
        PortalState.CLOSED: _("{name} closed the portal account and cannot read it."),
        PortalState.DISCHARGED: _("{name} is discharged and cannot read it."),
    }[portal_state(client)]


def _about(client, sentence: str) -> SafeString:
    until = client.portal_until
    shown = {"day": day(until, "within")} if until else {}
    return format_html(sentence, name=_named(client)["name"], **shown)
