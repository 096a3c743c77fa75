"""The client's strengths and wins, and how to celebrate progress."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clients import drafts
from clients.models import ContactPreferences
from clients.record_access import open_for
from clients.sides import CLIENTS
from goals.models import Strength
from goals.strengths.forms import WinForm
from goals.strengths.strengths_page import StrengthsPage
from goals.strengths.views import keep_win
from portal.own import own_client, own_client_and_therapist
from portal.state import client_required, client_writes_required
from portal.strength_forms import CelebrationForm, OwnStrengthForm
from ui.toasts import tell


@client_required
@require_safe
def strengths(request):
    return strengths_page(request)


def strengths_page(request, *, win_form=None):
    client, therapist = own_client_and_therapist(request.user)
    page = StrengthsPage(client, request.user, request.GET.get("page"))
    waiting = [] if request.reading else page.waiting
    context = {
        "nav": "more",
        "strengths": page,
        "asked": None if "later" in request.GET else next(iter(waiting), None),
        "waiting": len(waiting),
        "preferences": ContactPreferences.objects.visible_to(request.user).get(),
        "therapist": therapist,
        "win_form": win_form or WinForm(by=request.user),
    }
    return render(request, "portal/strengths.html", context)


@client_writes_required
def strength_add(request):
    client = own_client(request.user)
    form = drafts.restored(OwnStrengthForm, request, client=client, by=request.user)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Added to your strengths."))
        return redirect("portal-strengths")
    context = {"nav": "more", "client": client, "form": form}
    return render(request, "portal/strength_add.html", context)


def _strength(request, strength_id) -> Strength:
    rows = Strength.objects.editable_by(request.user).select_related("client")
    return open_for(request, rows, pk=strength_id)


@client_writes_required
def strength_reword(request, strength_id):
    strength = _strength(request, strength_id)
    form = drafts.restored(
        OwnStrengthForm,
        request,
        client=strength.client,
        by=request.user,
        rewords=strength,
    )
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Saved, in your words."))
        return redirect("portal-strengths")
    context = {"nav": "more", "client": strength.client, "form": form}
    context["strength"] = strength
    return render(request, "portal/strength_reword.html", context)


@client_writes_required
@require_POST
def strength_answer(request, strength_id):
    strength, answer = _strength(request, strength_id), request.POST.get("answer")
    undo = reverse("portal-strength-unanswer", args=[strength.pk])
    if answer not in ("yes", "no"):
        messages.warning(request, _("Choose one."))
    else:
        said = _("Added to your strengths.") if answer == "yes" else _("Answer saved.")
        done = strength.answer(answer == "yes", by=request.user)
        tell(request, done, said, undo=undo)
    return redirect("portal-strengths")


@client_writes_required
@require_POST
def strength_unanswer(request, strength_id):
    done = _strength(request, strength_id).unanswer(by=request.user)
    tell(request, done, _("Your answer was undone."))
    return redirect("portal-strengths")


@client_writes_required
@require_POST
def win_add(request):
    form = WinForm(request.POST, by=request.user)
    if keep_win(request, CLIENTS, own_client(request.user), form):
        return redirect("portal-strengths")
    return strengths_page(request, win_form=form)


@client_writes_required
def celebration(request):
    preferences = get_object_or_404(
        ContactPreferences.objects.editable_by(request.user)
    )
    form = CelebrationForm(request.POST or None, preferences=preferences)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Preferences saved."))
        return redirect("portal-strengths")
    context = {"nav": "more", "form": form}
    return render(request, "portal/celebration.html", context)
