"""A signed note to read: its parts with their labels, and what was added to it."""

from __future__ import annotations

from accounts.models import User
from clients.models.draft import PART
from progress.logging_form import PARTS
from progress.models import NoteAddition, ProgressNote
from progress.models.earlier_draft import author_is_gone
from progress.models.note import MOST


def labelled_parts(note: ProgressNote) -> list[tuple[str, str]]:
    """Each part that says something, with its label."""
    labels = PARTS[note.format]
    return [
        (labels[number] if number < len(labels) else "", text)
        for number, text in enumerate(note.body.split(PART)[:MOST])
        if text.strip()
    ]


def additions_to(note: ProgressNote | None, user: User) -> list[NoteAddition]:
    """Oldest first, as `user` may read them."""
    if note is None:
        return []
    rows = NoteAddition.objects.visible_to(user).filter(note=note)
    return list(rows.select_related("by").order_by("at", "pk"))


def is_left(note: ProgressNote | None) -> bool:
    """Whether it is a draft whose author may no longer write for the client."""
    return bool(note and not note.signed_at and author_is_gone(note))
