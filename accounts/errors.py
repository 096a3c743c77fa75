"""What is answered when a form came too late, or something broke."""

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
PAUSE = "5"  # seconds until it is worth asking again
WAY_IN = {"account_login", "mfa_authenticate", "mfa_login_webauthn", "join"}
WORKINGS = {"csrfmiddlewaretoken", "once", "revision", "version", "seen", "act"}
WORKINGS |= {"shown", "code", "credential", "passwordless"}  # a second step's


def _sent(request) -> QueryDict:
    """The form that a request brought; an empty one where its body cannot be read.

    A page that refuses must not fail over what it refuses: that would be a 500.
    """
    try:
        return request.POST
    except Exception:
        return QueryDict()


def typed(request) -> list[tuple[str, str]]:
    """What a form brought, without its secrets and without its workings."""
    return [
        (name, text)
        for name, texts in _sent(request).lists()
        if name not in WORKINGS and "password" not in name
        for text in texts
        if text.strip() and not name.startswith("was-")
    ]


def shown(request, form=None) -> list[tuple[str, str, str]]:
    """The same as (label, text, name), to give back; labels are those of `form`."""
    fields = form.fields if form is not None else {}
    return [
        (_label(fields.get(name)), _words(fields.get(name), text), name)
        for name, text in typed(request)
        if not isinstance(getattr(fields.get(name), "widget", None), HiddenInput)
    ]


def _label(field) -> str:
    return str(field.label or "") if field else ""


def _words(field, text: str) -> str:
    """A choice by its words."""
    choices = getattr(field, "choices", ())
    return next((str(label) for value, label in choices if str(value) == text), text)


def not_saved(request, why, *, form=None, back: str = "/", status: int = 409):
    """A form that came too late: what was typed comes back, with the reason.

    `back` is the address to go on from.
    """
    context = {"why": why, "typed": shown(request, form), "back": back, "nav": ""}
    return render(request, "not_saved.html", context, status=status)


@for_everyone
def bad_request(request, exception=None):
    """400, without a look at the body or a cookie: either may be what is wrong.

    Django's own view checks the CSRF token, for which it reads the body once more.
    """
    return HttpResponseBadRequest(render_to_string("400.html"))


@for_everyone
def forbidden(request, exception=None):
    """403, without a look at the body, which Django's own view takes."""
    return render(request, "403.html", status=403)


@for_everyone
def not_found(request, exception):
    """404, the same for what does not exist and what is not theirs.

    A form that was sent there loses no word: they may have been allowed to write a
    moment ago.
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
    """Refuse, change nothing, and give back what was typed.

    A page of the way in was open in two tabs: the other one signed in (or out again),
    which is why this one's token is old.  It goes on, to where it wanted to go.
    """
    match = request.resolver_match
    if match and match.url_name in WAY_IN:
        return _go_on(request)
    context = {"typed": shown(request), "back": request.path}
    return render(request, "403_csrf.html", context, status=403)


def _go_on(request):
    """Where opening the page anew would lead; what was typed is not looked at."""
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
    """A form that arrives after its sign-in ended: nothing is done, nothing lost."""
    context = {"typed": shown(request)}
    return render(request, "accounts/signed_out.html", context, status=403)


def proof_wanted(request, back: str):
    """A form that wants a fresh proof of who sends it, and came too late for that."""
    context = {"typed": shown(request), "back": back}
    return render(request, "accounts/proof_wanted.html", context, status=403)


@for_everyone
def broken(request):
    """Say nothing of what broke, but a number by which the log finds it."""
    if is_away(sys.exc_info()[1]):
        return away(request)
    number = secrets.token_hex(4)
    said = {"request": request}  # by which therapy.logs tells no word of the address
    line = "broken %s, see the traceback that follows: %s"
    log.error(line, number, request.path, extra=said)
    page = render_to_string("500.html", {"number": number, "typed": shown(request)})
    return HttpResponseServerError(page)


def is_away(error) -> bool:
    """The database is not there, restarts, hung up, has no room, or somebody else held
    the row for long."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    # It died over a statement: no code came, and psycopg2 knows no kind of error.
    nameless = getattr(error.__cause__, "pgcode", "none") is None
    return type(error) is DatabaseError and nameless


def away(request):
    """For a moment nothing can be read or written; nothing was half done."""
    said = {"request": request}
    log.error("the database is away: %s", request.path, extra=said)
    page = render_to_string("503.html", {"typed": shown(request)})
    return HttpResponse(page, status=503, headers={"Retry-After": PAUSE})
