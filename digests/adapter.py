"""allauth adapter: it must not send email itself, nor allow sign-up."""

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
        return False  # people join by invitation

    def is_reauthentication_required(self, *, app, **kwargs):
        return False  # accounts/reauthentication.py asks, for every page that needs it

    def respond_user_inactive(self, request, user):
        """Correct password, closed account: only its owner learns that."""
        messages.warning(request, _("This account is closed. Contact your practice."))
        return redirect("account_login")

    def pre_authenticate(self, request, **credentials):
        """Skipped: accounts/sign_in_limits.py counts attempts, before anything is
        checked."""

    def send_notification_mail(self, *args, **kwargs):
        """Skipped: accounts/sign_in.py sends notices about two-step methods."""

    def send_mail(self, template_prefix, email, context):
        """Raise for an email without a kind in the outbox."""
        raise NotImplementedError(f"{template_prefix} does not go through the outbox")
