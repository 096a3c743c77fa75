"""Middleware: identity, time zone, client address, access rules and privacy headers."""

from uuid import UUID

from django.conf import settings
from django.contrib.auth.middleware import (
    AuthenticationMiddleware,
    LoginRequiredMiddleware,
)
from django.db import transaction
from django.http import JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import (
    audit,
    device_handover,
    devices,
    errors,
    idle_timeout,
    places,
    sessions,
)
from accounts.sessions import FACTOR
from database.identity import acting_as
from ui import screen_privacy

audit.verb(
    "refused",
    audit.Sort.REFUSED,
    gettext_lazy("A page they can’t open, or that doesn’t exist"),
)


class ProxyMiddleware:
    """Behind the proxy, use the client address that it appended to X-Forwarded-For.

    Without it every request would come from the proxy: five wrong passwords anywhere
    would lock the whole practice out, and the audit log would name no address. An
    unreadable value counts as unknown, never as this machine.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        said = request.headers.get("X-Forwarded-For")
        if said is not None:  # else the request comes from this machine
            request.META["REMOTE_ADDR"] = places.read(said.rpartition(",")[2])
        return self.get_response(request)


class PersonMiddleware(AuthenticationMiddleware):
    """Set `request.user`, and the transaction's identity, time zone and language."""

    def __call__(self, request):
        person = sessions.get_user(request)
        if person.is_authenticated:
            note_activity(request)
        request.user = SimpleLazyObject(lambda: person)
        came_from = audit.address.set(request.META.get("REMOTE_ADDR") or None)
        shown = screen_privacy.begin(request, person)
        try:
            coming = None if person.pk else sessions.coming_of(request.session)
            with acting_as(person.pk, coming=coming):
                response = self.as_person(request, person)
        finally:
            audit.address.reset(came_from)
            screen_privacy.end(shown)
        devices.set_cookie(request, response)
        return response

    def as_person(self, request, person):
        if not person.is_authenticated:
            return self.get_response(request)
        with person.reading():
            return self.get_response(request)


def note_activity(request):
    """Record user activity that the request reports; a script's ping alone is none."""
    row, at = request.session.row, sessions.active_at(request)
    if row and at and row.last_active_at:
        sessions.touch(row, at)


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Require sign-in; JSON requests get a 401, because a sign-in page would look like
    success.

    Also if a page made for one person sends a request while another is signed in: what
    the first one typed must not be saved as the other's.
    """

    def process_view(self, request, view_func, view_args, view_kwargs):
        who = request.headers.get("X-Cairn-Person", "")
        if who and idle_timeout.person_of(who) != str(request.user.pk or ""):
            return JsonResponse({"error": "sign-in"}, status=401)
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(self, request, view_func):
        if request.headers.get("Accept", "").startswith("application/json"):
            return JsonResponse({"error": "sign-in"}, status=401)
        if request.method == "POST" and errors.typed(request):
            return errors.signed_out(request)
        return super().handle_no_permission(request, view_func)


class SecondStepMiddleware:
    """Staff who signed in with a password only reach nothing but the two-step pages."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view_func, view_args, view_kwargs):
        if not settings.SECOND_STEP_REQUIRED or not request.user.is_authenticated:
            return None
        if not request.user.is_staff_member or request.session.get(FACTOR):
            return None
        if getattr(view_func, "before_second_step", False):
            return None
        if request.headers.get("Accept", "").startswith("application/json"):
            return JsonResponse({"error": "second step"}, status=401)
        if request.method == "POST" and errors.typed(request):
            why = _("Finish signing in first. Nothing was changed.")
            back = reverse("second-step")
            return errors.not_saved(request, why, back=back, status=403)
        return redirect("second-step")


class OneActMiddleware:
    """During a handover the client reaches only the page it was made for."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view_func, view_args, view_kwargs):
        if not device_handover.is_for(request, request.user):
            return None
        page = device_handover.handed(request)["page"]
        if request.path == page or getattr(view_func, "during_one_act", False):
            return None
        if request.headers.get("Accept", "").startswith("application/json"):
            return JsonResponse({"error": "one act"}, status=401)
        return redirect(page)


class RefusalMiddleware:
    """Log a request for something the user may not see, after its rollback."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        match = request.resolver_match
        refused = response.status_code in (403, 404) and match and match.kwargs
        if refused and request.user.is_authenticated:
            self.log(request, match)
        return response

    def log(self, request, match):
        """Log only ids and numbers of the URL, none of its other text."""
        asked = {
            name: str(value)[:60]
            for name, value in match.kwargs.items()
            if isinstance(value, UUID | int)
        }
        with transaction.atomic():
            audit.record("refused", view=match.view_name, asked=asked)


def lock_download(response) -> None:
    """Headers for a file: same-site only, and nothing in it can run."""
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response._csp_update = {"sandbox": [""]}


def is_readable(request) -> bool:
    """Whether the charset is supported and Content-Length is a number."""
    charset = (request.content_params or {}).get("charset", "utf-8")
    length = str(request.META.get("CONTENT_LENGTH") or "0").strip()
    known = charset.lower() in ("utf-8", "utf8")
    return known and length.isascii() and length.isdecimal() and len(length) < 20


class PrivacyMiddleware:
    """Keep personal pages out of browser caches, proxies and search engines."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if is_readable(request):
            response = self.get_response(request)
        else:  # reading it would break whatever rejects it
            response = errors.bad_request(request)
        response.setdefault("Cache-Control", "no-store")
        response.setdefault("X-Robots-Tag", "noindex, nofollow, noarchive")
        response.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=()"
        )
        if response.has_header("Content-Disposition"):
            lock_download(response)
        return response
