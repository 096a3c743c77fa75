"""Toasts: messages about what was done, optionally with an undo button."""

from django.contrib import messages
from django.utils.translation import gettext as _


def toast(request, text, undo="", seconds=0):
    """Show once on the next page; `undo` is the URL its button posts to.

    `seconds`: how long it can be undone, counted down on the button.
    """
    tags = f"undo:{undo} seconds:{seconds}" if undo else ""
    messages.success(request, text, extra_tags=tags)


def tell(request, done: bool, text="", undo="") -> None:
    """Show what was done; or that nothing was left to do, as from a stale page."""
    if not done:
        messages.info(request, _("That was already done. Nothing was changed."))
    elif text:
        toast(request, text, undo=undo)
