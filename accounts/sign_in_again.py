"""Sign in again without leaving the page, so that unsaved text stays.

The page names the user it was made for, so that nobody else can continue there.
"""

from __future__ import annotations

from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.internal import auth as webauthn
from allauth.mfa.webauthn.internal import flows
from django.contrib.auth import logout
from django.http import JsonResponse
from django.middleware.csrf import get_token
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import devices, idle_timeout, sessions, sign_in_limits
from accounts.decorators import for_everyone
from accounts.factor_forms import (
    PasskeySignInForm,
    PasskeyStepForm,
    SecondStepForm,
)
from accounts.people_forms import SignInForm
from accounts.sign_in import first_step_holds
from accounts.sign_in_limits import guarded_by


@for_everyone
@guarded_by(sign_in_limits.in_place)
@require_POST
def sign_in_here(request):
    """One step per request: a password, then a code; or a passkey alone.

    Answers with the next step ("code"), an error ("error"), or success with a new CSRF
    token for the forms on the page.
    """
    person = idle_timeout.owner_of(request.POST.get("who", ""))
    if person is None:
        return _wrong(_("This page is too old. Go to the sign-in page."))
    if request.user.is_authenticated and request.user != person:
        logout(request)
    step = idle_timeout.step_of(request.POST)
    if step == idle_timeout.OPTIONS:
        return JsonResponse({"options": webauthn.begin_authentication(None)})
    if step == idle_timeout.CREDENTIAL:
        return _by_passkey(request, person)
    if step == idle_timeout.CODE:
        return _second(request, person)
    return _first(request, person)


def _first(request, person):
    said = {"login": person.email, "password": request.POST.get("password", "")}
    if request.POST.get("shared"):
        said["shared"] = "on"
    form = SignInForm(said, request=request)
    if not form.is_valid():
        return _wrong(_first_error(form))
    form.login(request)
    return _done_or_next(request, person)


def _second(request, person):
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    if not _is_on_its_way(request, stage, person):
        return JsonResponse({"next": "password"})
    form = SecondStepForm(request.POST, user=person)
    if not form.is_valid():
        return _wrong(_first_error(form))
    form.save()
    sign_in_limits.right(request)
    stage.exit()
    return _done_or_next(request, person)


def _is_on_its_way(request, stage, person) -> bool:
    """Whether this browser's first step was `person`'s and is still valid."""
    if stage is None or stage.login.user != person:
        return False
    return first_step_holds(request, stage.login.user)


def _by_passkey(request, person):
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    if _is_on_its_way(request, stage, person):
        form = PasskeyStepForm(request.POST, user=person)
        if form.is_valid():
            form.save()
            sign_in_limits.right(request)
            stage.exit()
            return _done_or_next(request, person)
        return _wrong(_first_error(form))
    form = PasskeySignInForm(request.POST)
    if not form.is_valid() or form.cleaned_data["credential"].user != person:
        return _wrong(_("That passkey belongs to another account."))
    sign_in_limits.right(request)
    login = Login(user=person)
    flows.perform_passwordless_login(request, form.cleaned_data["credential"], login)
    return _done_or_next(request, person)


def _done_or_next(request, person):
    if request.user != person:
        return JsonResponse({"next": "code"})
    answer = {
        "csrf": get_token(request),
        "left": int(request.session[sessions.SIGN_IN]["idle"]),
        "draftKey": devices.draft_key(request),
    }
    return JsonResponse(answer)


def _first_error(form) -> str:
    return next(str(errors[0]) for errors in form.errors.values())


def _wrong(words: str):
    return JsonResponse({"error": words}, status=400)
