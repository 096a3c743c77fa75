"""Screen sharing: while it is on, client names are shown as initials."""

from __future__ import annotations

from contextvars import ContextVar

from ui import names

INITIALS = "initials"  # in the session
_initials: ContextVar[bool] = ContextVar("initials", default=False)


def begin(request, person):
    """For this request; the middleware passes the token back to `end`."""
    wanted = person.is_authenticated and request.session.get(INITIALS, False)
    return _initials.set(bool(wanted))


end = _initials.reset


def shows_initials() -> bool:
    return _initials.get()


def called(who) -> str:
    """A client's name as it may be shown now, for text that is not HTML."""
    return names.isolated(plainly_called(who))


def plainly_called(who) -> str:
    """A client's name as it may be shown now: "Cleo Hart", or "C. H.".

    `who` may be a User too; staff names are never shortened.
    """
    name = getattr(who, "name", who)
    if not _initials.get() or not getattr(who, "is_client", True):
        return name
    return " ".join(f"{word[0]}." for word in name.split())
