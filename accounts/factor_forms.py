"""Forms of the second step."""

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
    """Six digits from the app, or a recovery code, right after the password."""

    code = code_field(
        _("6-digit code"), _("From your authenticator app, or a recovery code.")
    )


class AppForm(HouseForm):
    """Proves that the app shows the codes of the secret that stands on the page."""

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
    """What a browser answers for a passkey: an object of texts, or it is refused."""

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
    """What a stranger made up is a wrong answer, never a crash."""

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
    """What the browser made for us; filled in by static/js/passkey.js."""

    credential = CredentialField()
    passwordless = forms.BooleanField(widget=forms.HiddenInput, initial=True)
    name = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)

    def clean_name(self):
        """Nothing stays nothing, instead of allauth's "Backup key"; see the view."""
        return self.cleaned_data["name"]


class PasskeySignInForm(Careful, LoginWebAuthnForm):
    credential = CredentialField()

    def clean_credential(self):
        return self._read(self._of_its_owner)

    def _of_its_owner(self):
        """A passkey names its account; once it is right somebody is on the way in."""
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
