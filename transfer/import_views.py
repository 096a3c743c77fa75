"""Import of a caseload: by a therapist for themselves, by an admin for a therapist.

The same pages for both, each with its own URLs; transfer/imports/review.py leaves out
what an admin may not read, before any page is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from accounts.decorators import admin_required, therapist_required
from accounts.downloads import CSV, download
from accounts.encryption import Unreadable
from accounts.models import User
from clients import audit_page
from clients.models import Client
from clients.sides import bound
from transfer.import_forms import AdminUploadForm, ImportReviewForm, UploadForm
from transfer.imports import files
from transfer.imports.sheet import why
from transfer.imports.summary import Summary
from transfer.models import CaseloadImport, ImportSheet

LATELY, A_PAGE = 5, 100
OVER = ("done", "dropped", "refused", "undoing", "undone")
SEEN_BY_BOTH = ("done", "undoing", "undone")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class ImportSide:
    """`side["look"]` is the name of that URL on the user's side."""

    admin: bool

    def __getitem__(self, name: str) -> str:
        begin = "people-import" if self.admin else "caseload-import"
        return f"{begin}-{name}" if name != "begin" else begin

    @property
    def base(self) -> str:
        return "base_admin.html" if self.admin else "base_therapist.html"

    @property
    def home(self) -> str:
        return "people" if self.admin else "caseload"

    def form(self, request):
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        size = int(request.META.get("CONTENT_LENGTH") or 0)
        if self.admin:
            return AdminUploadForm(*sent, sent_bytes=size, by=request.user)
        return UploadForm(*sent, sent_bytes=size)

    def page(self, request, name: str, **context):
        context |= {
            "names": self,
            "is_admins": self.admin,
            "base": self.base,
            "home": self.home,
            "nav": self.home,
        }
        return render(request, f"transfer/{name}.html", context)

    def mine(self, user):
        """An admin's imports for others; a therapist's own imports."""
        rows = CaseloadImport.objects.visible_to(user)
        if self.admin:
            return rows.filter(by=user).exclude(therapist=user)
        return rows.filter(therapist=user)


THERAPISTS, ADMINS = ImportSide(admin=False), ImportSide(admin=True)


def begin(request, side: ImportSide):
    form = side.form(request)
    if form.is_valid() and form.save(by=request.user):
        return redirect(side["look"], form.result.pk)
    return _begin(request, side, form)


def _begin(request, side: ImportSide, form, **context):
    rows = side.mine(request.user).select_related("by", "therapist")
    own = rows.filter(by=request.user).exclude(state__in=OVER)
    context |= {
        "form": form,
        "lately": rows.done().order_by("-finished_at", "-pk")[:LATELY],
        "waits": own.order_by("-made_at", "-pk").first(),
    }
    return side.page(request, "caseload_import", **context)


def look(request, side: ImportSide, import_id):
    """Before, during and after; a therapist sees an admin's import once it is done."""
    rows = side.mine(request.user).select_related("by", "therapist", "practice")
    imported = get_object_or_404(rows, pk=import_id)
    is_seen = imported.state in SEEN_BY_BOTH or imported.by_id == request.user.pk
    if not is_seen or imported.state == imported.State.DROPPED:
        raise Http404
    if imported.is_under_way:
        context = {"imported": imported}
        return side.page(request, "caseload_import_under_way", **context)
    if "HX-Request" in request.headers:  # it is done, stopped, or failed
        return HttpResponseClientRefresh()
    return SHOWN.get(imported.state, _review)(request, side, imported)


def _done(request, side: ImportSide, imported):
    may_undo = imported.may_undo(request.user)
    context = {"imported": imported, "may_undo": may_undo}
    user, rows = request.user, Client.objects
    rows = rows.directory_of(user) if side.admin else rows.visible_to(user)
    context["invited"] = imported.brought(rows).invited().count()
    if may_undo:
        context["failed"] = "failed" in imported.refusal
        context["changed"] = _changed(imported, request.user)
    return side.page(request, "caseload_import_done", **context)


def _changed(imported, user) -> list[dict]:
    """Why it was not undone: who did what and how often, without content."""
    said = imported.refusal.get("changed")
    if said is None:
        return []
    names = User.objects.visible_to(user).in_bulk({actor for actor, _v, _n in said})
    people = {str(pk): person.name for pk, person in names.items()}
    return [
        {"who": people.get(actor, ""), "what": audit_page.what(verb), "many": many}
        for actor, verb, many in said
    ] or [{"who": "", "what": _("Other records refer to these clients."), "many": 1}]


def _undone(request, side: ImportSide, imported):
    return side.page(request, "caseload_import_undone", imported=imported)


def _refused(request, side: ImportSide, imported):
    said = imported.refusal
    reason = why(said.get("code", ""), said.get("params"))
    form = side.form(request)
    return _begin(request, side, form, refused=reason, imported=imported)


def _review(request, side: ImportSide, imported):
    summary = _summary(imported, request.user)
    sent = request.POST if request.method == "POST" else None
    form = ImportReviewForm(sent, imported=imported, summary=summary)
    if form.is_valid() and _went_on(request, form):
        return redirect(side["look"], imported.pk)
    context = {"imported": imported, "form": form, "review": summary}
    return side.page(request, "caseload_import_look", **context)


SHOWN = {"done": _done, "undone": _undone, "refused": _refused}


def _part(imported, user, part) -> str:
    """404 if its lines are no longer stored."""
    rows = ImportSheet.objects.visible_to(user).filter(caseload_import=imported)
    found = rows.filter(part=part).first()
    if found is None or isinstance(found.body, Unreadable):
        raise Http404
    return found.body


def _summary(imported, user) -> Summary:
    return Summary.from_json(_part(imported, user, ImportSheet.Part.REVIEW))


@require_safe
def names(request, side: ImportSide, import_id):
    """Everyone who is new or already a client, by name."""
    rows = side.mine(request.user).filter(by=request.user).open()
    imported = get_object_or_404(rows.select_related("therapist"), pk=import_id)
    summary = _summary(imported, request.user)
    wanted = " ".join(request.GET.get("q", "")[:80].split())
    people = summary.matching(wanted)
    page = Paginator(people, A_PAGE).get_page(request.GET.get("page"))
    context = {"imported": imported, "page": page, "q": wanted, "review": summary}
    context["query"] = urlencode({"q": wanted}) if wanted else ""
    return side.page(request, "caseload_import_names", **context)


def _went_on(request, form: ImportReviewForm) -> bool:
    """Nobody imports what they have not seen: a changed reading is shown first."""
    if request.POST.get("act") == "bring" and not form.changes_reading:
        return form.start(by=request.user)
    if request.POST.get("act") == "bring":
        messages.info(request, _("Columns applied. Check the list, then import."))
    return form.save(by=request.user)


@require_safe
def lines(request, side: ImportSide, import_id):
    """Download the lines with errors."""
    rows = side.mine(request.user).filter(by=request.user).open()
    imported = get_object_or_404(rows, pk=import_id)
    mend = _part(imported, request.user, ImportSheet.Part.MEND)
    return download(mend, "lines-to-mend.csv", CSV)


@require_POST
def undo(request, side: ImportSide, import_id):
    """Undo the whole import, unless anything in it has changed."""
    rows = side.mine(request.user).filter(by=request.user)
    imported = get_object_or_404(rows, pk=import_id)
    if not imported.undo(by=request.user):
        messages.warning(request, _("This import can no longer be undone."))
    return redirect(side["look"], imported.pk)


@require_POST
def stop(request, side: ImportSide, import_id):
    """Stop an import in progress; drop one that is not."""
    rows = side.mine(request.user).filter(by=request.user)
    imported = get_object_or_404(rows, pk=import_id)
    if imported.stop(by=request.user):
        messages.success(request, _("Import stopped. Nothing was imported."))
        return redirect(side["look"], imported.pk)
    if imported.drop(by=request.user):
        messages.success(request, _("Import discarded, and its lines are deleted."))
        return redirect(side["begin"])
    return redirect(side["look"], imported.pk)


@require_safe
def sample(request, side: ImportSide):
    """Download a sample file with all supported columns."""
    return download(files.sample(), "caseload-sample.xlsx", XLSX)


def by_therapist(view):
    """For their own caseload."""
    return therapist_required(bound(view, THERAPISTS))


def by_admin(view):
    """For another user's caseload."""
    return admin_required(bound(view, ADMINS))
