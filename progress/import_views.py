"""Bringing a caseload in: by a therapist their own, by an admin somebody's.

The same pages for both, each with addresses of its own; what an admin may not read is
left out by progress/imports/review.py, before any page is made.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from accounts.decorators import admin_required, therapist_required
from accounts.downloads import CSV, download
from progress.import_forms import AdminUploadForm, ReviewForm, UploadForm
from progress.imports import files
from progress.imports.review import Gone, Review
from progress.models import CaseloadImport

LATELY = 5
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Side:
    """`side["look"]` is the name of one's own side's address for it."""

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
        return render(request, f"progress/{name}.html", context)

    def mine(self, user):
        """An admin's own imports for others; a therapist's of their own caseload."""
        rows = CaseloadImport.objects.visible_to(user)
        if self.admin:
            return rows.filter(by=user).exclude(therapist=user)
        return rows.filter(therapist=user)


THERAPISTS, ADMINS = Side(admin=False), Side(admin=True)


def begin(request, side: Side):
    form = side.form(request)
    if form.is_valid() and form.save(by=request.user):
        return redirect(side["look"], form.result.pk)
    rows = side.mine(request.user).select_related("by", "therapist")
    own = rows.filter(by=request.user).exclude(state__in=["done", "dropped"])
    context = {
        "form": form,
        "lately": rows.done().order_by("-finished_at")[:LATELY],
        "waits": own.order_by("-made_at").first(),
    }
    return side.page(request, "caseload_import", **context)


def look(request, side: Side, import_id):
    """Before, during and after; an admin's is the therapist's to see once it is in."""
    rows = side.mine(request.user).select_related("by", "therapist", "practice")
    imported = get_object_or_404(rows, pk=import_id)
    if imported.state == imported.State.DONE:
        return _done(request, side, imported)
    if imported.by_id != request.user.pk or imported.state == imported.State.DROPPED:
        raise Http404
    if imported.is_under_way:
        context = {"imported": imported}
        return side.page(request, "caseload_import_under_way", **context)
    return _review(request, side, imported)


def _done(request, side: Side, imported):
    if "HX-Request" in request.headers:
        return HttpResponseClientRefresh()
    return side.page(request, "caseload_import_done", imported=imported)


def _review(request, side: Side, imported):
    if "HX-Request" in request.headers:  # it was stopped, or failed
        return HttpResponseClientRefresh()
    try:
        review = Review(imported, by=request.user)
    except Gone:
        raise Http404 from None
    sent = request.POST if request.method == "POST" else None
    form = ReviewForm(sent, review=review)
    if form.is_valid() and _went_on(request, form):
        return redirect(side["look"], imported.pk)
    context = {"imported": imported, "form": form, "review": review}
    return side.page(request, "caseload_import_look", **context)


def _went_on(request, form: ReviewForm) -> bool:
    """Nobody brings in what they have not seen: read otherwise, it is shown first."""
    if request.POST.get("act") == "bring" and not form.changes_reading:
        return form.start(by=request.user)
    if request.POST.get("act") == "bring":
        messages.info(request, _("Read anew. Look once more, then bring them in."))
    return form.save(by=request.user)


def lines(request, side: Side, import_id):
    """What has to be mended, as a file."""
    rows = side.mine(request.user).filter(by=request.user).open()
    imported = get_object_or_404(rows.select_related("therapist"), pk=import_id)
    try:
        review = Review(imported, by=request.user)
    except Gone:
        raise Http404 from None
    return download(files.lines_to_mend(review), "lines-to-mend.csv", CSV)


def stop(request, side: Side, import_id):
    """Stop what is under way; leave out what is not."""
    rows = side.mine(request.user).filter(by=request.user)
    imported = get_object_or_404(rows, pk=import_id)
    if imported.stop(by=request.user):
        messages.success(request, _("Stopped. Nothing came in."))
        return redirect(side["look"], imported.pk)
    if imported.drop(by=request.user):
        messages.success(request, _("Left out, and its lines are deleted."))
        return redirect(side["begin"])
    return redirect(side["look"], imported.pk)


def sample():
    return download(files.sample(), "caseload-sample.xlsx", XLSX)


# -- therapist ------------------------------------------------------------------------


@therapist_required
def caseload_import(request):
    return begin(request, THERAPISTS)


@therapist_required
def caseload_import_look(request, import_id):
    return look(request, THERAPISTS, import_id)


@therapist_required
@require_safe
def caseload_import_lines(request, import_id):
    return lines(request, THERAPISTS, import_id)


@therapist_required
@require_POST
def caseload_import_stop(request, import_id):
    return stop(request, THERAPISTS, import_id)


@therapist_required
@require_safe
def caseload_import_sample(request):
    return sample()


# -- admin ----------------------------------------------------------------------------


@admin_required
def people_import(request):
    return begin(request, ADMINS)


@admin_required
def people_import_look(request, import_id):
    return look(request, ADMINS, import_id)


@admin_required
@require_safe
def people_import_lines(request, import_id):
    return lines(request, ADMINS, import_id)


@admin_required
@require_POST
def people_import_stop(request, import_id):
    return stop(request, ADMINS, import_id)


@admin_required
@require_safe
def people_import_sample(request):
    return sample()
