"""Signing in, account recovery, own settings, and crisis help."""

from uuid import UUID

from allauth.account.views import LoginView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.views import (
    LogoutView,
    PasswordResetConfirmView,
    PasswordResetDoneView,
    PasswordResetView,
)
from django.http import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.http import urlsafe_base64_decode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from accounts import (
    device_handover,
    factors,
    invitations,
    links,
    reauthentication,
    sessions,
    sign_in_limits,
)
from accounts.backend import read_account
from accounts.decorators import for_everyone, signed_in_required
from accounts.factor_views import on_the_way
from accounts.models import CrisisLine
from accounts.models.practice import help_at
from accounts.people_forms import (
    ForgottenPasswordForm,
    JoinForm,
    NewPasswordForm,
    ProofForm,
)
from accounts.sign_in_limits import guarded_by
from database.identity import acting_as
from ui.base_template import inside


def home_of(user) -> str:
    """The URL name of the page a user starts on."""
    if user.is_therapist:
        return "today"
    return "people" if user.is_admin else "portal-home"


@signed_in_required
@require_safe
def start(request):
    return redirect(home_of(request.user))


@for_everyone
@require_safe
def handed_over(request):
    """The client signs in for a handover; anyone else gets their own start page."""
    said = device_handover.handed(request)
    if said is None or request.user.is_authenticated:
        return redirect("start")
    return render(request, "accounts/handed_over.html", {"handed": said})


@for_everyone
@require_safe
def handed_back(request):
    """After a handover nobody is signed in; the device's owner signs in from here."""
    said = request.session.get(device_handover.GIVEN_BACK)
    if said is None or request.user.is_authenticated:
        return redirect("start")
    return render(request, "accounts/handed_back.html", {"given": said})


@for_everyone
@require_safe
def join_link(request, token):
    """Move the secret from the URL to a cookie; link scanners do not use it up."""
    return links.keep(redirect("join"), links.JOIN, token)


@for_everyone
@guarded_by(sign_in_limits.a_link(links.JOIN))
def join(request):
    secret = links.kept(request, links.JOIN)
    person_id = invitations.find(secret)
    if person_id is None:
        return render(request, "accounts/join_closed.html", status=410)
    sign_in_limits.right(request)
    with acting_as(None, coming=person_id):
        return _join(request, secret, read_account(person_id))


def _join(request, secret, person):
    form = JoinForm(request.POST or None, person=person)
    if form.is_valid():
        joined = invitations.accept(
            secret,
            password=form.cleaned_data["password"],
            time_zone=form.cleaned_data["time_zone"],
        )
        if joined is None:  # another tab was faster
            return redirect("join")
        return links.forget(_come_in(request, joined), links.JOIN)
    return render(request, "accounts/join.html", {"form": form, "person": person})


def _come_in(request, person):
    if factors.has_second_step(person):  # an emailed link is only one step
        return redirect("account_login")
    login(request, person, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return redirect(home_of(person))


@on_the_way
@signed_in_required
@guarded_by(sign_in_limits.own_password)
def prove(request):
    """Reauthentication before a sensitive action."""
    form = ProofForm(request.POST or None, request=request)
    if form.is_valid():
        reauthentication.proved(request)
        request.session.cycle_key()
        return HttpResponseRedirect(inside(request, request.GET.get("next", "")))
    return render(request, "accounts/prove.html", {"form": form})


@device_handover.during_one_act
@on_the_way
@for_everyone
@require_safe
def help_now(request, slug=""):
    """Crisis lines to call. A visitor sees those of the practice named in the URL."""
    practice = getattr(request.user, "practice", None)
    if practice:
        lines = CrisisLine.objects.filter(practice=practice).shown()
    else:
        practice, lines = help_at(slug)
    context = {"practice": practice, "lines": lines}
    return render(request, "accounts/help_now.html", context)


def _key_in(uidb64: str) -> UUID | None:
    """The primary key of the account that a reset link is for, or None."""
    try:
        return UUID(urlsafe_base64_decode(uidb64).decode())
    except ValueError:
        return None


class SignInView(LoginView):
    """allauth's view, with our wording."""

    template_name = "account/login.html"
    extra_context = {"demo_accounts": settings.DEMO_ACCOUNTS}

    def form_invalid(self, form):
        """On a handed-over device the page that it was handed over for stays."""
        said = device_handover.handed(self.request)
        if said is None or "one_thing" not in self.request.POST:
            return super().form_invalid(form)
        context = {"handed": said, "login": form.data.get("login", ""), "wrong": True}
        return render(self.request, "accounts/handed_over.html", context)


class SignOut(LogoutView):
    next_page = "account_login"

    def post(self, request, *args, **kwargs):
        response = super().post(request, *args, **kwargs)
        response["Clear-Site-Data"] = '"storage"'
        return response


sign_in = for_everyone(guarded_by(sign_in_limits.a_password)(SignInView.as_view()))
sign_out = device_handover.during_one_act(on_the_way(for_everyone(SignOut.as_view())))
forgotten_password = for_everyone(
    guarded_by(sign_in_limits.an_email)(
        PasswordResetView.as_view(
            form_class=ForgottenPasswordForm,
            template_name="account/password_reset.html",
            success_url=reverse_lazy("account_reset_password_done"),
        )
    )
)
forgotten_password_done = for_everyone(
    PasswordResetDoneView.as_view(template_name="account/password_reset_done.html")
)


class NewPassword(PasswordResetConfirmView):
    """Django's view; the link's secret is stored in a cookie, not in a session row."""

    @method_decorator(sensitive_post_parameters())
    @method_decorator(never_cache)
    def dispatch(self, request, uidb64, token):
        if token != self.reset_url_token:
            on = redirect("password-new", uidb64, self.reset_url_token)
            return links.keep(on, links.RESET, token)
        whose = _key_in(uidb64)
        with acting_as(None, coming=whose):
            return self._of(request, whose and read_account(whose))

    def _of(self, request, person):
        self.user = person
        secret = links.kept(request, links.RESET)
        self.validlink = bool(
            self.user and self.token_generator.check_token(self.user, secret)
        )
        if not self.validlink:
            return self.render_to_response(self.get_context_data())
        sign_in_limits.right(request)
        return super(PasswordResetConfirmView, self).dispatch(request)

    def form_valid(self, form):
        """Every sign-in of theirs has ended, including this one if it was theirs."""
        try:
            form.save()
        except sessions.WaysChanged:  # used elsewhere at this moment, or closed
            self.validlink = False
            return self.render_to_response(self.get_context_data(form=None))
        if self.request.user.pk == self.user.pk:
            logout(self.request)
        said = _("Password changed. Sign in with it.")
        messages.success(self.request, said)
        return links.forget(redirect(self.get_success_url()), links.RESET)


new_password = for_everyone(
    guarded_by(sign_in_limits.a_link(links.RESET))(
        NewPassword.as_view(
            form_class=NewPasswordForm,
            template_name="account/password_reset_from_key.html",
            success_url=reverse_lazy("account_login"),
        )
    )
)
