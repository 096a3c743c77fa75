"""Forms about people: a client's details and invitations."""

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit, invitations
from accounts.addresses import tell_owner
from accounts.fields import EmailAddressFormField, NameFormField
from accounts.models import User
from clients.assigning import note_first_role
from clients.models import CareRole, Client, ClientBackground
from ui.forms import ColleagueField, HouseForm, HouseModelForm, PickField

audit.verb("person added", audit.Sort.ROLE, _("Added a person"))

OFF = {"autocomplete": "off"}
DETAILS = [
    "preferred_name",
    "family_name",
    "pronouns",
    "email",
    "phone",
    "emergency_name",
    "emergency_phone",
]
ROLES = [
    ("therapist", _("Therapist"), _("Sees clients and their records")),
    ("admin", _("Admin"), _("Manages accounts; cannot see clinical records")),
    ("both", _("Both"), _("A therapist who also manages accounts")),
]
ADD_ANOTHER = _(
    "This was already sent with different details, and that client is in the list. "
    "Change them there, or send it again to add another client."
)
SOMEBODY_ELSES = _("Someone else changed this client’s details in the meantime.")


class DetailsForm(HouseModelForm):
    no_draft = "the client is not there yet; given back if it cannot be saved"
    presenting_concern = forms.CharField(
        label=_("In a few lines"),
        required=False,
        help_text=_(
            "Encrypted. You and people with a care role can read it; the practice’s "
            "admins cannot."
        ),
        widget=forms.Textarea(attrs={"rows": 4, **OFF}),
    )

    class Meta:
        model = Client
        fields = DETAILS
        help_texts = {
            "preferred_name": _("The name we’ll use throughout Cairn"),
            "pronouns": _("For example she/her"),
            "emergency_name": _("Name and relationship"),
        }
        widgets = {
            name: forms.TextInput(attrs=OFF)
            for name in DETAILS
            if name not in ("email", "phone", "emergency_phone")
        } | {
            "email": forms.EmailInput(attrs=OFF),
            "phone": forms.TextInput(attrs={"type": "tel", **OFF}),
            "emergency_phone": forms.TextInput(attrs={"type": "tel", **OFF}),
        }


class NewClientForm(DetailsForm):
    has_once = True
    sent_before = ADD_ANOTHER
    portal = PickField(
        label=_("Portal"),
        initial="invite",
        choices=[
            (
                "invite",
                _("Invite by email"),
                _("A link that works for 72 hours"),
            ),
            (
                "none",
                _("No portal"),
                _("You keep the record; no emails are sent. You can invite them later"),
            ),
        ],
    )

    def clean(self):
        said = super().clean()
        if said.get("portal") == "invite" and not said.get("email"):
            self.add_error("email", _("Enter an email address to send an invitation."))
        return said

    def save(self, *, by: User) -> bool:
        return self.written(self._save, by)

    @transaction.atomic
    def _save(self, by):
        client = self.instance
        once = self.cleaned_data["once"]
        rows = Client.objects.visible_to(by).select_related("user")
        twice = self.kept_before(rows, lambda row: self._is_said_of(row, by))
        if twice:
            self.instance = twice
            return
        client.pk = once or client.pk
        client.wants_portal = self.cleaned_data["portal"] == "invite"
        client.admit(by=by, concern=self.cleaned_data["presenting_concern"])
        if client.wants_portal:
            invite_or_tell(client, by=by)

    def _is_said_of(self, client: Client, by: User) -> bool:
        concern = ClientBackground.objects.visible_to(by).filter(client=client).first()
        was = concern.presenting_concern if concern else ""
        is_same = was == self.cleaned_data["presenting_concern"]
        portal = "invite" if client.wants_portal else "none"
        is_same = is_same and portal == self.cleaned_data["portal"]
        return is_same and _is_same_client(self, client)


def _is_same_client(form, client: Client) -> bool:
    """Whether the form matches what is saved; the address may be in their account."""
    kept = {name: getattr(client, name) for name in form.Meta.fields}
    kept["email"] = client.address
    return kept == {name: form.cleaned_data[name] for name in kept}


@transaction.atomic
def invite_or_tell(client: Client, *, by: User) -> None:
    """Invite; if the address is already in use, notify its owner instead."""
    address = client.address
    if not client.invite(by=by):
        tell_owner(address, by=by)


class ClientEditForm(DetailsForm):
    no_draft = "it edits what is saved; given back if it cannot be saved"
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, background: ClientBackground, **kwargs):
        super().__init__(*args, **kwargs)
        self.background, self.was_invited = background, False
        self.address = self.instance.email
        self.fields["presenting_concern"].initial = background.presenting_concern
        self.fields["version"].initial = self.instance.version
        # The account and its address are theirs, also after they have closed it.
        if self.instance.has_joined or self.instance.closed_portal:
            del self.fields["email"]
        elif self.instance.is_invited:
            self.was_invited = True
            self.initial["email"] = self.instance.address
            self.fields["email"].required = True
            self.fields["email"].help_text = _(
                "Changing the address cancels the old link and sends a new one."
            )

    def save(self, *, by: User) -> bool:
        return self.written(self._save, by)

    @transaction.atomic
    def _save(self, by):
        fields = [name for name in DETAILS if name in self.fields]
        if self.was_invited:  # a new address needs a new invitation
            fields = [name for name in fields if name != "email"]
            self.instance.email = self.address
        elif "email" in self.changed_data and self.instance.wants_portal:
            self.instance.wants_portal = False  # not until they are invited
            fields.append("wants_portal")
        seen = self.cleaned_data["version"]
        if not self.instance.correct(by=by, fields=fields, seen_version=seen):
            raise ValidationError(SOMEBODY_ELSES)
        if self.was_invited and "email" in self.changed_data:
            address = self.cleaned_data["email"]
            if not self.instance.readdress(address, by=by):
                tell_owner(address, by=by)
        if "presenting_concern" in self.changed_data:
            self.background.presenting_concern = self.cleaned_data["presenting_concern"]
            self.background.write(by=by)


class StaffInvitationForm(HouseForm):
    name = NameFormField(label=_("Name"), max_length=120, widget=forms.TextInput(OFF))
    email = EmailAddressFormField(label=_("Email"), widget=forms.EmailInput(OFF))
    role = PickField(label=_("Roles"), choices=ROLES)

    def save(self, *, by: User) -> bool:
        return self.written(self._save, by)

    @transaction.atomic
    def _save(self, by):
        said = self.cleaned_data
        if User.objects.filter(email=said["email"]).exists():
            return tell_owner(said["email"], by=by)
        person = User.objects.create_user(
            said["email"],
            practice=by.practice,
            name=said["name"],
            time_zone=by.practice.time_zone,
            is_therapist=said["role"] in ("therapist", "both"),
            is_admin=said["role"] in ("admin", "both"),
        )
        audit.record("person added", about=person, role_given=said["role"])
        invitations.invite(person, by=by)


class ClientInvitationForm(HouseModelForm):
    """How an admin adds a client: name, email address and therapist."""

    has_once = True
    sent_before = ADD_ANOTHER
    therapist = ColleagueField(
        label=_("Primary therapist"), queryset=User.objects.none()
    )

    class Meta:
        model = Client
        fields = ["preferred_name", "family_name", "pronouns", "email", "phone"]
        widgets = {name: forms.TextInput(attrs=OFF) for name in fields[:3]}

    def __init__(self, *args, by: User, **kwargs):
        super().__init__(*args, **kwargs)
        colleagues = User.objects.visible_to(by).therapists().order_by("name_key", "pk")
        joined = colleagues.filter(joined_at__isnull=False)
        self.fields["therapist"].queryset = joined
        self.fields["email"].required = True

    def save(self, *, by: User) -> bool:
        return self.written(self._save, by)

    @transaction.atomic
    def _save(self, by):
        once, therapist = self.cleaned_data["once"], self.cleaned_data["therapist"]
        rows = Client.objects.directory_of(by).select_related("user")
        if self.kept_before(rows, lambda row: self._is_said_of(row, therapist)):
            return
        self.instance.pk = once or self.instance.pk
        note_first_role(therapist, self.instance, by=by)
        self.instance.admit(by=by, primary=therapist)
        invite_or_tell(self.instance, by=by)

    def _is_said_of(self, client: Client, therapist: User) -> bool:
        first = (
            CareRole.objects.filter(client=client).primary().order_by("starts_at", "pk")
        )
        treats = first.values_list("user", flat=True).first() == therapist.pk
        return treats and _is_same_client(self, client)
