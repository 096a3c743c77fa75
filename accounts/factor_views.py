"""Pages for adding and removing two-step verification methods."""

from allauth.account.internal.decorators import login_stage_required
from allauth.account.utils import passthrough_next_redirect_url
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal import auth as webauthn
from allauth.mfa.webauthn.views import LoginWebAuthnView
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts import audit, devices, factors, sign_in_limits
from accounts.decorators import for_everyone, signed_in_required
from accounts.factor_forms import AppForm, PasskeyForm
from accounts.reauthentication import fresh_proof_required
from accounts.sessions import (
    FACTOR,
    WaysChanged,
    as_let_in,
    hold_ways,
    ways_changed,
)
from accounts.sign_in import first_step_holds, tell
from ui.base_template import base_of

audit.verb(
    "second step added",
    audit.Sort.SIGN_IN,
    gettext_lazy("Added a two-step verification method"),
)
audit.verb(
    "recovery codes made anew",
    audit.Sort.SIGN_IN,
    gettext_lazy("Made new recovery codes"),
)

MADE = "codes_made"  # in the session: the codes to show once on the next page


class SecondStep(AuthenticateView):
    """allauth's view; rejects a first step from before sign-in methods changed."""

    template_name = "account/second_step.html"

    def dispatch(self, request, *args, **kwargs):
        stage = request._login_stage
        if not first_step_holds(request, stage.login.user):
            return stage.abort()
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form):
        sign_in_limits.right(self.request)
        answer = super().form_valid(form)
        used = getattr(form, "authenticator", None)
        if used and used.type == factors.KINDS.RECOVERY_CODES:
            # As stored, including the code just used; gone if a reset removed them
            # meanwhile.
            for row in Authenticator.objects.filter(pk=used.pk):
                _hint(self.request, len(row.wrap().get_unused_codes()))
        return answer


def _hint(request, left: int) -> None:
    """Warn before the last recovery code is used."""
    if left > factors.FEW_LEFT:
        return
    text = ngettext(
        "You have %(left)s recovery code left. Make new ones in your account.",
        "You have %(left)s recovery codes left. Make new ones in your account.",
        left,
    )
    messages.warning(request, text % {"left": left})


on_its_way = login_stage_required(
    stage=AuthenticateStage.key, redirect_urlname="account_login"
)
second_step_asked = for_everyone(
    sign_in_limits.guarded_by(sign_in_limits.a_code)(on_its_way(SecondStep.as_view()))
)


class PasskeySignIn(LoginWebAuthnView):
    """allauth's view; a passkey that cannot be read keeps the URL to continue to."""

    def form_valid(self, form):
        sign_in_limits.right(self.request)
        return super().form_valid(form)

    def form_invalid(self, form):
        response = super().form_invalid(form)
        on = passthrough_next_redirect_url(self.request, response.url, "next")
        return redirect(on)


passkey_sign_in = for_everyone(
    sign_in_limits.guarded_by(sign_in_limits.a_passkey)(PasskeySignIn.as_view())
)


def on_the_way(view):
    """Mark a view as reachable before two-step verification is done."""
    view.before_second_step = True
    return view


@on_the_way
@signed_in_required
@fresh_proof_required
@as_let_in
def second_step(request):
    """Choose between a passkey and an authenticator app."""
    form = AppForm(request.POST or None, secret=_app_secret(request))
    if form.is_valid():
        return _added(
            request,
            lambda: totp.TOTP.activate(request.user, form.secret),
            lambda row: get_adapter().decrypt(row.data["secret"]) == form.secret,
        )
    url = get_adapter().build_totp_url(request.user, form.secret)
    context = {
        "form": form,
        "base": base_of(request.user),
        "nav": "more",
        "app_url": url,
        "device": devices.in_words(request.META.get("HTTP_USER_AGENT", "")),
        "square": mark_safe(_square(url)),  # built here from digits and letters only
        "secret": " ".join(form.secret[i : i + 4] for i in range(0, 32, 4)),
        "passkey": PasskeyForm(user=request.user),
        "options": _options(request),
        "required": request.user.is_staff_member,
        "ways": [way.kind for way in factors.ways_of(request.user)],
    }
    return render(request, "accounts/second_step.html", context)


def _app_secret(request) -> str:
    """The secret for an authenticator app, the same in every tab until a tab adds it.

    The first page stores it at once, with the user's row locked. Otherwise two pages
    opened together would show different secrets and only the later one would work.
    """
    session = request.session
    if totp.SECRET_SESSION_KEY not in session:
        hold_ways(request.user)
        saved = type(session)(session.session_key).get(totp.SECRET_SESSION_KEY)
        session[totp.SECRET_SESSION_KEY] = saved or totp.generate_totp_secret()
        session.save()
    return session[totp.SECRET_SESSION_KEY]


def _square(url: str) -> str:
    """The URL as an SVG QR code, without the XML declaration."""
    drawn = get_adapter().build_totp_svg(url)
    return drawn[drawn.index("<svg") :]


def _options(request) -> dict:
    return webauthn.begin_registration(request.user, passwordless=True)


@on_the_way
@signed_in_required
@require_POST
@fresh_proof_required
@as_let_in
def passkey_add(request):
    form = PasskeyForm(request.POST, user=request.user)
    if not form.is_valid():
        messages.warning(request, _("The passkey could not be read. Try again."))
        return redirect("second-step")
    usual = devices.in_words(request.META.get("HTTP_USER_AGENT", ""))
    name = form.cleaned_data["name"].strip() or usual
    credential = form.cleaned_data["credential"]
    return _added(
        request,
        lambda: webauthn.WebAuthn.add(request.user, name, credential),
        lambda row: row.data["credential"] == credential,
    )


def _added(request, add, is_it):
    """Save a new method, create recovery codes if there are none, and notify by email.

    `is_it(row)` says whether an existing method is the one being added (a double
    click).
    """
    try:
        with transaction.atomic():
            hold_ways(request.user)
            factors.require_room(request.user)
            row = add().instance
            kinds = {way.kind for way in factors.ways_of(request.user)}
            fresh_codes = factors.KINDS.RECOVERY_CODES not in kinds
            if fresh_codes:
                _made(request, RecoveryCodes.activate(request.user).instance)
            audit.record("second step added", about=request.user, factor=row.type)
            tell(request.user, "account-changed", f"factor:{row.pk}")
    except ValidationError as full:
        messages.warning(request, full.messages[0])
        return redirect("settings")
    except WaysChanged:  # perhaps by the first request of a double click
        steps = Authenticator.objects.filter(user=request.user, type__in=factors.STEPS)
        if not any(_is(row, is_it) for row in steps):
            raise
        # the first request continues with another session
        request.session.modified = False
        return render(request, "accounts/ways_changed.html", {"added": True})
    except IntegrityError:  # a double click: already added
        messages.info(request, _("This was already added. You can use it to sign in."))
        return redirect("settings")
    totp.clear_totp_secret(request)
    request.session[FACTOR] = row.type
    ways_changed(request.user, request)
    messages.success(request, _("Added. Signing in now needs a second step."))
    return redirect("recovery-codes" if fresh_codes else "settings")


def _is(row: Authenticator, is_it) -> bool:
    """False for a method of another kind, whose data has no such key."""
    try:
        return is_it(row)
    except KeyError:
        return False


def _made(request, row: Authenticator) -> Authenticator:
    """Recovery codes not shown yet: the next page shows them."""
    request.session[MADE] = row.pk
    return row


@on_the_way
@signed_in_required
@require_safe
@fresh_proof_required
@as_let_in
def recovery_codes(request):
    """Recovery codes: shown once after they are made, then only the number left.

    The user's sign-in methods are locked while codes are read, so that those shown are
    valid.
    """
    hold_ways(request.user)
    row = get_object_or_404(
        Authenticator, user=request.user, type=factors.KINDS.RECOVERY_CODES
    )
    codes = row.wrap().get_unused_codes()
    shown = request.method == "GET" and request.session.pop(MADE, None) == row.pk
    context = {
        "base": base_of(request.user),
        "nav": "more",
        "codes": [f"{c[:4]} {c[4:]}" for c in codes] if shown else [],
        "left": len(codes),
    }
    return render(request, "accounts/recovery_codes.html", context)


@signed_in_required
@require_POST
@fresh_proof_required
@as_let_in
def recovery_codes_anew(request):
    """Eight new recovery codes; the old ones stop working."""
    try:
        hold_ways(request.user)
    except WaysChanged:  # perhaps by the first request of a double click
        if not factors.has_new_codes(request.user):
            raise
        # the first request continues with another session
        request.session.modified = False
        return render(request, "accounts/ways_changed.html", {"codes": True})
    mine = Authenticator.objects.filter(user=request.user)
    old = get_object_or_404(mine, type=factors.KINDS.RECOVERY_CODES)
    old.delete()
    row = _made(request, RecoveryCodes.activate(request.user).instance)
    ways_changed(request.user, request)
    audit.record("recovery codes made anew", about=request.user)
    tell(request.user, "account-changed", f"factor:{row.pk}")
    return redirect("recovery-codes")


@signed_in_required
@require_POST
@fresh_proof_required
@as_let_in
def way_remove(request, factor_id):
    mine = Authenticator.objects.filter(user=request.user, type__in=factors.STEPS)
    row = get_object_or_404(mine, pk=factor_id)
    hold_ways(request.user)
    if factors.remove(row, by=request.user):
        ways_changed(request.user, request)
        tell(request.user, "account-changed", f"factor-gone:{factor_id}")
        if factors.has_second_step(request.user):
            messages.success(request, _("Removed."))
        else:
            messages.success(
                request,
                _(
                    "Removed, along with your recovery codes. You now sign in with "
                    "only your password."
                ),
            )
    else:
        messages.warning(
            request,
            _("All staff need two-step verification. Add another method first."),
        )
    return redirect("settings")
