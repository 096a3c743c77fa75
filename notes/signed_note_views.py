"""Views of a signed note: add to it, print it."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import therapist_required
from appointments.models import TherapySession
from appointments.queries import number_of
from clients import drafts
from clients.record_access import shown
from notes.addition_form import AdditionForm
from notes.models import EarlierDraft, ProgressNote
from notes.signed_note_page import additions_to, hold_of, labelled_parts


def _signed_note(rows, session_id) -> ProgressNote | None:
    """One of `rows` with a final signature; None if it can still be undone."""
    note = rows.select_related("session__client", "client__user", "author", "begun_by")
    note = get_object_or_404(note.filter(signed_at__isnull=False), pk=session_id)
    return None if rows.unsigned().filter(pk=note.pk).exists() else note


def _too_soon(request, session_id):
    messages.warning(request, _("Wait until ten seconds after signing."))
    return redirect("session", session_id)


@therapist_required
def note_add(request, session_id):
    rows = ProgressNote.objects.editable_by(request.user)
    note = _signed_note(rows, session_id)
    if note is None:
        return _too_soon(request, session_id)
    shown(request, note.session)
    form = drafts.restored(AdditionForm, request, note=note)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Added to the note."))
        return redirect("session", session_id)
    hold = hold_of(note, request.user)
    context = _shown(note, request.user) | {"form": form, "hold": hold}
    return render(request, "notes/note_add.html", context)


@therapist_required
@require_safe
def note_print(request, session_id):
    note = _signed_note(ProgressNote.objects.visible_to(request.user), session_id)
    if note is None:
        return _too_soon(request, session_id)
    shown(request, note.session, "printed")
    context = _shown(note, request.user) | {"now": timezone.now()}
    return render(request, "notes/note_print.html", context)


@therapist_required
@require_POST
def note_take_over(request, session_id, *, anew=False):
    """Continue the draft of a colleague who can no longer write, or start over."""
    off = [TherapySession.State.CANCELLED, TherapySession.State.MISSED]
    rows = ProgressNote.objects.editable_by(request.user)
    rows = rows.exclude(session__state__in=off).select_related("author")
    note = get_object_or_404(rows, pk=session_id)
    if not EarlierDraft.take_over(note, by=request.user, anew=anew):
        messages.warning(request, _("This note has changed. Check it again."))
    elif anew:
        messages.success(request, _("New note started. The earlier draft is saved."))
    else:
        messages.success(request, _("Draft taken over. You can edit and sign it."))
    return redirect("session", session_id)


def _shown(note: ProgressNote, user) -> dict:
    return {
        "nav": "caseload",
        "client": note.client,
        "session": note.session,
        "note": note,
        "number": number_of(note.session, user),
        "texts": labelled_parts(note),
        "additions": additions_to(note, user),
    }
