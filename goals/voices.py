"""Who gave a rating, as each side reads it: two sides, two series, never one line.

A number that both chose together was written down by the therapist and counts as the
therapist's: the client pressed nothing, and a mean of the client's ratings must not
hold what only the therapist says of them.  Wherever a single number says who gave it,
it says "chosen together" as well.  Where one figure stands for a goal, it is the
client's where the client rated on enough days (`ui.charts.words.ENOUGH`), else the
therapist's where the therapist did: one new rating never throws the other's out.
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
    """What a side is called on a page; `client` is whose goal it is.

    `own`: the reader, a therapist, gave all that is shown of that side; `listed`: all
    of it came with an import, which names nobody.
    """
    if listed:
        return _("Imported list")
    if side == Side.CLIENT:
        return _("You") if portal else screen_privacy.called(client.preferred_name)
    if own:
        return _("You")
    return _("Your therapist") if portal else _("Therapist")


def counted(given: Mapping[str, Collection], enough: int = ENOUGH) -> str:
    """Whose ratings one figure uses, of those that each side gave, one a day: the
    first side with enough of them, else the first with any; '' for none."""
    for least in (enough, 1):
        for side in BOTH:
            if len(given.get(side, ())) >= least:
                return str(side)
    return ""
