"""How to reach the therapist, and how the client wants to be reached."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from clients.models import ContactPreferences
from portal.forms import ContactForm
from portal.own import own_therapist
from portal.state import client_required


@client_required
def contact(request):
    own = ContactPreferences.objects.editable_by(request.user)
    preferences = get_object_or_404(own.with_wishes())
    form = ContactForm(request.POST or None, preferences=preferences, by=request.user)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Preferences saved."))
        return redirect("portal-contact")
    therapist = own_therapist(request.user)
    context = {"nav": "more", "form": form, "therapist": therapist}
    return render(request, "portal/contact.html", context)
