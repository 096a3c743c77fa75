"""What happens around each request: who asks, in which zone, from where, and no."""

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
from django.utils import timezone, translation
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
    """Behind the proxy, the address is the one that it added to X-Forwarded-For.

    Else everybody comes from the proxy: five wrong passwords anywhere would lock the
    whole practice out, and the audit would name nobody.  What cannot be read is
    nobody's address, and never this machine's.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        said = request.headers.get("X-Forwarded-For")
        if said is not None:  # else it is asked from this very machine
            request.META["REMOTE_ADDR"] = places.read(said.rpartition(",")[2])
        return self.get_response(request)


class PersonMiddleware(AuthenticationMiddleware):
    """Sets `request.user`, and PostgreSQL's identity, zone and language to theirs."""

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
        with timezone.override(person.zone), translation.override(person.language):
            return self.get_response(request)


def note_activity(request):
    """A key pressed, as far as the request tells; a script's ping alone is none."""
    row, at = request.session.row, sessions.active_at(request)
    if row and at and row.last_active_at:
        sessions.touch(row, at)


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Asked for JSON it answers 401: a sign-in page must never look like yes.

    So it does where a page that was made for one person asks while somebody else is
    signed in: what the first one typed is not taken as the other's.
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
    """Who works here and came with a password alone opens nothing but the way on."""

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
    """Who signed in on a therapist's device for one act finds that one page."""

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
    """Logs that somebody asked for what is not theirs, after the request's rollback."""

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
        """Which row or number; nothing of what else stood in the address."""
        asked = {
            name: str(value)[:60]
            for name, value in match.kwargs.items()
            if isinstance(value, UUID | int)
        }
        with transaction.atomic():
            audit.record("refused", view=match.view_name, asked=asked)


def lock_download(response) -> None:
    """A file is for this site's pages alone, and runs nothing where it is opened."""
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response._csp_update = {"sandbox": [""]}


def is_readable(request) -> bool:
    """Whether the character set is ours, and the length of the body is a number."""
    charset = (request.content_params or {}).get("charset", "utf-8")
    length = str(request.META.get("CONTENT_LENGTH") or "0").strip()
    known = charset.lower() in ("utf-8", "utf8")
    return known and length.isascii() and length.isdecimal() and len(length) < 20


class PrivacyMiddleware:
    """Nothing personal is kept by a browser, a proxy or a search engine."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if is_readable(request):
            response = self.get_response(request)
        else:  # reading it would break whatever refuses it
            response = errors.bad_request(request)
        response.setdefault("Cache-Control", "no-store")
        response.setdefault("X-Robots-Tag", "noindex, nofollow, noarchive")
        response.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=()"
        )
        if response.has_header("Content-Disposition"):
            lock_download(response)
        return response
