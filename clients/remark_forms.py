"""Forms for comments, correction answers and emergency reasons."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.fields import NameFormField
from accounts.models import User
from clients import access
from clients.models import Client, Correction, SupervisionComment
from clients.models.emergency import (
    clients_named,
    clients_named_with,
    emergencies_from,
    open_in_emergency,
    too_early,
)
from ui.forms import HouseForm
from ui.screen_privacy import called

audit.verb(
    "emergency refused", audit.Sort.REFUSED, gettext_lazy("Emergency access, denied")
)
audit.verb(
    "emergency too early",
    audit.Sort.REFUSED,
    gettext_lazy("Emergency access, denied in the first 30 days"),
)

LONG = 2000
REASON = 15  # characters at least: the client reads it


def words_field(label, help_text="", *, rows=3, **kwargs):
    attrs = {"rows": rows, "autocomplete": "off"}
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=LONG,
        widget=forms.Textarea(attrs=attrs),
        **kwargs,
    )


class SupervisionCommentForm(HouseForm):
    no_draft = "a few words, sent at once; given back if they cannot be saved"
    has_once = True
    words = words_field(
        gettext_lazy("A comment to the therapist"),
        gettext_lazy("Visible to the client’s care team and supervisors."),
    )

    def save(self, client: Client, *, by: User, session_id=None) -> bool:
        return self.written(self._say, client, by, session_id)

    def _say(self, client, by, session_id):
        words, once = self.cleaned_data["words"], self.cleaned_data["once"]
        rows = SupervisionComment.objects.visible_to(by)
        twice = self.kept_before(rows, lambda row: row.words == words)
        said = {"by": by, "session_id": session_id, "key": once}
        return twice or SupervisionComment.say(client, words, **said)


class AnswerForm(HouseForm):
    no_draft = "a few words, sent at once; given back if they cannot be saved"
    answer = words_field(
        gettext_lazy("Your answer"),
        gettext_lazy("It is saved with your name and the date."),
        rows=4,
    )

    def save(self, correction: Correction, *, by: User) -> bool:
        if not self.written(correction.reply, self.cleaned_data["answer"], by=by):
            return False
        if not self.result:
            correction.refresh_from_db()
            self.add_error("answer", _answered_meanwhile(correction, by))
        return bool(self.result)


def _answered_meanwhile(correction: Correction, by: User) -> str:
    if correction.answered_by_id == by.pk:
        return _("You already answered this in another tab.")
    name = called(correction.answered_by)
    return _("%(name)s answered this in the meantime.") % {"name": name}


class EmergencyForm(HouseForm):
    """Full name and a reason; a wrong name is reported without any detail."""

    no_draft = "whoever writes has no care role yet, so a draft has no record to be in"
    name = NameFormField(
        label=gettext_lazy("Client"),
        help_text=gettext_lazy("Full name, as the practice has it"),
        max_length=170,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    contact = forms.CharField(
        label=gettext_lazy("Email or phone number"),
        help_text=gettext_lazy("Only needed if two clients have the same name"),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    reason = words_field(
        gettext_lazy("Reason"),
        gettext_lazy(
            "Their therapist can read this, and so can a client with a portal "
            "account. Admins see that you asked, not why."
        ),
        rows=4,
        min_length=REASON,
        error_messages={
            "min_length": gettext_lazy(
                "Write a full sentence. The client will want to understand it."
            )
        },
    )

    def __init__(self, *args, by: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.by = by

    def clean(self):
        said = super().clean()
        begins = emergencies_from()
        if begins:
            audit.record("emergency too early")
            self.add_error(None, too_early(begins))
        elif not self.errors:
            self._find(said["name"], said["contact"])
        return said

    def _find(self, name: str, contact: str) -> None:
        found = clients_named(name)
        if len(found) > 1 and contact:
            found = clients_named_with(name, contact)
            if len(found) != 1:
                audit.record("emergency refused")
                self.add_error("contact", self._which(contact))
                return
        if not found:
            audit.record("emergency refused")
            self.add_error("name", _("No client of this practice has this name."))
        elif len(found) > 1:
            self.add_error("contact", self._which(contact))
        elif found[0] in access.reach(self.by).reads:
            self.add_error("name", _("You already have a role for this client."))
        else:
            [self.client_id] = found

    def _which(self, contact: str) -> str:
        if contact:
            return _(
                "More than one client matches. Try another email or phone number, or "
                "ask an admin for a care role."
            )
        return _(
            "More than one client has this name. Enter the email or phone number that "
            "the practice has for yours."
        )

    def save(self, *, by: User) -> bool:
        reason = self.cleaned_data["reason"]
        return self.written(open_in_emergency, self.client_id, reason, by=by)
