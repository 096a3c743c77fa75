"""Audit log pages for the admin, with a CSV export."""

import csv
import io

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts import audit
from accounts.decorators import admin_required
from accounts.downloads import CSV, download
from accounts.models import AuditSeal
from accounts.reauthentication import fresh_proof_required
from clients import audit_page, audit_watch
from clients.audit_forms import AuditFilterForm
from ui.csv_cells import harmless

audit.verb("opened audit", audit.Sort.OPENED, gettext_lazy("The access log"))
audit.verb(
    "exported audit", audit.Sort.EXPORTED, gettext_lazy("The access log, as CSV")
)

A_PAGE = 100
COUNTED = 10_000  # older rows are reached by filtering on dates
A_FILE = 50_000


class CountedSoFar(Paginator):
    """A paginator that does not count beyond COUNTED rows."""

    @cached_property
    def count(self):
        return self.object_list[:COUNTED].count()


def filtered(request):
    """The filter form and the rows that match; none if the form is invalid."""
    form = AuditFilterForm(request.GET or None, by=request.user)
    said = form.cleaned_data if form.is_valid() else {}
    rows = audit_page.events(request.user, said)
    return form, rows.none() if form.errors else rows


@admin_required
@require_safe
def audit_trail(request):
    audit.record("opened audit")
    form, rows = filtered(request)
    page = CountedSoFar(rows, A_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "nav": "audit",
        "form": form,
        "page": page,
        "query": query.urlencode(),
        "lines": audit_page.in_words(page, request.user),
        "is_cut": page.paginator.count == COUNTED,
        "watched": audit_watch.worth_a_question(request.user),
        "seal": AuditSeal.objects.order_by("-pk").only("at", "hash").first(),
    }
    return render(request, "clients/audit_trail.html", context)


@admin_required
@fresh_proof_required
@require_safe
def audit_csv(request):
    form, rows = filtered(request)
    found = list(rows[: A_FILE + 1])
    if form.errors or len(found) > A_FILE:
        messages.error(request, _("Too much for one file. Choose fewer days."))
        return redirect("audit")
    audit.record("exported audit", lines=len(found))
    name = f"audit-{timezone.localdate():%Y-%m-%d}.csv"
    return download(as_csv(audit_page.in_words(found, request.user)), name, CSV)


def as_csv(lines) -> str:
    """CSV with ISO 8601 times; no cell can run as a spreadsheet formula."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([_("When"), _("Who"), _("Kind"), _("What"), _("Client"), _("From")])
    for line in lines:
        cells = [line.who, line.sort, line.what, line.of, line.whence]
        writer.writerow([line.at.isoformat(), *map(harmless, cells)])
    return file.getvalue()
