"""The session screen: view, save, sign, withhold."""

from __future__ import annotations

import json

from django.contrib import messages
from django.db import IntegrityError
from django.db.models import UUIDField
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.decorators import therapist_required
from appointments.models import TherapySession
from appointments.queries import number_of
from clients import access, apart
from clients.autosave import PART, typed_in
from clients.portal_state import reads_note
from clients.prepared import prepared_for_user
from clients.record_access import shown
from clients.remark_forms import SupervisionCommentForm
from clients.remarks import Asides
from database.prepared import first
from goals import signal_words
from notes import conflict, signing
from notes.formats import PARTS
from notes.hold_form import HoldForm
from notes.models import NoteHold, ProgressNote
from notes.models.note import MOST
from notes.session_form import SessionForm, StaleNote
from notes.session_page import SessionPage
from notes.session_ratings import SessionRatings
from notes.signed_note_page import additions_to, hold_of, is_left, read_before
from notes.unsaved import (
    aside,
    aside_of,
    beside,
    beside_the_parts,
    earlier_drafts,
    forget_saved,
    labelled,
    lost,
    set_aside,
    why_not,
)


@prepared_for_user(session=UUIDField())
def _one_session(user, session):
    rows = TherapySession.objects.visible_to(user).filter(pk=session)
    rows = rows.select_related("client__user", "therapist")
    return apart.with_shares_name(rows)


@therapist_required
def session_detail(request, session_id):
    session = first(_one_session(request.user, session=session_id))
    if session is None:
        raise Http404
    shown(request, session)
    sent = request.POST if request.method == "POST" else None
    screen = SessionPage(session, request.user, sent)
    form = SessionForm(sent, screen=screen)
    if sent and sent.get("act") == "discard":
        return _discard_aside(request, screen)
    if not _may_write(screen, request.user):
        return _not_saved(request, screen) if sent else _read(request, screen)
    if sent and sent.get("act") in conflict.CHOICES:
        return _put_in_form(request, screen)
    if sent is not None and form.is_valid():
        answer = _save(request, form)
        if answer:
            return answer
    return _screen(request, form, screen)


def _may_write(screen, user) -> bool:
    """Its author while it is unsigned; anyone with write access if nobody has begun
    it."""
    if screen.session.is_off:
        return False
    signed = screen.note and screen.note.signed_at
    writes = screen.session.client_id in access.reach(user).writes
    return bool(writes and screen.is_mine and not signed)


def _save(request, form):
    """Save or sign; None if the page is to be shown again."""
    act, session = request.POST.get("act"), form.screen.session
    sign = act in (signing.SIGN, signing.ANYWAY)
    if sign and not form.body.strip():
        form.add_error(
            "part0", _("Write a line first. A signed note can’t be changed.")
        )
        return None
    early = sign and signing.is_early(session)
    gaps = signing.gaps(form) if act == signing.SIGN and not early else None
    try:
        if not form.save(by=request.user, sign=sign and not early and not gaps):
            return None
    except (StaleNote, IntegrityError):
        return _both_texts(request, form)
    forget_saved(session, request.user)
    if gaps:
        return _ask(request, session, gaps)
    if early:
        messages.warning(
            request, _("Saved. You can sign once the session has started.")
        )
    if sign:
        return redirect("session", session.pk)
    messages.success(request, _("Session saved."))
    return redirect("today")


def _ask(request, session, gaps):
    """The text is saved; ask once whether to sign with gaps."""
    screen = SessionPage(session, request.user)
    return _screen(request, SessionForm(screen=screen), screen, question=gaps)


def _both_texts(request, form):
    """Someone saved meanwhile: the later save shows both texts to choose from."""
    screen = SessionPage(form.screen.session, request.user, request.POST)
    if not _may_write(screen, request.user):
        return _not_saved(request, screen)
    set_aside(screen.session, request.user, typed_in(request.POST))
    data = request.POST.copy()
    data["revision"] = screen.note.revision if screen.note else 0
    again = SessionForm(data, screen=screen)
    again.is_valid()
    return _screen(request, again, screen, other=screen.note, status=409)


def _put_in_form(request, screen):
    """Fill the form with the chosen text, without saving it."""
    data = conflict.chosen(request.POST, screen)
    set_aside(screen.session, request.user, typed_in(request.POST))
    again = SessionForm(data, screen=SessionPage(screen.session, request.user, data))
    again.is_valid()
    messages.warning(request, _("Not saved yet. Check the text in the form."))
    return _screen(request, again, again.screen)


def _not_saved(request, screen):
    """No longer theirs to write: show what they typed, and why."""
    typed = typed_in(request.POST)
    missing = lost(typed, screen)
    if not missing:  # a double click: all of it is saved
        return _read(request, screen)
    set_aside(screen.session, request.user, typed)
    return _read(request, screen, typed=labelled(missing, screen), status=409)


def _discard_aside(request, screen):
    aside(screen.session, request.user).delete()
    return redirect("session", screen.session.pk)


def _screen(request, form, screen, *, other=None, question=None, status=200):
    session = screen.session
    context = {
        "nav": "caseload",
        "client": session.client,
        "session": session,
        "form": form,
        "screen": screen,
        "number": number_of(session, request.user),
        "labels": json.dumps(form.labels()),
        "question": question,
        "early": signing.is_early(session),
        "earlier": earlier_drafts(screen, request.user),
        "since": screen.came_in,
        "topics": [
            (signal_words.to_therapist(one.kind)[0], one.goal, one.url)
            for one in screen.topics
        ],
        "other": other and conflict.parts_of(other, form.body.split(PART)),
        "beside": beside(typed_in(request.POST), screen) if other else (),
        "why": why_not(screen, request.user) if other else "",
        "aside": "" if form.is_bound else aside_of(screen, request.user),
    }
    return render(request, "notes/session_detail.html", context, status=status)


def session_read(request, session_id, **forms):
    """The read-only page of a session, with a form as submitted."""
    session = first(_one_session(request.user, session=session_id))
    if session is None:
        raise Http404
    shown(request, session)
    return _read(request, SessionPage(session, request.user), **forms)


def _read(request, screen, *, typed=(), status=200, hold_form=None, comment_form=None):
    note, session = screen.note, screen.session
    labels = PARTS[note.format] if note else []
    parts = note.parts[:MOST] if note else []
    texts = [
        (labels[n] if n < len(labels) else "", text)
        for n, text in enumerate(parts)
        if text.strip()
    ]
    hold = hold_of(note, request.user)
    context = {
        "nav": "caseload",
        "client": session.client,
        "session": session,
        "screen": screen,
        "note": note,
        "texts": texts,
        "additions": additions_to(note, request.user),
        "undo_seconds": signing.seconds_to_undo(note),
        "earlier": earlier_drafts(screen, request.user),
        "is_left": is_left(note),
        "hold": hold,
        "read_before": read_before(hold),
        "hold_form": hold_form or HoldForm(client=session.client),
        "number": number_of(session, request.user),
        "ratings": SessionRatings(session, request.user),
        "typed": typed or aside_of(screen, request.user),
        "beside": beside_the_parts(screen),
        "why": why_not(screen, request.user) if typed else "",
        "writes": session.client_id in access.reach(request.user).writes,
        "supervises": session.client_id in access.reach(request.user).supervises,
        "comments": _comments(session, request.user),
        "comment_form": comment_form or SupervisionCommentForm(),
    }
    return render(request, "notes/session_read.html", context, status=status)


def _comments(session, user):
    """Supervision comments on this session, for readers who may discuss it."""
    return [
        said
        for said in Asides(session.client, user).comments
        if said.aside.row_id == session.pk
    ]


# -- withholding a note ---------------------------------------------------------------


def _signed(request, session_id) -> ProgressNote:
    rows = ProgressNote.objects.editable_by(request.user).exclude(signed_at=None)
    rows = rows.select_related("client__user")
    return get_object_or_404(rows, pk=session_id)


@therapist_required
@require_POST
def note_hold(request, session_id):
    note = _signed(request, session_id)
    form = HoldForm(request.POST, client=note.client)
    if form.is_valid():
        NoteHold.place(note, form.cleaned_data["reason"], by=request.user)
        messages.success(request, _("No longer shared. The note itself is unchanged."))
        return redirect("session", note.session_id)
    return session_read(request, session_id, hold_form=form)


@therapist_required
@require_POST
def note_show(request, session_id):
    note = _signed(request, session_id)
    for hold in NoteHold.objects.visible_to(request.user).filter(note=note).open():
        hold.lift(by=request.user)
    messages.success(request, _("Shared again.") + " " + reads_note(note.client))
    return redirect("session", note.session_id)
