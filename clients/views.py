"""People and care teams for the admin; a client's details for the therapist."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import invitations
from accounts.decorators import (
    admin_required,
    signed_in_required,
    staff_required,
    therapist_required,
)
from accounts.models import Invitation, User
from accounts.reauthentication import admins_prove_to_send
from clients import apart, autosave, drafts
from clients import staff_page as lists
from clients.autosave import packed, revision_of, typed_in, unpacked
from clients.forms import (
    ClientEditForm,
    ClientInvitationForm,
    NewClientForm,
    StaffInvitationForm,
    invite_or_tell,
)
from clients.models import Client, ClientBackground, Draft
from clients.models.draft import keep
from clients.record_access import open_for
from ui import dates
from ui.search_terms import sought

A_PAGE = 100
SENT = gettext_lazy("Invitation sent, unless the address is already in use.")


def _say_sent(request, said: str, verb, about) -> None:
    """If no email was queued, nothing was changed; say that and nothing else."""
    try:
        verb(about, by=request.user)
    except ValidationError as refusal:
        messages.warning(request, refusal.messages[0])
    else:
        messages.success(request, said)


# -- admin ----------------------------------------------------------------------------


@admin_required
@require_safe
def people(request):
    text = sought(request)
    state = request.GET.get("state", "")
    rows = Paginator(lists.staff(request.user, text, state), A_PAGE)
    page = rows.get_page(request.GET.get("page"))
    context = {
        "nav": "people",
        "page": page,
        "rows": lists.staff_rows(page, request.user),
        "q": text,
        "state": state,
        "states": lists.staff_by_state(request.user),
        "query": urlencode({"q": text, "state": state}),
    }
    return render(request, "clients/people.html", context)


@admin_required
@require_safe
def care_roles(request):
    text = sought(request)
    rows = Paginator(lists.clients(request.user, text), A_PAGE)
    page = rows.get_page(request.GET.get("page"))
    hints = apart.among(page.object_list, Client.objects.directory_of(request.user))
    for client in page.object_list:
        client.hint = apart.beside_address(client, hints)
    context = {"nav": "care-roles", "page": page, "q": text, "total": rows.count}
    return render(request, "clients/care_roles.html", context)


@admin_required
@admins_prove_to_send
def person_invite(request):
    form = StaffInvitationForm(request.POST or None)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, SENT)
        return redirect("people")
    context = {"nav": "people", "form": form}
    return render(request, "clients/person_invite.html", context)


@admin_required
@admins_prove_to_send
def client_bring(request):
    form = ClientInvitationForm(request.POST or None, by=request.user)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, SENT)
        return redirect("care-roles")
    context = {"nav": "care-roles", "form": form}
    return render(request, "clients/client_bring.html", context)


@admin_required
@require_POST
@admins_prove_to_send
def person_reinvite(request, person_id):
    person = get_object_or_404(User.objects.visible_to(request.user), pk=person_id)
    if person.joined_at or not person.is_active:
        raise Http404
    said = _("A new link was sent; the old one no longer works.")
    if person.is_client:
        _say_sent(request, said, invite_or_tell, person.client)
    else:
        _say_sent(request, said, invitations.invite, person)
    return redirect("people" if person.is_staff_member else "care-roles")


@staff_required
@require_POST
def invitation_revoke(request, invitation_id):
    mine = Invitation.objects.visible_to(request.user)
    invitation = get_object_or_404(mine.select_related("user"), pk=invitation_id)
    if invitations.revoke(invitation, by=request.user):
        messages.success(request, _("Invitation revoked."))
    if not request.user.is_admin:
        return redirect("caseload")
    return redirect("people" if invitation.user.is_staff_member else "care-roles")


# -- therapist ------------------------------------------------------------------------


@therapist_required
def client_add(request):
    form = NewClientForm(request.POST or None)
    if form.is_valid() and form.save(by=request.user):
        return redirect("client", form.instance.pk)
    context = {"nav": "caseload", "form": form}
    return render(request, "clients/client_add.html", context)


@therapist_required
def client_edit(request, client_id):
    mine = Client.objects.editable_by(request.user).select_related("user", "practice")
    client = open_for(request, mine, pk=client_id)
    background = _background(client, request.user)
    form = ClientEditForm(request.POST or None, instance=client, background=background)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Details saved."))
        return redirect("client", client.pk)
    context = {"nav": "caseload", "form": form, "client": client}
    return render(request, "clients/client_edit.html", context)


def _background(client, user):
    """The presenting concern; a client added by an admin has none yet."""
    rows = ClientBackground.objects.visible_to(user).filter(client=client)
    found = rows.first()
    return found or ClientBackground(client=client, practice_id=client.practice_id)


@therapist_required
@require_POST
def client_invite(request, client_id):
    mine = Client.objects.editable_by(request.user).select_related("user", "practice")
    client = get_object_or_404(mine, pk=client_id)
    if client.has_joined or not client.address:
        raise Http404
    _say_sent(request, SENT, invite_or_tell, client)
    return redirect("client", client.pk)


# -- both -----------------------------------------------------------------------------


@signed_in_required
@require_POST
def draft_keep(request, client_id, kind, target):
    """Autosave a draft; the response proves what was saved."""
    typed = typed_in(request.POST)
    base = revision_of(request.POST.get("revision"))
    known = drafts.KINDS.get(kind)
    client = get_object_or_404(Client.objects.editable_by(request.user), pk=client_id)
    if not (known and known.has(request.user, client, target)):
        raise Http404
    why = known.refuses(typed)
    if why:
        return autosave.refused(why)
    draft = keep(request.user, client, kind, target, packed(typed), base)
    if draft is None:
        return _saved_in_another_tab(request, client, kind, target)
    return autosave.saved(typed, draft.revision)


def _saved_in_another_tab(request, client, kind, target):
    rows = Draft.objects.visible_to(request.user).filter(kind=kind, target=target)
    other = get_object_or_404(rows, client=client)
    clock = dates.clock(timezone.localtime(other.saved_at))
    why = _("Not saved: you saved this in another tab at %(time)s.") % {"time": clock}
    texts = [text for texts in unpacked(other.body).values() for text in texts]
    text = "\n\n".join(text for text in texts if text.strip())
    return JsonResponse({"text": text, "reason": why}, status=409)
