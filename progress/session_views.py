"""The session screen: read, kept while it is typed, saved, signed, held back."""

from __future__ import annotations

import json

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import UUIDField
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import encryption
from accounts.decorators import therapist_required
from accounts.kept import first, kept
from clients import access
from clients.aside_forms import CommentForm
from clients.asides import Asides
from clients.kept import kept_for_person
from clients.looking import opened
from clients.models.draft import PART, digest, revision_of
from goals.differences import only_here
from progress import signing
from progress.client_page import number_of
from progress.forms import HoldForm
from progress.logging_form import PARTS, SessionForm, StaleNote
from progress.models import NoteHold, ProgressNote, TherapySession
from progress.models.note import MOST, TYPED
from progress.note_page import additions_to, earlier_drafts, is_left
from progress.session_screen import SessionScreen


@kept_for_person(session=UUIDField())
def _one_session(user, session):
    rows = TherapySession.objects.visible_to(user).filter(pk=session)
    return rows.select_related("client", "therapist")


@therapist_required
def session_detail(request, session_id):
    session = first(_one_session(request.user, session=session_id))
    if session is None:
        raise Http404
    screen = SessionScreen(session, request.user)
    if not _may_write(screen, request.user):
        return _read(request, screen)
    form = SessionForm(request.POST or None, screen=screen)
    if request.method == "POST" and form.is_valid():
        answer = _save(request, form)
        if answer:
            return answer
    return _screen(request, form, screen)


def _may_write(screen, user) -> bool:
    """Its author while it is unsigned; whoever may write, while nobody has begun."""
    if screen.session.state in ("cancelled", "missed"):
        return False
    signed = screen.note and screen.note.signed_at
    writes = screen.session.client_id in access.reach(user).writes
    return bool(writes and screen.is_mine and not signed)


def _save(request, form):
    """Save or sign; None where the page is shown again."""
    act, session = request.POST.get("act"), form.screen.session
    sign = act in (signing.SIGN, signing.ANYWAY)
    if sign and not form.body.strip():
        form.add_error("part0", _("Write a line first: a signed note never changes."))
        return None
    early = sign and signing.is_early(session)
    gaps = signing.gaps(form) if act == signing.SIGN and not early else None
    try:
        if not form.save(by=request.user, sign=sign and not early and not gaps):
            return None
    except (StaleNote, IntegrityError):
        return _both_texts(request, form)
    if gaps:
        return _ask(request, session, gaps)
    if early:
        messages.warning(
            request, _("Saved. You can sign once the session has started.")
        )
    if sign:
        return redirect("session", session.pk)
    messages.success(request, _("Saved."))
    return redirect("today")


def _ask(request, session, gaps):
    """What was typed is saved; whether it is signed like that is asked once."""
    screen = SessionScreen(session, request.user)
    return _screen(request, SessionForm(screen=screen), screen, question=gaps)


def _both_texts(request, form):
    """Somebody saved meanwhile: the later save sees both texts and chooses."""
    screen = SessionScreen(form.screen.session, request.user)
    if not _may_write(screen, request.user):
        messages.warning(request, _("The note was signed meanwhile. Yours is below."))
        return _read(request, screen, typed=form.body)
    data = request.POST.copy()
    data["revision"] = screen.note.revision if screen.note else 0
    again = SessionForm(data, screen=screen)
    again.is_valid()
    return _screen(request, again, screen, other=screen.note, status=409)


def _screen(request, form, screen, *, other=None, question=None, status=200):
    session = screen.session
    opened(session, request.user)
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
        "earlier": earlier_drafts(screen.note, request.user),
        "since": [goal for goal in screen.goals if goal.waits_for == "therapist"],
        "other": other and only_here(_text(other.parts), _text(form.body.split(PART))),
    }
    return render(request, "progress/session_detail.html", context, status=status)


def _text(parts) -> str:
    """The parts of a note as one text."""
    return "\n\n".join(part for part in parts[:MOST] if part.strip())


def _read(request, screen, *, typed=""):
    note, session = screen.note, screen.session
    opened(session, request.user)
    labels = PARTS[note.format] if note else []
    parts = note.parts[:MOST] if note else []
    texts = [
        (labels[n] if n < len(labels) else "", text)
        for n, text in enumerate(parts)
        if text.strip()
    ]
    holds = (
        list(NoteHold.objects.visible_to(request.user).filter(note=note).open())
        if note
        else []
    )
    context = {
        "nav": "caseload",
        "client": session.client,
        "session": session,
        "screen": screen,
        "note": note,
        "texts": texts,
        "additions": additions_to(note, request.user),
        "undo_seconds": signing.seconds_to_undo(note),
        "earlier": earlier_drafts(note, request.user),
        "is_left": is_left(note),
        "hold": holds[0] if holds else None,
        "hold_form": HoldForm(),
        "number": number_of(session, request.user),
        "rated": [
            (goal, screen.given[goal.pk].value)
            for goal in screen.goals
            if goal.pk in screen.given
        ],
        "typed": typed.replace(PART, "\n\n"),
        "writes": session.client_id in access.reach(request.user).writes,
        "supervises": session.client_id in access.reach(request.user).supervises,
        "comments": _comments(session, request.user),
        "comment_form": CommentForm(),
    }
    return render(request, "progress/session_read.html", context)


def _comments(session, user):
    """What supervisors said about this session, for those who discuss it."""
    return [
        said
        for said in Asides(session.client, user).comments
        if said.aside.row_id == session.pk
    ]


@therapist_required
@require_POST
def note_keep(request, session_id):
    """Keep what is typed: one look-up that is also the access rule, and one write."""
    texts = [request.POST.get(name, "").replace("\r\n", "\n") for name in TYPED]
    base = revision_of(request.POST.get("revision"))
    note = _note_to_write(request, session_id, base)
    format = texts[0] if texts[0] in ProgressNote.Format.values else "dap"
    body = PART.join(text.replace(PART, "") for text in texts[1:])
    revision = note.keep(body, format, by=request.user, base=base)
    if revision is None:
        return _kept_elsewhere(request, session_id)
    sha256 = digest(PART.join(texts))
    return JsonResponse(
        {"revision": revision, "sha256": sha256, "at": timezone.now().isoformat()}
    )


@kept(who=UUIDField(), session=UUIDField())
def _mine(who, session):
    """The note that one began oneself, if one may still write there."""
    rows = ProgressNote.objects.filter(access.may_write(who), pk=session, author=who)
    return encryption.with_keys(rows).defer("body")


def _note_to_write(request, session_id, base) -> ProgressNote:
    for note in _mine(who=request.user.pk, session=session_id):
        encryption.remember(note)
        return note
    rows = TherapySession.objects.editable_by(request.user)
    session = get_object_or_404(rows, pk=session_id)
    if base:  # the revision of a note that is not there
        raise Http404
    try:
        with transaction.atomic():
            return ProgressNote.begin(session, by=request.user)
    except IntegrityError:  # two tabs began at once, or a colleague did
        return get_object_or_404(
            ProgressNote.objects.editable_by(request.user), pk=session_id
        )


def _kept_elsewhere(request, session_id):
    note = get_object_or_404(
        ProgressNote.objects.visible_to(request.user), pk=session_id
    )
    return JsonResponse(
        {"text": _text(note.parts), "revision": note.revision}, status=409
    )


# -- holding back ---------------------------------------------------------------------


def _signed(request, session_id) -> ProgressNote:
    rows = ProgressNote.objects.editable_by(request.user).exclude(signed_at=None)
    return get_object_or_404(rows, pk=session_id)


@therapist_required
@require_POST
def note_hold(request, session_id):
    note = _signed(request, session_id)
    form = HoldForm(request.POST)
    if form.is_valid():
        NoteHold.place(note, form.cleaned_data["reason"], by=request.user)
        messages.success(request, _("Held back. The note itself stays as it is."))
    else:
        messages.warning(request, _("Say why, in a line."))
    return redirect("session", note.session_id)


@therapist_required
@require_POST
def note_show(request, session_id):
    note = _signed(request, session_id)
    for hold in NoteHold.objects.visible_to(request.user).filter(note=note).open():
        hold.lift(by=request.user)
    messages.success(request, _("The client can read it again."))
    return redirect("session", note.session_id)
