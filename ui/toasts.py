"""What was done, and the way back: a message that may carry an undo."""

from django.contrib import messages
from django.utils.translation import gettext as _


def toast(request, text, undo="", seconds=0):
    """Tell once, on the next page; `undo` is the address its button posts to.

    `seconds`: for how long it can be undone, counted down on the button.
    """
    tags = f"undo:{undo} seconds:{seconds}" if undo else ""
    messages.success(request, text, extra_tags=tags)


def tell(request, done: bool, text="", undo="") -> None:
    """What was done; or that nothing was left to do, as from an old page."""
    if not done:
        messages.info(request, _("That was already done. Nothing was changed."))
    elif text:
        toast(request, text, undo=undo)
