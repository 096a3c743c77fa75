"""Autosave of a note; text that does not fit in the note is stored beside it."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import UUIDField
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import encryption
from accounts.decorators import therapist_required
from appointments.models import TherapySession
from clients import access, autosave
from clients.autosave import revision_of, typed_in
from clients.record_access import open_for
from database.prepared import prepared
from notes.models import ProgressNote
from notes.models.note import PRESSED
from notes.session_page import SessionPage
from notes.unsaved import (
    beside,
    note_texts,
    refuses,
    set_aside,
    why_not,
)


@therapist_required
@require_POST
def note_keep(request, session_id):
    """Autosave: one lookup, which is also the access check, and one write."""
    typed = typed_in(request.POST)
    base = revision_of(request.POST.get("revision"))
    why = refuses(typed)
    if why:
        rows = TherapySession.objects.editable_by(request.user)
        get_object_or_404(rows, pk=session_id)
        return autosave.refused(why)
    note = _note_to_write(request, session_id, base)
    if note is None:
        return _kept_elsewhere(request, session_id, typed)
    texts = dict(typed)
    pressed = {name: text for name, text in typed if PRESSED.fullmatch(name)}
    body, format = note.joined(texts, pressed), texts.get("format", "dap")
    revision = note.keep(body, format, by=request.user, base=base)
    if revision is None:
        return _kept_elsewhere(request, session_id, typed)
    return autosave.saved(typed, revision)


@prepared(who=UUIDField(), session=UUIDField())
def _mine(who, session):
    """The user's own unsigned note, if they may still write there."""
    rows = ProgressNote.objects.filter(access.may_write(who), pk=session, author=who)
    rows = rows.exclude(session__state__in=TherapySession.OFF)
    return encryption.with_keys(rows).defer("body")


def _note_to_write(request, session_id, base) -> ProgressNote | None:
    """None if the session was missed or canceled: its page says why."""
    for note in _mine(who=request.user.pk, session=session_id):
        encryption.remember(note)
        return note
    rows = TherapySession.objects.editable_by(request.user)
    session = get_object_or_404(rows, pk=session_id)
    if session.is_off:
        return None
    if base:  # the revision of a note that does not exist
        raise Http404
    try:
        with transaction.atomic():
            return ProgressNote.begin(session, by=request.user)
    except IntegrityError:  # two tabs began at once, or a colleague did
        return get_object_or_404(
            ProgressNote.objects.editable_by(request.user), pk=session_id
        )


def _kept_elsewhere(request, session_id, typed):
    rows = TherapySession.objects.visible_to(request.user).select_related("client")
    session = open_for(request, rows, pk=session_id)
    screen = SessionPage(session, request.user)
    note = screen.note
    if note is None and not session.is_off:
        raise Http404
    set_aside(session, request.user, typed)
    rows = [*(note_texts(note, screen) if note else ()), *beside(typed, screen)]
    answer = {
        "text": "\n\n".join(f"{label}\n{text}" for label, text, _name in rows),
        "revision": note.revision if note else 0,
        "reason": _("Not saved: %(why)s") % {"why": why_not(screen, request.user)},
    }
    return JsonResponse(answer, status=409)
