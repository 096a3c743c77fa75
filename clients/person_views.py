"""One member of staff, for the admin: their roles, and whether the account is open."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.decorators import admin_required
from accounts.models import User
from accounts.reauthentication import admins_prove_to_send
from clients import staffing
from clients.forms import ROLES
from ui.forms import HouseForm, PickField
from ui.stale_forms import NoOverwrite
from ui.toasts import tell


class RolesForm(NoOverwrite, HouseForm):
    role = PickField(label=gettext_lazy("Roles"), choices=ROLES)

    def __init__(self, *args, person: User, by: User, **kwargs):
        now = "both" if person.is_therapist and person.is_admin else "therapist"
        now = "admin" if person.is_admin and not person.is_therapist else now
        super().__init__(*args, initial={"role": now}, **kwargs)
        self.person = person
        if person == by:  # nobody removes their own admin role
            offered = self.fields["role"].choices
            self.fields["role"].choices = [c for c in offered if c[0] != "therapist"]

    def save(self, *, by: User) -> bool:
        role = self.cleaned_data["role"]
        therapist, admin = role in ("therapist", "both"), role in ("admin", "both")
        return self.written(
            staffing.set_roles, self.person, therapist=therapist, admin=admin, by=by
        )


def staff_member(request, person_id) -> User:
    people = User.objects.visible_to(request.user).staff()
    return get_object_or_404(people, pk=person_id)


@admin_required
@admins_prove_to_send
def person(request, person_id):
    somebody = staff_member(request, person_id)
    form = RolesForm(request.POST or None, person=somebody, by=request.user)
    if form.is_valid() and form.save(by=request.user):
        messages.success(
            request, _("Roles saved. The change takes effect immediately.")
        )
        return redirect("person", somebody.pk)
    context = {"nav": "people", "person": somebody, "form": form}
    context["leads"] = staffing.leads(somebody).values("client").distinct().count()
    return render(request, "clients/person.html", context)


@admin_required
@require_POST
@admins_prove_to_send
def person_reopen(request, person_id):
    somebody = staff_member(request, person_id)
    done = staffing.reopen(somebody, by=request.user)
    tell(request, done, _("Account reopened. It has no clients."))
    return redirect("person", somebody.pk)
