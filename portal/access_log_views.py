"""Who looked: who opened one's record, in which role, what and when."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.access_log_page import days_of_looking, holders, in_words, waiting
from portal.state import client_required

A_PAGE = 30


@client_required
@require_safe
def looked(request):
    days = days_of_looking(request.user)
    page = Paginator(days, A_PAGE).get_page(request.GET.get("page"))
    context = {"nav": "more", "page": page, "looks": in_words(page, request.user)}
    context["holders"] = holders(request.user)
    context["waiting"] = waiting(request.user)
    return render(request, "portal/looked.html", context)
