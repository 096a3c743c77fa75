"""A copy of a record: asked for, made by a worker, fetched within a day.

The same page for both sides, each with addresses of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from accounts.decorators import therapist_required
from accounts.downloads import download
from accounts.reauthentication import fresh_proof_required
from clients.models import Client
from clients.record_access import shown
from transfer.export.files import paper_in
from transfer.export.read import not_in_copy
from transfer.models import RecordExport

LATELY = 3
KINDS = {"zip": "application/zip", "pdf": "application/pdf"}


@dataclass(frozen=True)
class ExportSide:
    portal: bool

    def files(self, client: Client, export: RecordExport) -> dict[str, str]:
        """Where each kind of file is fetched."""
        begin, ids = ("portal", []) if self.portal else ("client", [client.pk])
        ids = [*ids, export.pk]
        return {kind: reverse(f"{begin}-record-{kind}", args=ids) for kind in KINDS}

    def page(self, request, client, **context):
        """Each side's own template around the same body."""
        template = "portal/record.html" if self.portal else "transfer/record.html"
        context |= {
            "client": client,
            "is_portal": self.portal,
            "not_in_it": not_in_copy(self.portal),
            "nav": "more" if self.portal else "caseload",
        }
        return render(request, template, context)


THERAPISTS, CLIENTS = ExportSide(portal=False), ExportSide(portal=True)


def record(request, client: Client, side: ExportSide, again: str):
    if request.method == "POST":
        RecordExport.ask(client, by=request.user)
        return redirect(again)
    mine = RecordExport.objects.visible_to(request.user).filter(client=client)
    lately = list(mine.defer("archive").order_by("-asked_at", "-pk")[:LATELY])
    waiting = [one for one in lately if one.state == one.State.WAITING]
    if "HX-Request" in request.headers and not waiting:
        return HttpResponseClientRefresh()
    ready = next((one for one in lately if one.is_ready), None)
    failed = bool(lately) and lately[0].state == RecordExport.State.FAILED
    context = {"waiting": waiting, "ready": ready, "failed": failed, "again": again}
    if ready:
        context["files"] = side.files(client, ready)
    return side.page(request, client, **context)


def record_file(request, client: Client, export_id, kind: str):
    """The whole as a ZIP, or what lies in it to read."""
    mine = RecordExport.objects.visible_to(request.user).filter(client=client).ready()
    export = get_object_or_404(mine, pk=export_id)
    archive = export.fetched(by=request.user)
    content = paper_in(archive) if kind == "pdf" else archive
    day = export.ready_at.astimezone(request.user.zone).date().isoformat()
    return download(content, f"record-{day}.{kind}", KINDS[kind])


def _client(request, client_id) -> Client:
    return get_object_or_404(Client.objects.editable_by(request.user), pk=client_id)


@therapist_required
@fresh_proof_required
def client_record(request, client_id):
    client = _client(request, client_id)
    if "HX-Request" not in request.headers:  # asked again while it is being made
        shown(request, client)
    return record(request, client, THERAPISTS, request.path)


@therapist_required
@require_safe
@fresh_proof_required
def client_record_file(request, client_id, export_id, kind):
    return record_file(request, _client(request, client_id), export_id, kind)
