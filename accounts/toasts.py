"""What was done, and the way back: a message that may carry an undo."""

from django.contrib import messages


def toast(request, text, undo=""):
    """Tell once, on the next page; `undo` is the address its button posts to."""
    messages.success(request, text, extra_tags=f"undo:{undo}" if undo else "")
