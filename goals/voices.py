"""Who gave a rating, as each side reads it: two sides, two separate series.

A rating chosen together is entered by the therapist and counts as the therapist's: the
client confirmed nothing, and a mean of the client's ratings must not contain what only
the therapist reports. Wherever a single rating names its author, it says "chosen
together" as well. If one figure represents a goal, it is the client's if the client
rated on enough days (`ui.charts.words.ENOUGH`), else the therapist's if the therapist
did: one new rating never drops the other side's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.utils.translation import gettext as _

from goals.models.content import Side
from ui import screen_privacy
from ui.charts.words import ENOUGH

BOTH = (Side.CLIENT, Side.THERAPIST)


def voice(
    side: str, client, *, portal: bool, own: bool = False, listed: bool = False
) -> str:
    """The label of a side on a page; `client` is whose goal it is.

    `own`: the reader, a therapist, gave all ratings shown of that side; `listed`: all
    of them were imported, which names nobody.
    """
    if listed:
        return _("Imported list")
    if side == Side.CLIENT:
        return _("You") if portal else screen_privacy.called(client.preferred_name)
    if own:
        return _("You")
    return _("Your therapist") if portal else _("Therapist")


def counted(given: Mapping[str, Collection], enough: int = ENOUGH) -> str:
    """Whose ratings a figure uses, given each side's, one a day: the first side with
    enough of them, else the first with any; '' if none."""
    for least in (enough, 1):
        for side in BOTH:
            if len(given.get(side, ())) >= least:
                return str(side)
    return ""
