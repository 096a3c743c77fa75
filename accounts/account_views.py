"""Account pages: sign-in methods, signed-in devices, email address, recent activity."""

from django.contrib import messages
from django.http import HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import addresses, audit, factors, links, sessions, sign_in_limits
from accounts.decorators import for_everyone, signed_in_required, therapist_required
from accounts.device_handover import during_one_act
from accounts.factor_views import on_the_way
from accounts.history import lately
from accounts.models import AddressChange, SignIn
from accounts.people_forms import AddressForm, NewPasswordForm, SettingsForm
from accounts.reauthentication import fresh_proof_required
from accounts.sign_in_limits import guarded_by
from ui import screen_privacy
from ui.base_template import base_of, inside


@for_everyone
@require_safe
def well_known_password(request):
    """/.well-known/change-password: password managers look for this URL."""
    return redirect("password-change")


@signed_in_required
def own_settings(request):
    form = SettingsForm(request.POST or None, instance=request.user)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Settings saved."))
        return redirect("settings")
    person = request.user
    sign_ins = (
        SignIn.objects.visible_to(person).running().order_by("-last_active_at", "-pk")
    )
    ways = factors.ways_of(person)
    context = {
        "form": form,
        "base": base_of(person),
        "nav": "more",
        "ways": ways,
        "steps": sum(1 for way in ways if way.kind in factors.STEPS),
        "sign_ins": sign_ins,
        "here": sessions.hash_of(request.session.session_key),
        "wanted": AddressChange.objects.visible_to(person).open().first(),
        "lately": lately(person),
    }
    return render(request, "accounts/own_settings.html", context)


@signed_in_required
@fresh_proof_required
@sessions.as_let_in
def password_change(request):
    form = NewPasswordForm(request.user, request.POST or None)
    if form.is_valid():
        form.save(request=request)
        messages.success(
            request, _("Password changed. You are signed out on all other devices.")
        )
        return redirect("settings")
    context = {"form": form, "base": base_of(request.user), "nav": "more"}
    return render(request, "accounts/password_change.html", context)


@signed_in_required
@guarded_by(sign_in_limits.an_address)
@fresh_proof_required
def address_change(request):
    form = AddressForm(request.POST or None)
    if not form.is_valid():
        sign_in_limits.right(request)  # no email was sent
    elif form.save(by=request.user):
        messages.success(
            request, _("We sent a link to that address, unless it is already in use.")
        )
        return redirect("settings")
    context = {"form": form, "base": base_of(request.user), "nav": "more"}
    return render(request, "accounts/address_change.html", context)


@for_everyone
@require_safe
def address_link(request, token):
    """Move the secret from the URL to a cookie; link scanners do not use it up."""
    return links.keep(redirect("address-confirm"), links.ADDRESS, token)


@signed_in_required
@guarded_by(sign_in_limits.a_link(links.ADDRESS))
@sessions.as_let_in
def address_confirm(request):
    change = addresses.find(request.user, links.kept(request, links.ADDRESS))
    if change is None:
        return render(request, "accounts/join_closed.html", status=410)
    sign_in_limits.right(request)
    if request.method == "POST":
        sessions.hold_ways(request.user)
        if addresses.confirm(change, by=request.user):
            sessions.ways_changed(request.user, request)
            messages.success(
                request, _("Email address changed. Use it to sign in from now on.")
            )
            return links.forget(redirect("settings"), links.ADDRESS)
        return render(request, "accounts/join_closed.html", status=410)
    context = {"change": change, "base": base_of(request.user), "nav": "more"}
    return render(request, "accounts/address_confirm.html", context)


@signed_in_required
@require_POST
def sign_in_end(request, public_id):
    mine = SignIn.objects.visible_to(request.user)
    get_object_or_404(mine, public_id=public_id).delete()
    audit.record("sign-in ended", about=request.user)
    messages.success(request, _("Signed out of that device."))
    return redirect("settings")


@signed_in_required
@require_POST
def sign_ins_end(request):
    ended = sessions.end_others(request.user, but=request.session.session_key)
    audit.record("sign-in ended", about=request.user, ended=ended)
    messages.success(request, _("Signed out of all other devices."))
    return redirect("settings")


@therapist_required
@require_POST
def initials(request):
    """Show initials instead of full names, or names again, until sign-out."""
    request.session[screen_privacy.INITIALS] = not request.session.get(
        screen_privacy.INITIALS, False
    )
    return HttpResponseRedirect(inside(request, request.POST.get("next", "")))


@during_one_act
@on_the_way
@signed_in_required
@require_POST
def stay(request):
    """Seconds left until this sign-in ends. A header tells of activity since."""
    return JsonResponse({"left": sessions.seconds_left(request.session.row)})
