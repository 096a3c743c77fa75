"""A signed note for display: its parts with labels, and its additions."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from accounts.models import AuditEvent, User
from clients.autosave import PART
from notes.formats import PARTS
from notes.models import NoteAddition, NoteHold, ProgressNote
from notes.models.earlier_draft import author_is_gone
from notes.models.note import MOST


def labelled_parts(note: ProgressNote) -> list[tuple[str, str]]:
    """Each part that has text, with its label."""
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


def hold_of(note: ProgressNote | None, user: User) -> NoteHold | None:
    """Why a signed note is not shared for now; None if it is not withheld."""
    if note is None or not note.signed_at:
        return None
    rows = NoteHold.objects.visible_to(user).filter(note=note).open()
    return rows.select_related("note").order_by("at", "pk").first()


def read_before(hold: NoteHold | None) -> AuditEvent | None:
    """When the client last opened or exported a now withheld note while it was shared.

    What they read then is no secret.
    """
    if hold is None:
        return None
    note = hold.note
    held = NoteHold.objects.filter(
        note=note, at__lte=OuterRef("at"), until__gt=OuterRef("at")
    )
    looks = AuditEvent.objects.filter(client_id=note.client_id, role="client")
    looks = looks.filter(at__gte=note.signed_at, at__lt=hold.at).exclude(Exists(held))
    opened = Q(verb="opened", object_id=note.session_id)
    return looks.filter(opened | Q(verb="exported")).order_by("-at", "-pk").first()


def is_left(note: ProgressNote | None) -> bool:
    """Whether it is a draft whose author can no longer write for the client."""
    return bool(note and not note.signed_at and author_is_gone(note))
