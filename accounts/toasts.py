"""What was done, and the way back: a message that may carry an undo."""

from django.contrib import messages


def toast(request, text, undo="", seconds=0):
    """Tell once, on the next page; `undo` is the address its button posts to.

    `seconds`: for how long it can be undone, counted down on the button.
    """
    tags = f"undo:{undo} seconds:{seconds}" if undo else ""
    messages.success(request, text, extra_tags=tags)
