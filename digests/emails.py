"""What each kind of email says: late, in its reader's language and zone, and discreet.

No name, no word about what this place is for, no secret but the one-use links, and
nothing that a mail program would fetch.
"""

from __future__ import annotations

from email.errors import MessageError
from email.utils import formataddr, parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.encoding import force_bytes
from django.utils.formats import date_format
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext, gettext_lazy, pgettext

from accounts import addresses, invitations
from accounts.models import OutgoingEmail, User

SUBJECTS = {
    "invitation": gettext_lazy("Your invitation"),
    "password-reset": gettext_lazy("Choose a new password"),
    "sign-in-reset": gettext_lazy("Your sign-in was reset"),
    "account-exists": gettext_lazy("You have an account already"),
    "address-confirm": gettext_lazy("Confirm your address"),
    "account-changed": gettext_lazy("Your account was changed"),
    "new-device": gettext_lazy("A new sign-in"),
    "emergency-access": gettext_lazy("Please sign in: something is new"),
    "emergency-client": gettext_lazy("Please sign in: something was opened"),
    "care-team": gettext_lazy("Please sign in: something changes"),
    "care-role-question": gettext_lazy("Please sign in: your answer is needed"),
    "reminder": gettext_lazy("Your appointment: %(moment)s"),
    "therapist-digest": gettext_lazy("Your week is ready"),
    "client-digest": gettext_lazy("Your week is ready"),
}

LINKS = {"invitation", "address-confirm"}  # those that say until when they work


def compose(email: OutgoingEmail, person: User, about) -> EmailMultiAlternatives:
    """The finished mail.  Runs as `person`, who alone is its recipient."""
    kind = _kind(email, person)
    with timezone.override(person.zone), translation.override(person.language):
        words = {"link": _site(_path(kind, email, person, about)), "home": _site("/")}
        words["moment"] = _moment(about.starts_at) if kind == "reminder" else ""
        words["expires"] = _moment(about.expires_at) if kind in LINKS else ""
        words["then"] = _moment(email.created_at)
        words["subject"] = str(SUBJECTS[kind]) % words
        text = render_to_string(f"emails/{kind}.txt", words)
        html = render_to_string(f"emails/{kind}.html", words)
    mail = EmailMultiAlternatives(
        subject=words["subject"],
        body=text,
        from_email=sender(person),
        to=[email.address or person.email],
        headers={
            "Message-ID": email.message_id,
            "Auto-Submitted": "auto-generated",
        },
    )
    mail.attach_alternative(html, "text/html")
    validate_email(mail.to[0])  # exactly one address
    mail.message()  # a line break in a header is refused now, not at the server
    return mail


def sender(person: User) -> str:
    """The deployment's address under the name that the person's practice chose.

    A name that cannot stand in a header stops no email: the deployment's own is used.
    """
    usual, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    chosen = person.practice.sender_name
    return formataddr((chosen if _fits_a_header(chosen) else usual, address))


def _fits_a_header(name: str) -> bool:
    """Whether the name arrives as it is, once Django has written and read it.

    Nothing in it may be taken for an encoded word (RFC 2047): Django and mail programs
    would decode that, and the result may hold a line break.
    """
    if not name.strip() or "=?" in name:
        return False
    try:
        sanitize_address(formataddr((name, "name@example.org")), "utf-8")
    except (ValueError, MessageError):
        return False
    return True


def mail_host() -> str:
    """What stands behind the @ of a Message-ID."""
    return urlsplit(settings.SITE_URL).hostname or "localhost"


def _site(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def _kind(email: OutgoingEmail, person: User) -> str:
    """What it says: an address that somebody else signs in with gets no link, and its
    owner is told instead.  Found out here, so that who asked cannot tell."""
    if email.kind == "address-confirm" and addresses.owner_of(email.address, person):
        return "account-exists"
    return email.kind


def _path(kind: str, email: OutgoingEmail, person: User, about) -> str:
    if kind == "invitation":
        return reverse("join-link", args=[invitations.token(about.pk)])
    if kind == "address-confirm":
        return reverse("address-link", args=[addresses.token(about.pk)])
    if kind in ("password-reset", "sign-in-reset"):
        uid = urlsafe_base64_encode(force_bytes(person.pk))
        secret = default_token_generator.make_token(person)
        return reverse("password-new", args=[uid, secret])
    if kind == "therapist-digest":
        return reverse("digest", args=[about.pk])
    if kind == "client-digest":
        return reverse("portal-digest", args=[about.pk])
    return reverse("account_login")


def _moment(when) -> str:
    local = timezone.localtime(when)
    return gettext("%(day)s at %(time)s") % {
        "day": date_format(local, pgettext("date format", "l j F")),
        "time": date_format(local, pgettext("time format", "H:i")),
    }
