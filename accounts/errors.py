"""Error responses: forms that came too late, refusals, and failures."""

import logging
import secrets
import sys

from django.contrib import messages
from django.db import DatabaseError, InterfaceError, OperationalError
from django.forms import HiddenInput
from django.http import (
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseServerError,
    JsonResponse,
    QueryDict,
)
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.decorators import for_everyone
from ui import names
from ui.base_template import inside

log = logging.getLogger(__name__)
PAUSE = "5"  # seconds, for the Retry-After header
WAY_IN = {"account_login", "mfa_authenticate", "mfa_login_webauthn", "join"}
WORKINGS = {"csrfmiddlewaretoken", "once", "revision", "version", "seen", "act"}
WORKINGS |= {"shown", "code", "credential", "passwordless"}  # of two-step verification


def _sent(request) -> QueryDict:
    """The submitted form data; empty if the body cannot be parsed.

    An error page must not fail on the body that it rejects: that would be a 500.
    """
    try:
        return request.POST
    except Exception:
        return QueryDict()


def typed(request) -> list[tuple[str, str]]:
    """The submitted fields, without secrets and technical fields."""
    return [
        (name, text)
        for name, texts in _sent(request).lists()
        if name not in WORKINGS and "password" not in name
        for text in texts
        if text.strip() and not name.startswith("was-")
    ]


def shown(request, form=None) -> list[tuple[str, str, str]]:
    """The submitted fields as (label, text, name); labels come from `form`."""
    fields = form.fields if form is not None else {}
    return [
        (_label(fields.get(name)), _words(fields.get(name), text), name)
        for name, text in typed(request)
        if not isinstance(getattr(fields.get(name), "widget", None), HiddenInput)
    ]


def _label(field) -> str:
    return str(field.label or "") if field else ""


def _words(field, text: str) -> str:
    """The label of a submitted choice."""
    choices = getattr(field, "choices", ())
    return next((str(label) for value, label in choices if str(value) == text), text)


def not_saved(request, why, *, form=None, back: str = "/", status: int = 409):
    """Answer a form that came too late: show the reason and what was typed.

    `back` is the URL to continue from.
    """
    context = {"why": why, "typed": shown(request, form), "back": back, "nav": ""}
    return render(request, "not_saved.html", context, status=status)


@for_everyone
def bad_request(request, exception=None):
    """400, without reading the body or cookies: either may be the cause.

    Django's own view checks the CSRF token, which reads the body again.
    """
    return HttpResponseBadRequest(render_to_string("400.html"))


@for_everyone
def forbidden(request, exception=None):
    """403, without reading the body, which Django's own view does."""
    return render(request, "403.html", status=403)


@for_everyone
def not_found(request, exception):
    """404, the same for what does not exist and what the user may not see.

    Text submitted in a form is shown again: the user may have had access a moment ago.
    """
    if request.headers.get("Accept", "").startswith("application/json"):
        why = _("Not saved: you can no longer write here. Copy it before you leave.")
        return JsonResponse({"reason": why}, status=404)
    if request.method == "POST" and typed(request):
        why = _("You can no longer write here, so nothing was changed.")
        return not_saved(request, why, status=404)
    return render(request, "404.html", status=404)


@for_everyone
def csrf_failure(request, reason=""):
    """Reject the request, change nothing, and show what was typed.

    If a sign-in page was open in two tabs and the other tab signed in or out, this
    one's token is old. The user is then redirected to where they were going.
    """
    match = request.resolver_match
    if match and match.url_name in WAY_IN:
        return _go_on(request)
    context = {"typed": shown(request), "back": request.path}
    return render(request, "403_csrf.html", context, status=403)


def _go_on(request):
    """Where opening the page again would lead; the submitted data is ignored."""
    if request.user.is_authenticated:
        wanted = _sent(request).get("next") or request.GET.get("next") or ""
        said = _("You are already signed in as %(name)s.")
        messages.info(
            request,
            said % {"name": names.isolated(request.user.name)},
            fail_silently=True,
        )
        return redirect(inside(request, wanted))
    messages.info(request, _("Try again."), fail_silently=True)
    return redirect(request.get_full_path())


def signed_out(request):
    """Answer a form sent after the sign-in ended: change nothing, show the text."""
    context = {"typed": shown(request)}
    return render(request, "accounts/signed_out.html", context, status=403)


def proof_wanted(request, back: str):
    """Answer a form that needed recent reauthentication and came too late for it."""
    context = {"typed": shown(request), "back": back}
    return render(request, "accounts/proof_wanted.html", context, status=403)


@for_everyone
def broken(request):
    """500: say nothing about the cause, and give an id by which the log finds it."""
    if is_away(sys.exc_info()[1]):
        return away(request)
    number = secrets.token_hex(4)
    said = {"request": request}  # therapy.logs uses it to leave URL text out of the log
    line = "broken %s, see the traceback that follows: %s"
    log.error(line, number, request.path, extra=said)
    page = render_to_string("500.html", {"number": number, "typed": shown(request)})
    return HttpResponseServerError(page)


def is_away(error) -> bool:
    """Whether the database is down, restarting, full or blocked by a long lock."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    # The connection died during a statement: no SQLSTATE, and psycopg2 gives no error
    # class.
    nameless = getattr(error.__cause__, "pgcode", "none") is None
    return type(error) is DatabaseError and nameless


def away(request):
    """503: the database is away for a moment; nothing was partly saved."""
    said = {"request": request}
    log.error("the database is away: %s", request.path, extra=said)
    page = render_to_string("503.html", {"typed": shown(request)})
    return HttpResponse(page, status=503, headers={"Retry-After": PAUSE})
