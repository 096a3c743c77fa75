"""Forms of two-step verification."""

from uuid import UUID

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
)
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from fido2.utils import websafe_decode

from database.identity import acting_as, coming_in
from ui.forms import House, HouseForm


def code_field(label, help_text="", mode="numeric"):
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=20,
        widget=forms.TextInput(
            attrs={
                "class": "code",
                "autocomplete": "one-time-code",
                "inputmode": mode,
                "autocapitalize": "off",
            }
        ),
    )


class SecondStepForm(House, AuthenticateForm):
    """Six digits from the app or a recovery code, entered after the password."""

    code = code_field(
        _("6-digit code"), _("From your authenticator app, or a recovery code.")
    )


class AppForm(HouseForm):
    """Check that the app shows the codes of the secret on the page."""

    code = code_field(_("6-digit code"), _("The code the app shows for Cairn now."))

    def __init__(self, *args, secret: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.secret = secret

    def clean_code(self):
        code = self.cleaned_data["code"]
        if not totp.validate_totp_code(self.secret, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CredentialField(forms.JSONField):
    """The browser's JSON answer for a passkey; rejected unless an object of strings."""

    widget = forms.HiddenInput

    def to_python(self, value):
        try:
            said = super().to_python(value)
        except ValueError:  # a number of five thousand digits
            said = None
        if said is None:
            return None
        if not (isinstance(said, dict) and isinstance(said.get("response"), dict)):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if not all(isinstance(said.get(name), str) for name in ("id", "rawId", "type")):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        for name, text in said["response"].items():
            if name != "transports" and not isinstance(text, str | None):
                raise ValidationError(self.error_messages["invalid"], code="invalid")
        return said


class Careful:
    """Turn malformed input into a form error instead of an exception."""

    def clean(self):
        return self._read(super().clean)

    def _read(self, clean):
        try:
            return clean()
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            if isinstance(error, ValidationError):
                raise
            raise get_adapter().validation_error("incorrect_code") from error


class PasskeyForm(Careful, House, AddWebAuthnForm):
    """The passkey that the browser created; filled in by static/js/passkey.js."""

    credential = CredentialField()
    passwordless = forms.BooleanField(widget=forms.HiddenInput, initial=True)
    name = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)

    def clean_name(self):
        """Keep an empty name empty, instead of allauth's "Backup key"."""
        return self.cleaned_data["name"]


class PasskeySignInForm(Careful, LoginWebAuthnForm):
    credential = CredentialField()

    def clean_credential(self):
        return self._read(self._of_its_owner)

    def _of_its_owner(self):
        """The user a passkey names. Once it is verified, the transaction is theirs."""
        handle = self.cleaned_data["credential"]["response"]["userHandle"]
        owner = UUID(websafe_decode(handle).decode())
        with acting_as(None, coming=owner):
            passkey = super().clean_credential()
        coming_in(owner)
        return passkey


class PasskeyStepForm(Careful, AuthenticateWebAuthnForm):
    credential = CredentialField()

    def clean_credential(self):
        return self._read(super().clean_credential)
