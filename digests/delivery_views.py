"""The email log, for the admin."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts.decorators import admin_required
from digests import deliveries_page as lists

A_PAGE = 100


@admin_required
@require_safe
def deliveries(request):
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    rows = lists.emails(request.user, state, kind)
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "nav": "deliveries",
        "page": page,
        "emails": lists.in_words(page, request.user),
        "state": state,
        "kind": kind,
        "query": urlencode({"state": state, "kind": kind}),
    }
    context |= lists.overview(request.user)
    return render(request, "digests/deliveries.html", context)
