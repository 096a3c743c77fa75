"""Export of a record: requested, made by a worker, downloaded within a day.

One page for both sides, each with its own URLs.
"""

from __future__ import annotations

from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from accounts.downloads import download
from accounts.reauthentication import fresh_proof_required
from clients.models import Client
from clients.record_access import shown
from clients.sides import SidePages, either_side
from transfer.export.files import paper_in
from transfer.export.read import not_in_copy
from transfer.models import RecordExport

LATELY = 3
KINDS = {"zip": "application/zip", "pdf": "application/pdf"}


@either_side(only_reads=True)
@fresh_proof_required
def record(request, side: SidePages, client_id=None):
    client = _client(request, side, client_id)
    asked_again = "HX-Request" in request.headers  # while it is being made
    if not asked_again:
        shown(request, client)
    if request.method == "POST":
        RecordExport.ask(client, by=request.user)
        return redirect(request.path)
    mine = RecordExport.objects.visible_to(request.user).filter(client=client)
    lately = list(mine.defer("archive").order_by("-asked_at", "-pk")[:LATELY])
    waiting = [one for one in lately if one.state == one.State.WAITING]
    if asked_again and not waiting:
        return HttpResponseClientRefresh()
    ready = next((one for one in lately if one.is_ready), None)
    context = {
        "waiting": waiting,
        "ready": ready,
        "failed": bool(lately) and lately[0].state == RecordExport.State.FAILED,
        "again": request.path,
        "files": _files(side, client, ready) if ready else {},
        "not_in_it": not_in_copy(side.portal),
        "client": client,
        "nav": "more",
    }
    return side.page(request, "transfer/record", **context)


def _client(request, side: SidePages, client_id) -> Client:
    """Whose record: a therapist can ask while they have write access, a client also
    after discharge."""
    if side.portal:
        return get_object_or_404(Client.objects.visible_to(request.user))
    return get_object_or_404(Client.objects.editable_by(request.user), pk=client_id)


def _files(side: SidePages, client: Client, export: RecordExport) -> dict[str, str]:
    """The URLs of each kind of file."""
    begin, ids = ("portal", []) if side.portal else ("client", [client.pk])
    ids = [*ids, export.pk]
    return {kind: reverse(f"{begin}-record-{kind}", args=ids) for kind in KINDS}


@either_side(only_reads=True)
@require_safe
@fresh_proof_required
def record_file(request, side: SidePages, export_id, kind: str, client_id=None):
    """The whole ZIP, or one file in it."""
    client = _client(request, side, client_id)
    mine = RecordExport.objects.visible_to(request.user).filter(client=client).ready()
    export = get_object_or_404(mine, pk=export_id)
    archive = export.fetched(by=request.user)
    content = paper_in(archive) if kind == "pdf" else archive
    day = export.ready_at.astimezone(request.user.zone).date().isoformat()
    return download(content, f"record-{day}.{kind}", KINDS[kind])
