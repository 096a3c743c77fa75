"""Rate limit on opening records: more per minute than anyone can read.

Openings are audit rows; PostgreSQL counts the last minute's in the statement that
writes the next one. Rejected ones are rolled back, so the limit lasts until the earlier
two hundred are older than a minute.
"""

from django.conf import settings
from django.db import transaction
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from accounts import audit, errors

audit.verb("slowed down", audit.Sort.REFUSED, _("Too many records in a minute"))

A_MINUTE = settings.RECORDS_A_MINUTE


class TooFast(Exception):
    """More than A_MINUTE records opened within a minute."""


class PaceMiddleware:
    """429 with its own audit row, written after the request's rollback."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, error):
        if not isinstance(error, TooFast):
            return None
        with transaction.atomic():
            audit.record("slowed down", view=request.resolver_match.view_name)
        context = {"typed": errors.shown(request)}
        answer = render(request, "clients/too_fast.html", context, status=429)
        answer["Retry-After"] = "60"
        return answer
