"""Who gave a rating, as each side reads it: two sides, two series, never one line.

A number that both chose together was written down by the therapist and counts as the
therapist's: the client pressed nothing, and a mean of the client's ratings must not
hold what only the therapist says of them.  Wherever a single number says who gave it,
it says "chosen together" as well.  Where one figure stands for a goal, it is the
client's, and the therapist's only where the client gave none.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from goals.models.content import Side
from ui import screen_privacy

BOTH = (Side.CLIENT, Side.THERAPIST)


def voice(side: str, client, *, portal: bool, own: bool = False) -> str:
    """What a side is called on a page; `client` is whose goal it is.

    `own`: the reader, a therapist, gave all that is shown of that side.
    """
    if side == Side.CLIENT:
        return _("You") if portal else screen_privacy.called(client.preferred_name)
    if own:
        return _("You")
    return _("Your therapist") if portal else _("Therapist")


def counted(sides: Iterable[str]) -> str:
    """Whose ratings one figure uses: the client's where there are any; '' for none."""
    found = set(sides)
    return next((str(side) for side in BOTH if side in found), "")
