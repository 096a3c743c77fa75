"""What a therapist who shares the screen does not want shown: names become initials."""

from __future__ import annotations

from contextvars import ContextVar

from ui import names

INITIALS = "initials"  # in the session
_initials: ContextVar[bool] = ContextVar("initials", default=False)


def begin(request, person):
    """For this request; the middleware gives the token back to `end`."""
    wanted = person.is_authenticated and request.session.get(INITIALS, False)
    return _initials.set(bool(wanted))


end = _initials.reset


def shows_initials() -> bool:
    return _initials.get()


def called(who) -> str:
    """A client's name for a sentence that is no HTML, as it is to be shown now."""
    return names.isolated(plainly_called(who))


def plainly_called(who) -> str:
    """A client's name as it is to be shown now: "Cleo Hart", or "C. H.".

    `who` may be a User as well; who works here keeps their name.
    """
    name = getattr(who, "name", who)
    if not _initials.get() or not getattr(who, "is_client", True):
        return name
    return " ".join(f"{word[0]}." for word in name.split())
