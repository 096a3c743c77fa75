"""allauth may not send anything itself, nor let anybody sign up."""

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from ui import form_messages


class MailAdapter(DefaultAccountAdapter):
    error_messages = form_messages.all_ours(
        DefaultAccountAdapter.error_messages, form_messages.SIGNING_IN
    )

    def is_open_for_signup(self, request):
        return False  # people are invited

    def is_reauthentication_required(self, *, app, **kwargs):
        return False  # accounts/reauthentication.py asks, for all pages that want it

    def respond_user_inactive(self, request, user):
        """Right password, closed account: said to its owner alone."""
        messages.warning(request, _("This account is closed. Contact your practice."))
        return redirect("account_login")

    def pre_authenticate(self, request, **credentials):
        """accounts/sign_in_limits.py counts tries, before anything is looked at."""

    def send_notification_mail(self, *args, **kwargs):
        """Who adds or removes a second step is told by accounts/sign_in.py."""

    def send_mail(self, template_prefix, email, context):
        """Raise for a mail that has no kind in the outbox yet."""
        raise NotImplementedError(f"{template_prefix} does not go through the outbox")
