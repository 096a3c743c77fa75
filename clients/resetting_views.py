"""An admin resets a person's sign-in, after a confirmation page."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.decorators import admin_required
from accounts.models import User
from accounts.reauthentication import fresh_proof_required
from accounts.sign_in_reset import reset_sign_in
from clients.models import Notice
from ui.forms import HouseForm


@admin_required
@fresh_proof_required
def sign_in_reset(request, person_id):
    rows = User.objects.visible_to(request.user).filter(is_active=True)
    person = get_object_or_404(rows.exclude(pk=request.user.pk), pk=person_id)
    if not person.joined_at:
        raise Http404
    back = "people" if person.is_staff_member else "care-roles"
    form = HouseForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and form.written(reset_sign_in, person, by=request.user):
        Notice.tell_of_reset(person, by=request.user)
        messages.success(
            request, _("Sign-in reset. A link and a notice are on their way to them.")
        )
        return redirect(back)
    context = {"nav": back, "form": form, "person": person, "back": back}
    return render(request, "clients/sign_in_reset.html", context)
