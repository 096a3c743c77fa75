"""A client's strengths and wins, as the care team sees and suggests them."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import therapist_required
from clients import access, drafts
from clients.models import Client
from clients.portal_state import answers_strength
from clients.record_access import open_for
from clients.sides import THERAPISTS, SidePages, either_side
from goals.models import Strength, Win
from goals.strengths.forms import HelpsForm, StrengthForm, WinForm
from goals.strengths.strengths_page import StrengthsPage
from ui.toasts import tell, toast


@therapist_required
@require_safe
def client_strengths(request, client_id):
    return strengths_page(request, client_id)


def strengths_page(request, client_id, *, win_form=None):
    rows = Client.objects.visible_to(request.user).select_related("preferences", "user")
    client = open_for(request, rows, pk=client_id)
    context = {
        "nav": "caseload",
        "client": client,
        "strengths": StrengthsPage(client, request.user, request.GET.get("page")),
        "win_form": win_form or WinForm(by=request.user),
        "writes": client.pk in access.reach(request.user).writes,
    }
    return render(request, "strengths/client_strengths.html", context)


@therapist_required
def strength_add(request, client_id):
    rows = Client.objects.editable_by(request.user).select_related("user")
    client = open_for(request, rows, pk=client_id)
    form = drafts.restored(StrengthForm, request, client=client, by=request.user)
    if form.is_valid() and form.save(by=request.user):
        messages.success(
            request, _("Strength suggested.") + " " + answers_strength(client)
        )
        return redirect("client-strengths", client.pk)
    context = {"nav": "caseload", "client": client, "form": form}
    return render(request, "strengths/strength_add.html", context)


@therapist_required
@require_POST
def win_add(request, client_id):
    client = get_object_or_404(Client.objects.editable_by(request.user), pk=client_id)
    form = WinForm(request.POST, by=request.user)
    if keep_win(request, THERAPISTS, client, form):
        return to_strengths(THERAPISTS, client.pk)
    return strengths_page(request, client_id, win_form=form)


# -- both sides -----------------------------------------------------------------------


def to_strengths(side: SidePages, client_id):
    """Redirect to the page of strengths and wins."""
    if side.portal:
        return redirect("portal-strengths")
    return redirect("client-strengths", client_id)


@either_side
@require_POST
def strength_goals(request, side: SidePages, strength_id):
    """Link a strength to goals and show a message about the result."""
    mine = Client.objects.editable_by(request.user)
    rows = Strength.objects.visible_to(request.user).filter(client__in=mine)
    strength = get_object_or_404(rows.select_related("client"), pk=strength_id)
    form = HelpsForm(request.POST, strength=strength, by=request.user)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Goals saved."))
    else:
        messages.warning(request, _("One of these goals is no longer open."))
    return to_strengths(side, strength.client_id)


def keep_win(request, side: SidePages, client, form: WinForm) -> bool:
    """Save a win and offer to undo it."""
    if not (form.is_valid() and form.save(client, by=request.user)):
        return False
    undo = form.result and reverse(side["win_withdraw"], args=[form.result.pk])
    toast(request, _("Win saved."), undo=undo or "")
    return True


@either_side
@require_POST
def win_withdraw(request, side: SidePages, win_id):
    win = get_object_or_404(Win.objects.editable_by(request.user), pk=win_id)
    undo = reverse(side["win_restore"], args=[win.pk])
    tell(request, win.withdraw(by=request.user), _("Win removed."), undo=undo)
    return to_strengths(side, win.client_id)


@either_side
@require_POST
def win_restore(request, side: SidePages, win_id):
    win = get_object_or_404(Win.objects.editable_by(request.user), pk=win_id)
    tell(request, win.restore(by=request.user), _("Restored."))
    return to_strengths(side, win.client_id)
