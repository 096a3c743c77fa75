"""Forms about accounts: joining, own settings, a new password."""

from allauth.account.forms import LoginForm
from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts import addresses, audit, sign_in_limits, sign_in_reset
from accounts.fields import EmailAddressFormField
from accounts.models import User
from accounts.sessions import hold_ways, ways_changed
from accounts.sign_in import SHARED, first_step_taken, tell
from database.identity import acting_as
from ui import text
from ui.forms import House, HouseForm, HouseModelForm
from ui.stale_forms import NoOverwrite
from ui.time_zone_field import ASK, ZoneField

audit.verb("password changed", audit.Sort.SIGN_IN, _("Chose a new password"))
audit.verb("settings changed", audit.Sort.SETTINGS, _("Changed their own settings"))

PASSWORD_HELP = _(
    "At least 15 characters. A short sentence is good; a password manager is better."
)


class SignInForm(House, LoginForm):
    """allauth's form, with our wording."""

    shared = forms.BooleanField(
        label=_("Other people use this device"),
        help_text=_("Signs out after ten minutes and stores nothing here."),
        required=False,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        widget = self.fields["login"].widget
        self.fields["login"] = EmailAddressFormField(label=_("Email"), widget=widget)
        self.fields["password"].strip = False
        for name in ("login", "password"):
            self.fields[name].help_text = ""
            self.fields[name].widget.attrs.pop("placeholder", None)

    def clean(self):
        if self.errors:
            return self.cleaned_data
        said = super().clean()
        sign_in_limits.right(self.request)
        return said

    def login(self, request, redirect_url=None):
        request.session[SHARED] = self.cleaned_data["shared"]
        first_step_taken(request, self.user)
        return super().login(request, redirect_url=redirect_url)


class JoinForm(HouseForm):
    """What an invited person enters: a password and their time zone."""

    password = forms.CharField(
        label=_("Password"),
        help_text=PASSWORD_HELP,
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    time_zone = ZoneField(
        label=_("Your time zone"),
        help_text=_("Reminders use your local time, wherever you are."),
    )
    privacy = forms.BooleanField(
        label=_("I have read what happens to what I write"),
        error_messages={"required": _("Read it first, then tick this.")},
    )
    # the user the page was shown for
    shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, person: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.person = person
        said = str(person.pk)
        self.whose = salted_hmac("cairn.join", said, algorithm="sha256").hexdigest()
        self.fields["shown"].initial = self.whose
        self.fields["time_zone"].initial = person.practice.time_zone
        # the browser's time zone is better, until the person chooses
        if not self.is_bound:
            self.fields["time_zone"].widget.attrs["data-time-zone"] = ASK
        if person.is_staff_member:
            del self.fields["privacy"]

    @property
    def is_of_another(self) -> bool:
        """Whether the submitted page was shown for another person's link."""
        said = self.data.get("shown", "") if self.is_bound else self.whose
        return not constant_time_compare(said, self.whose)

    def clean(self):
        if self.is_of_another:
            raise ValidationError(_("Open your link again. Nothing was changed."))
        return super().clean()

    def clean_password(self):
        password = self.cleaned_data["password"]
        validate_password(text.password(password), self.person)
        return password


class ProofForm(HouseForm):
    """Confirm with one's own password; attempts count like those at sign-in."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args, request, **kwargs):
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self):
        person, password = self.request.user, self.cleaned_data["password"]
        if authenticate(self.request, email=person.email, password=password) != person:
            raise ValidationError(_("That password is not correct."))
        sign_in_limits.right(self.request)
        return password


class SettingsForm(NoOverwrite, HouseModelForm):
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = ZoneField(label=_("Time zone"))

    class Meta:
        model = User
        fields = ["name", "pronouns", "language", "time_zone", "phone", "contact_hours"]
        help_texts = {
            "name": _("As it appears in Cairn."),
            "phone": _("Your clients see it in their portal."),
            "contact_hours": _("When and how clients can reach you, in one line."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.zone_was_known = self.instance.zone_is_known
        if not self.zone_was_known:
            self.initial["time_zone"] = self.instance.zone.key
        if not self.instance.is_therapist:
            del self.fields["phone"], self.fields["contact_hours"]

    def save(self, *, by: User) -> bool:
        return self.written(self._save)

    @transaction.atomic
    def _save(self):
        changed = set(self.changed_data)
        if not self.zone_was_known:  # the fallback that was shown is saved now
            changed.add("time_zone")
        self.instance.save(update_fields=changed)
        audit.record("settings changed", about=self.instance, fields=sorted(changed))


class ForgottenPasswordForm(House, PasswordResetForm):
    """Does and answers the same for every address; a worker looks it up later."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        widget = self.fields["email"].widget
        self.fields["email"] = EmailAddressFormField(label=_("Email"), widget=widget)

    def save(self, **options):
        sign_in_reset.ask(self.cleaned_data["email"])


class NewPasswordForm(House, SetPasswordForm):
    error_messages = {
        "password_mismatch": _("They don’t match. Enter both again."),
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].label = _("New password")
        self.fields["new_password1"].help_text = PASSWORD_HELP
        self.fields["new_password2"].label = _("Repeat it")
        self.fields["new_password2"].help_text = ""

    def validate_passwords(self, *args, **kwargs):
        for name in ("new_password1", "new_password2"):
            if self.cleaned_data.get(name):
                self.cleaned_data[name] = text.password(self.cleaned_data[name])
        return super().validate_passwords(*args, **kwargs)

    def save(self, *, request=None) -> User:
        """Save as the user themselves: with a reset link, nobody is signed in yet.

        All sign-ins except that of `request` end; WaysChanged if sign-in methods
        changed since.
        """
        person = self.user
        with acting_as(person.pk), transaction.atomic():
            hold_ways(person)
            person.set_password(self.cleaned_data["new_password1"])
            person.save(update_fields=["password"])
            ways_changed(person, request)
            audit.record("password changed", about=person)
            tell(person, "account-changed", f"ways:{person.sign_in_version}")
        return person


class AddressForm(HouseForm):
    """A new email address; used once it is confirmed from its own mailbox."""

    email = EmailAddressFormField(
        label=_("New email address"),
        help_text=_(
            "We’ll send a link there first, and tell the old address once it has "
            "changed."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def save(self, *, by: User) -> bool:
        return self.written(addresses.want, by, self.cleaned_data["email"])
