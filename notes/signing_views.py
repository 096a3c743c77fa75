"""Undo a signature, for the ten seconds until it is final."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.decorators import therapist_required
from notes.models import ProgressNote


@therapist_required
@require_POST
def note_unsign(request, session_id):
    rows = ProgressNote.objects.editable_by(request.user).filter(author=request.user)
    note = get_object_or_404(rows, pk=session_id)
    if note.undo_signing(by=request.user):
        messages.success(request, _("Signature removed. You can edit the note again."))
    elif note.signed_at:
        messages.warning(
            request,
            _("It’s too late to undo. The note is signed; you can add to it."),
        )
    return redirect("session", session_id)
